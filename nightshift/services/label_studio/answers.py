"""What people said, from raw tasks. Everything that came over the wire may be wrong; nothing is dropped silently.

Knows Label Studio's JSON. Knows no server. A prediction without an annotation is never an answer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.domain.ontology import Ontology
from nightshift.domain.percent import Size
from nightshift.domain.review import BLIND, Answer, Purpose
from nightshift.services.label_studio.evidence import UNTOLD, WHOLE, kept, legible
from nightshift.services.label_studio.percent import NOTHING_LOST, Unusable
from nightshift.services.label_studio.questions import MODEL_VERSION
from nightshift.services.label_studio.record import Record
from nightshift.services.label_studio.regions import read_regions

MOST_REGIONS = 1000  # more is a script, not a person
MOST_PIXELS = 1_000_000  # on a side
NOT_TOLD = "Label Studio fails at telling what is in it: delete its answers there, or mend their text"
MOST_NAME = 200  # characters of a reviewer's name
GREATEST = 2**63 - 1  # that a table holds
LONGEST = 10 * 365 * 86_400.0  # seconds; a lead time beyond is none

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task of ours says it asked.

    Args:
        task: Label Studio's id.
        frame_id: the frame.
        round: the round that asked.
        purpose: why.
        size: (width, height) of the frame, pixels.
        shown: the pre-annotation; empty when blind.
    """

    task: int
    frame_id: str
    round: int
    purpose: Purpose
    size: Size
    shown: Detections


@dataclass(frozen=True, slots=True)
class Reading:
    """How answers are read; see `read`."""

    ontology: Ontology
    cap_seconds: float
    record: Record | None


def read(
    tasks: Sequence[object],
    ontology: Ontology,
    cap_seconds: float,
    record: Record | None = None,
) -> tuple[list[Answer], list[Rejected]]:
    """Answers, and what cannot be used, with the reason.

    A region that cannot be used is rejected alone: the other boxes of the answer still count. Where more regions are
    lost than are left, the whole answer is rejected, for it would say of most objects that they are not there. A lead
    time that is no number of seconds is rejected and counts as 0.

    Args:
        tasks: raw tasks with `data`, `annotations` and `predictions`.
        ontology: the classes that may be said.
        cap_seconds: no answer counts more seconds (idle tabs).
        record: what was asked; without it a task is believed what it says of itself.
    """
    answers: list[Answer] = []
    rejected: list[Rejected] = []
    for task in tasks:
        if isinstance(task, Mapping) and UNTOLD in task:
            rejected.append(Rejected(f"{_name(task)}, annotations", f"{NOT_TOLD} ({legible(task[UNTOLD], 200)})"))
            continue
        try:
            asked, unclear = _asked(task, ontology, record)
            annotations = _annotations(task)
        except Unusable as problem:
            rejected.append(Rejected(_name(task), str(problem), kept(task, WHOLE)))
            continue
        rejected += unclear
        for annotation in annotations:
            _take(asked, annotation, Reading(ontology, cap_seconds, record), answers, rejected)
    return answers, rejected


def held(rejected: Iterable[Rejected]) -> list[int]:
    """Tasks with an answer that was rejected as a whole: it counts as soon as its cause is mended."""
    found = (re.fullmatch(r"task (\d+), (?:a )?annotation[^,]*", each.subject) for each in rejected)
    return sorted({int(each[1]) for each in found if each})


def _asked(task: object, ontology: Ontology, record: Record | None) -> tuple[Asked, list[Rejected]]:
    """What a task asked: by our own record where there is one, which also knows best what was shown."""
    if record is None or not isinstance(task, Mapping):
        return asked_of(task, ontology)
    said, _ = asked_of(dict(task) | {"predictions": []}, ontology)
    question = record.question(task["data"])
    return replace(said, shown=question.shown or Detections.empty()), []


def asked_of(task: object, ontology: Ontology) -> tuple[Asked, list[Rejected]]:
    """What a raw task asked, and the shown regions that cannot be used.

    Raises:
        Unusable: the task is not one of ours, or its data was changed.
    """
    data = task.get("data") if isinstance(task, Mapping) else None
    if not isinstance(task, Mapping) or not isinstance(data, Mapping) or "key" not in data:
        raise Unusable("it was not asked by Nightshift")
    number, frame, purpose = _integer(data, "round"), data.get("frame_id"), _purpose(data)
    if not isinstance(frame, str) or not re.fullmatch(r"[0-9a-f]{64}", frame) or data["key"] != f"{number:04d}-{frame}":
        raise Unusable("its key does not belong to its frame and round")
    size = (_integer(data, "width"), _integer(data, "height"))
    if not all(0 < side <= MOST_PIXELS for side in size):
        raise Unusable("its width and height are not those of a picture")
    identity = _integer(task, "id")
    shown, unclear = _shown(task, purpose, ontology, size)
    return Asked(identity, frame, number, purpose, size, shown), unclear


