"""Teachers on labelled frames: what each finds and how long it takes, alone, fused, and with a second opinion.

Fusion and second opinion are made of what each teacher saw of a frame. Judges nothing.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.models import Detector, Image, Progress, TeacherSpec, no_progress
from nightshift.domain.ontology import Ontology
from nightshift.frames.decode import decode
from nightshift.frames.scan import read_file
from nightshift.teachers import open_teacher, with_second_opinion

FUSED, SECOND = "fused", "with a second opinion"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Args:
        singles: name of a single teacher → what it found, per frame.
        combined: "fused", "with a second opinion" → the same, in that order; nothing where neither is configured.
        seconds: of each of them for a frame, loading left out.
        versions: of the single teachers.
    """

    singles: Mapping[str, list[Detections]]
    combined: Mapping[str, list[Detections]]
    seconds: Mapping[str, float]
    versions: tuple[str, ...]


@dataclass(slots=True)
class _Clock:
    """Seconds by name."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def on(self, *names: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        for name in names:
            self.spent[name] += time.perf_counter() - began


def try_teachers(
    spec: TeacherSpec,
    ontology: Ontology,
    folder: Path,
    frames: Sequence[str],
    progress: Progress = no_progress,
) -> Trial:
    """Let each teacher of a configuration look at the frames.

    Args:
        spec: one teacher, or an ensemble; with or without a second opinion.
        ontology: the prompts.
        folder: of the pictures.
        frames: their names in it; at least one.
        progress: told after each batch.

    Raises:
        ConfigError: the teacher cannot label by itself.
        ModelError: weights cannot be had.
        FrameError: a picture cannot be read.
    """
    first = open_teacher(replace(spec, second_opinion=""), ontology, None)
    if first is None:
        raise ConfigError(f"teacher '{spec.name}'", "it cannot label before there is a champion", "Name another.")
    second = with_second_opinion(first, spec, ontology) if spec.second_opinion else None
    singles = dict(zip(_labels(spec), getattr(first, "members", (first,)), strict=True))
    clock, found = _Clock(), defaultdict[str, list[Detections]](list)
    for start in range(0, len(frames), spec.batch):
        images = [
            decode(read_file((folder / name).resolve(), name), name) for name in frames[start : start + spec.batch]
        ]
        if not start:
            first.detect(images[:1])  # what is only done once is no frame's time
        _look(images, singles, first, second, clock, found)
        progress(start + len(images), len(frames))
    return Trial(
        {name: found[name] for name in singles},
        {name: found[name] for name in (FUSED, SECOND) if name in found},
        {name: spent / len(frames) for name, spent in clock.spent.items()},
        tuple(each.version for each in singles.values()),
    )


def _look(
    images: Sequence[Image],
    singles: Mapping[str, Detector],
    first: Detector,
    second: Detector | None,
    clock: _Clock,
    found: Mapping[str, list[Detections]],
) -> None:
    from nightshift.teachers._fusion import Ensemble, one_of_rivals  # noqa: PLC0415 - heavy
    from nightshift.teachers._second import SecondOpinion, candidates_of  # noqa: PLC0415

    fuses, said = isinstance(first, Ensemble), {}
    for name, teacher in singles.items():
        with clock.on(name, *([FUSED] * fuses), *([SECOND] * bool(second))):
            said[name] = teacher.detect(images)
        found[name].extend(said[name])
    candidates: Sequence[Detections] = []
    if isinstance(first, Ensemble):
        with clock.on(FUSED, *([SECOND] * bool(second))):
            together = zip(zip(*said.values(), strict=True), images, strict=True)
            fused = [first.fused(each, (image.shape[1], image.shape[0])) for each, image in together]
            found[FUSED].extend(one_of_rivals(each) for each in fused)
        candidates = fused
    elif second:
        candidates = candidates_of(first)(images)  # looked at once more for its rivals, which is no night's time
    if isinstance(second, SecondOpinion):
        with clock.on(SECOND):
            found[SECOND].extend(second.judged(image, each) for image, each in zip(images, candidates, strict=True))


def _labels(spec: TeacherSpec) -> list[str]:
    """What tells the single teachers apart: checkpoint or address, with a number where that is there twice."""
    named = [Path(each.checkpoint).name if not each.url else each.url for each in spec.members or (spec,)]
    labels = [f"{each.name}: {name}" for each, name in zip(spec.members or (spec,), named, strict=True)]
    times, seen = Counter(labels), Counter[str]()
    for index, label in enumerate(labels):
        seen[label] += 1
        if times[label] > 1:
            labels[index] = f"{label} ({seen[label]})"
    return labels
