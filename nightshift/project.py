"""The one place where the configuration becomes live services, each opened when it is first used.

Knows what is configured and in which order things open; knows nothing of rounds or stages.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np

from nightshift.config import PLAIN, Config
from nightshift.config_file import check_names, read_config
from nightshift.config_section import beside, weights_beside
from nightshift.config_teacher import placed
from nightshift.domain.detections import Detections
from nightshift.domain.embedding import STUDENT, Embedder, Vectors
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame
from nightshift.domain.masking import Masker, bare, masked_detector, masked_student, with_masks
from nightshift.domain.models import Detector, Image, Progress, Sight, Student, StudentDetector, no_progress
from nightshift.domain.ontology import Task
from nightshift.domain.room import room_in
from nightshift.domain.rounds import Weights
from nightshift.embedders import open_embedder
from nightshift.environment import bucket_access, need
from nightshift.families import known_names
from nightshift.frames.batches import batches
from nightshift.frames.datasets import Dataset, read_dataset
from nightshift.frames.decode import decode
from nightshift.frames.films import FilmSource
from nightshift.frames.scan import SUFFIXES, FolderSource
from nightshift.maskers import open_masker
from nightshift.propagation import Film, Propagator, open_propagator
from nightshift.services.addresses import check_server
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.store.past import Past
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from nightshift.services.store.shelf import StoreShelf
from nightshift.services.store.source import BucketSource
from nightshift.services.tracking import Tracking
from nightshift.students import family_of, open_student
from nightshift.teachers import open_teacher

Model = TypeVar("Model")
Seen = TypeVar("Seen")


class Project:
    """A team's project: its configuration and everything the configuration names.

    Args:
        config: what was said.
        home: the folder of nightshift.yaml; relative paths start there.
    """

    def __init__(self, config: Config, home: Path) -> None:
        self.config, self.home = config, home
        self._models = threading.RLock()  # one forward at a time: threads share the models
        self._opened: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path) -> "Project":
        """From nightshift.yaml.

        Raises:
            ConfigError: the file is missing or wrong.
        """
        config = read_config(path)
        check_names(config, path, known_names())
        return cls(config, path.resolve().parent)

    @cached_property
    def workspace(self) -> Path:
        """Where this machine keeps copies; everything in it can be had again from the store."""
        base = Path(os.environ.get("NIGHTSHIFT_CACHE", self.home / ".nightshift" / "cache"))
        folder = base / self.config.project
        with room_in(base):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def store(self) -> Store:
        """The bucket, and the places where frames stay with their owner."""
        frames = self.config.frames
        there = [each for each in (frames.source, *frames.earlier) if each.startswith("s3://")]
        return Store.connect(self.config.store.uri, also=there)

    @cached_property
    def past(self) -> Past:
        """Its sealed rounds."""
        return Past(self.store)

    @cached_property
    def source(self) -> FilmSource:
        """Where new pictures come from."""
        source = beside(self.home / "nightshift.yaml", self.config.frames.source)
        files = BucketSource(self.store, source) if source.startswith("s3://") else FolderSource(Path(source))
        return FilmSource(files, StoreShelf(self.store), self.workspace / "videos", self.config.frames.video.keeping)

    def labelled(self) -> Dataset | None:
        """The labels that come with the frames, in the ontology's classes; None where they are plain pictures.

        Raises:
            ConfigError: the source is no folder, or holds no such labels.
        """
        frames = self.config.frames
        if frames.format == PLAIN:
            return None
        source = beside(self.home / "nightshift.yaml", frames.source)
        if source.startswith("s3://"):
            raise ConfigError(
                f"frames.format {frames.format}", "labels are read from folders only", "Copy the data set to a folder."
            )
        return read_dataset(Path(source), frames.format).by_people().indexed(self.config.classes.names)

    @cached_property
    def desk(self) -> ReviewDesk:
        """Label Studio."""
        return ReviewDesk.connect(need("LABEL_STUDIO_URL"), need("LABEL_STUDIO_API_KEY"))

    @cached_property
    def tracking(self) -> Tracking:
        """MLflow."""
        return Tracking.connect(need("MLFLOW_TRACKING_URI"))

    @cached_property
    def student(self) -> Student:
        """The family of students."""
        return open_student(self.config.student.name)

    def teacher(self, champion: Weights | None) -> Detector | None:
        """The configured teacher; None where there is nothing that could label yet.

        Args:
            champion: the student in use, opened only for the family that labels with it.
        """
        if self.config.teacher.name == "champion":
            return self._open_teacher(self.detector(champion) if champion else None)
        return self._once("teacher", lambda: self._open_teacher(None))

    def propagator(self) -> Propagator | None:
        """The configured way to carry labels along clips; None where there is none."""
        place = weights_beside(self.home / "nightshift.yaml", self.config.propagation.checkpoint)
        spec = replace(self.config.propagation.spec, checkpoint=place)
        return self._once("propagation", lambda: open_propagator(spec))

    def carry(self, carrier: Propagator, film: Sequence[Frame], known: Mapping[int, Detections]) -> list[Detections]:
        """The labels of all frames of a clip, in their order, from those of some."""
        with self._models:
            return carrier.propagate(Film(film, self.image), known)

    def embedder(self, champion: Weights | None = None) -> Embedder | None:
        """The configured embedder; None while it would be the champion and there is none.

        Args:
            champion: the student in use, opened only for the family that sees through it.
        """
        spec = replace(
            self.config.embedder_spec,
            checkpoint=weights_beside(self.home / "nightshift.yaml", self.config.embedding.checkpoint),
        )
        if spec.name == STUDENT:
            return open_embedder(spec, self.detector(champion) if champion else None)
        return self._once("embedder", lambda: open_embedder(spec))

    def detector(self, weights: Weights) -> StudentDetector:
        """A trained student from the store; where objects are segmented, with masks of its own or of the masker.

        Raises:
            Damaged: the weights are not those that the round recorded.
        """
        return masked_student(self.network(weights), self._masker)

    def network(self, weights: Weights) -> StudentDetector:
        """A trained student by itself, of whichever family its weights are: the project may have changed its student.

        Raises:
            Damaged: the weights are not those that the round recorded.
        """
        return self._once(weights.sha256, lambda: self._open_student(self.weights_file(weights)))

    @property
    def _masker(self) -> Masker | None:
        """Opened when it is first asked for; None where only boxes are wanted."""
        if self.config.classes.task is not Task.SEGMENT:
            return None
        place = weights_beside(self.home / "nightshift.yaml", self.config.masks.checkpoint)
        return self._once("masker", lambda: open_masker(replace(self.config.masker_spec, checkpoint=place)))

    def masked(self, frames: Sequence[Frame], labels: Sequence[Detections]) -> list[Detections]:
        """Labels of frames that lie here; where objects are segmented, those without masks get the masker's."""
        masker, pairs = self._masker, zip(frames, labels, strict=True)
        return [with_masks(masker, [self.image(f)], [each])[0] if masker and bare(each) else each for f, each in pairs]

    def weights_file(self, weights: Weights) -> Path:
        """A local copy of a student's weights, whose digest is checked each time: anybody may have written there.

        Raises:
            Damaged: the store's own copy is not what the round recorded.
        """
        path = self.workspace / "weights" / f"{weights.sha256}{PurePosixPath(weights.key).suffix}"
        if not path.is_file() or _sha256(path) != weights.sha256:
            self.store.download(weights.key, path, weights.sha256)
        return path

    def attach_storage(self, review_project: int) -> None:
        """Let Label Studio show the frames: it presigns links with keys of its own, or else with this environment's.

        Its keys are LABEL_STUDIO_AWS_ACCESS_KEY_ID and LABEL_STUDIO_AWS_SECRET_ACCESS_KEY; looking at frames is all
        that they need to allow.
        """
        for place in self._pictures().values():
            self.desk.ensure_storage(review_project, bucket_access(place, self.config.review.presign_minutes))

    def _pictures(self) -> dict[str, Place]:
        """A place with pictures for each bucket that has some: Label Studio tells storages by their buckets alone."""
        kept = Place(self.store.place.bucket, f"{self.store.place.root}frames")
        places = [each for each in (kept, *self.store.readable) if any(True for _ in self.store.at(each).list())]
        return {each.bucket: each for each in reversed(places)}

    def keep_frame(self, frame_id: str, suffix: str, content: bytes) -> str:
        """Bring a frame's bytes into the store, under its identity; returns its URI."""
        key = f"frames/{frame_id}{suffix}"
        self.store.create(key, content)
        return self.store.uri(key)

    def fetch(self, frames: Sequence[Frame], progress: Progress = no_progress) -> None:
        """Copy frames that are not here yet, many at a time."""
        missing = [(each.uri, self.frame_file(each), each.id) for each in frames if not self.frame_file(each).exists()]
        if missing:
            self.store.fetch_many(missing, progress)

    def frame_file(self, frame: Frame) -> Path:
        """Where this machine keeps a frame; of its address only the ending of a picture's name is taken over."""
        suffix = PurePosixPath(frame.uri).suffix.lower()
        return self.workspace / "frames" / frame.id[:2] / f"{frame.id}{suffix if suffix in SUFFIXES else ''}"

    def image(self, frame: Frame) -> Image:
        """(height, width, 3) uint8 RGB with EXIF applied."""
        return decode(self.frame_file(frame).read_bytes(), frame.name)

    def detect(self, model: Detector, frames: Sequence[Frame], progress: Progress = no_progress) -> list[Detections]:
        """What a model finds on each frame, a batch at a time."""
        return self._over(frames, self.config.teacher.batch, model.detect, progress)

    def inspect(self, model: StudentDetector, frames: Sequence[Frame], progress: Progress = no_progress) -> list[Sight]:
        """All that a student says of each frame, in one forward."""
        return self._over(frames, self.config.student.batch, model.inspect, progress)

    def embed(self, model: Embedder, frames: Sequence[Frame], progress: Progress = no_progress) -> Vectors:
        """(n, d) where each frame lies, a batch at a time."""
        found = self._over(frames, self.config.embedding.batch, model.embed, progress)
        return np.stack(found) if found else np.zeros((0, 0), np.float32)

    def _over(
        self, frames: Sequence[Frame], size: int, see: Callable[[list[Image]], Iterable[Seen]], progress: Progress
    ) -> list[Seen]:
        """What is seen of each frame; one forward at a time, whoever asks."""
        self.fetch(frames)
        found: list[Seen] = []
        for batch in batches(frames, size):
            images = [self.image(each) for each in batch]
            with self._models:
                found.extend(see(images))  # an array would be added, number by number
            progress(len(found), len(frames))
        return found

    def _open_student(self, weights: Path) -> StudentDetector:
        usual = self.config.student.name
        family = family_of(weights, usual)
        student = self.student if family == usual else open_student(family)
        return student.open(weights, self.config.hyper)

    def _open_teacher(self, champion: Detector | None) -> Detector | None:
        spec = placed(self.config.teacher_spec, self.home / "nightshift.yaml")
        for each in (spec, *spec.members):
            if each.url:
                check_server("teacher.url", each.url)
        teacher = open_teacher(spec, self.config.classes, champion)
        return teacher if champion else masked_detector(teacher, self._masker)  # a champion comes with masks

    def _once(self, name: str, load: Callable[[], Model]) -> Model:
        with self._models:
            if name not in self._opened:
                self._opened[name] = load()
            opened: Model = self._opened[name]
            return opened


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