def _shown(task: Raw, purpose: Purpose, ontology: Ontology, size: Size) -> tuple[Detections, list[Rejected]]:
    given = task.get("predictions")
    ours = [each for each in given if _is_ours(each)] if isinstance(given, list) else []
    if purpose in BLIND or not ours:
        return Detections.empty(), []
    regions = ours[0].get("result")
    told = regions if isinstance(regions, list) else []
    return read_regions(told, ontology, size, f"prediction of task {task['id']}")


def _is_ours(prediction: object) -> bool:
    return isinstance(prediction, Mapping) and prediction.get("model_version") == MODEL_VERSION


def _annotations(task: object) -> list[object]:
    given = task.get("annotations") if isinstance(task, Mapping) else None
    if not isinstance(given, list | None):
        raise Unusable("its annotations are no list")
    return given or []


def _take(asked: Asked, annotation: object, reading: Reading, answers: list[Answer], rejected: list[Rejected]) -> None:
    subject = f"task {asked.task}, {_name(annotation, 'annotation')}"
    try:
        answer, unclear = _answer(asked, annotation, reading, subject)
    except Unusable as problem:
        rejected.append(Rejected(subject, str(problem), kept(annotation, WHOLE)))
        return
    answers.append(answer)
    rejected += unclear


def _answer(asked: Asked, annotation: object, reading: Reading, subject: str) -> tuple[Answer, list[Rejected]]:
    if not isinstance(annotation, Mapping):
        raise Unusable("it is no annotation")
    skipped = _skipped(annotation)
    said, unclear = _said(annotation, asked, reading, subject) if not skipped else (Detections.empty(), [])
    seconds, doubt = _seconds(annotation.get("lead_time"), reading.cap_seconds, subject)
    moment = _moment(annotation.get("updated_at"))
    if reading.record:
        reading.record.check_time(asked.round, moment)
    answer = Answer(
        frame_id=asked.frame_id,
        round=asked.round,
        purpose=asked.purpose,
        task=asked.task,
        annotation=_integer(annotation, "id"),
        annotator=_annotator(annotation),
        answered_at=moment,
        seconds=seconds,
        skipped=skipped,
        shown=asked.shown,
        said=said,
    )
    return answer, unclear + doubt


def _skipped(annotation: Raw) -> bool:
    """Whether the person declined.

    Raises:
        Unusable: it does not say, or no person has made it.
    """
    skipped = annotation.get("was_cancelled")
    if skipped not in (None, False, True):
        raise Unusable("it does not say whether the frame was skipped")
    if annotation.get("parent_prediction") is not None and annotation.get("lead_time") is None:
        raise Unusable("it is a prediction that was turned into an annotation, and nobody has looked at it")
    return skipped is True


def _said(annotation: Raw, asked: Asked, reading: Reading, subject: str) -> tuple[Detections, list[Rejected]]:
    said, unclear = read_regions(_regions(annotation), reading.ontology, asked.size, subject)
    lost = [each for each in unclear if each.reason not in NOTHING_LOST]
    if len(lost) > len(said):
        share = f"{len(lost)} of its {len(lost) + len(said)} boxes cannot be used"
        raise Unusable(f"{share}, so it says nothing of the frame; the first: {lost[0].reason}")
    return Detections.of(said.boxes, said.classes, masks=said.masks), unclear  # a person is sure


def _regions(annotation: Raw) -> list[object]:
    regions = annotation.get("result")
    if not isinstance(regions, list):
        raise Unusable("its result is no list")
    if len(regions) > MOST_REGIONS:
        raise Unusable(f"it has {len(regions)} regions, more than {MOST_REGIONS}")
    return regions


def _seconds(given: object, cap: float, subject: str) -> tuple[float, list[Rejected]]:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= LONGEST:
        return float(min(given, cap)), []
    reason = "it is no number of seconds and counts as 0"
    return 0.0, [Rejected(f"{subject}, lead time", reason, kept(given))]


def _annotator(annotation: Raw) -> str:
    """The e-mail address where Label Studio tells it ('Ada ada@example.org, 3'), else the user's id."""
    by = annotation.get("completed_by")
    if isinstance(by, Mapping):
        by = by.get("email") or by.get("id")
    if isinstance(by, bool) or not isinstance(by, int | str) or not legible(by).strip():
        raise Unusable("it does not say who made it")
    names, _, number = str(annotation.get("created_username", "")).rpartition(", ")
    address = names.split()[-1] if names.split() and number.isdecimal() else ""
    return legible(address if "@" in address else str(by), MOST_NAME)


def _moment(given: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(given))
        if moment.tzinfo is None:
            raise Unusable("its time has no timezone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the year 1 has no yesterday
        raise error if isinstance(error, Unusable) else Unusable("it does not say when it was made") from None


def _purpose(data: Raw) -> Purpose:
    try:
        return Purpose(str(data.get("purpose")))
    except ValueError:
        raise Unusable("its purpose is unknown") from None


def _integer(values: Raw, key: str) -> int:
    given = values.get(key)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= GREATEST:
        raise Unusable(f"its {key} is no number")
    return given


def _name(thing: object, kind: str = "task") -> str:
    return f"{kind} {legible(thing.get('id'), 20)}" if isinstance(thing, Mapping) else f"a {kind}"
