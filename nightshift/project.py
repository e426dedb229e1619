"""The one place where the configuration becomes live services, each opened when it is first used.

Knows what is configured and in which order things open; knows nothing of rounds or stages.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from nightshift.acquisition.functions import known_strategies
from nightshift.config import Config, beside
from nightshift.config_file import check_names, read_config
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame
from nightshift.domain.models import Detector, Image, Progress, Sight, Student, StudentDetector, no_progress
from nightshift.domain.room import room_in
from nightshift.domain.rounds import Weights
from nightshift.frames.datasets import Dataset, read_dataset
from nightshift.frames.decode import decode
from nightshift.frames.scan import SUFFIXES, FolderSource, Source
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.setup import BucketAccess
from nightshift.services.store.past import Past
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from nightshift.services.store.source import BucketSource
from nightshift.services.tracking import Tracking
from nightshift.students import known_students, open_student
from nightshift.teachers import known_teachers, open_teacher

Model = TypeVar("Model")
MOST_PIXELS = 1 << 27  # decoded at once for a model: 384 MiB, or 64 frames of a 1080p camera


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
        check_names(config, path, known_teachers(), known_students(), known_strategies())
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
    def source(self) -> Source:
        """Where new pictures come from."""
        source = beside(self.home / "nightshift.yaml", self.config.frames.source)
        return BucketSource(self.store, source) if source.startswith("s3://") else FolderSource(Path(source))

    def labelled(self) -> Dataset | None:
        """The labels that come with the frames, in the ontology's classes; None where they are plain pictures.

        Raises:
            ConfigError: the source is no folder, or holds no such labels.
        """
        frames = self.config.frames
        if frames.format == "images":
            return None
        source = beside(self.home / "nightshift.yaml", frames.source)
        if source.startswith("s3://"):
            raise ConfigError(
                f"frames.format {frames.format}", "labels are read from folders only", "Copy the data set to a folder."
            )
        return read_dataset(Path(source), frames.format).indexed(self.config.classes.names)

    @cached_property
    def desk(self) -> ReviewDesk:
        """Label Studio."""
        return ReviewDesk.connect(_need("LABEL_STUDIO_URL"), _need("LABEL_STUDIO_API_KEY"))

    @cached_property
    def tracking(self) -> Tracking:
        """MLflow."""
        return Tracking.connect(_need("MLFLOW_TRACKING_URI"))

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

    def detector(self, weights: Weights) -> StudentDetector:
        """A trained student from the store.

        Raises:
            Damaged: the weights are not those that the round recorded.
        """
        return self._once(weights.sha256, lambda: self.student.open(self.weights_file(weights), self.config.hyper))

    def weights_file(self, weights: Weights) -> Path:
        """A local copy of a student's weights, whose digest is checked each time: anybody may have written there.

        Raises:
            Damaged: the store's own copy is not what the round recorded.
        """
        path = self.workspace / "weights" / f"{weights.sha256}.pt"
        if not path.is_file() or _sha256(path) != weights.sha256:
            self.store.download(weights.key, path, weights.sha256)
        return path

    def attach_storage(self, review_project: int) -> None:
        """Let Label Studio show the frames: it presigns links with keys of its own, or else with this environment's.

        Its keys are LABEL_STUDIO_AWS_ACCESS_KEY_ID and LABEL_STUDIO_AWS_SECRET_ACCESS_KEY; looking at frames is all
        that they need to allow.
        """
        for place in self._pictures().values():
            self.desk.ensure_storage(review_project, self._access(place))

    def _pictures(self) -> dict[str, Place]:
        """A place with pictures for each bucket that has some: Label Studio tells storages by their buckets alone."""
        kept = Place(self.store.place.bucket, f"{self.store.place.root}frames")
        places = [each for each in (kept, *self.store.readable) if any(True for _ in self.store.at(each).list())]
        return {each.bucket: each for each in reversed(places)}

    def _access(self, place: Place) -> BucketAccess:
        own = "LABEL_STUDIO_" if os.environ.get("LABEL_STUDIO_AWS_ACCESS_KEY_ID") else ""
        return BucketAccess(
            bucket=place.bucket,
            prefix=place.prefix,
            endpoint=os.environ.get("AWS_ENDPOINT_URL_S3"),
            region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
            access_key=_need(f"{own}AWS_ACCESS_KEY_ID"),
            secret_key=_need(f"{own}AWS_SECRET_ACCESS_KEY"),
            presign_minutes=self.config.review.presign_minutes,
        )

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
        self.fetch(frames)
        found: list[Detections] = []
        for batch in _batches(frames, self.config.teacher.batch):
            images = [self.image(each) for each in batch]
            with self._models:
                found += model.detect(images)
            progress(len(found), len(frames))
        return found

    def inspect(self, model: StudentDetector, frames: Sequence[Frame], progress: Progress = no_progress) -> list[Sight]:
        """All that a student says of each frame, in one forward."""
        self.fetch(frames)
        sights: list[Sight] = []
        for batch in _batches(frames, self.config.student.batch):
            images = [self.image(each) for each in batch]
            with self._models:
                sights += model.inspect(images)
            progress(len(sights), len(frames))
        return sights

    def _open_teacher(self, champion: Detector | None) -> Detector | None:
        spec = self.config.teacher_spec
        local = Path(beside(self.home / "nightshift.yaml", spec.checkpoint)) if spec.checkpoint else None
        if local and local.is_dir():
            spec = replace(spec, checkpoint=str(local))
        return open_teacher(spec, self.config.classes, champion)

    def _once(self, name: str, load: Callable[[], Model]) -> Model:
        with self._models:
            if name not in self._opened:
                self._opened[name] = load()
            opened: Model = self._opened[name]
            return opened


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _batches(frames: Sequence[Frame], size: int) -> Iterator[list[Frame]]:
    """Frames in their order, so many that their decoded pixels stay within bounds; a huge one comes alone."""
    batch: list[Frame] = []
    for frame in frames:
        pixels = sum(each.width * each.height for each in [*batch, frame])
        if batch and (len(batch) == size or pixels > MOST_PIXELS):
            yield batch
            batch = []
        batch.append(frame)
    if batch:
        yield batch


def _need(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(
            variable, "is not set", "Run `nightshift up` for servers on this machine, or set it to your own server."
        )
    return value
