"""What people said, from raw tasks. Everything that came over the wire may be wrong; nothing is dropped silently.

Knows Label Studio's JSON. Knows no server. A prediction without an annotation is never an answer.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.domain.ontology import Ontology
from nightshift.domain.review import BLIND, Answer, Purpose
from nightshift.services.label_studio.percent import DETAIL, Size, Unusable, from_regions
from nightshift.services.label_studio.questions import MODEL_VERSION

MOST_REGIONS = 1000  # more is a script, not a person
MOST_PIXELS = 1_000_000  # on a side

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


def read(
    tasks: Sequence[object],
    ontology: Ontology,
    cap_seconds: float,
) -> tuple[list[Answer], list[Rejected]]:
    """Answers, and what cannot be used, with the reason.

    A region that cannot be used is rejected alone: the other boxes of the answer still count. A lead time that
    is no number of seconds is rejected and counts as 0.

    Args:
        tasks: raw tasks with `data`, `annotations` and `predictions`.
        ontology: the classes that may be said.
        cap_seconds: no answer counts more seconds (idle tabs).
    """
    answers: list[Answer] = []
    rejected: list[Rejected] = []
    for task in tasks:
        try:
            asked, unclear = asked_of(task, ontology)
        except Unusable as problem:
            rejected.append(Rejected(_name(task), str(problem), repr(task)[:DETAIL]))
            continue
        rejected += unclear
        for annotation in _annotations(task):
            _take(asked, annotation, ontology, cap_seconds, answers, rejected)
    return answers, rejected


def asked_of(task: object, ontology: Ontology) -> tuple[Asked, list[Rejected]]:
    """What a raw task asked, and the shown regions that cannot be used.

    Raises:
        Unusable: the task is not one of ours, or its data was changed.
    """
    data = task.get("data") if isinstance(task, Mapping) else None
    if not isinstance(task, Mapping) or not isinstance(data, Mapping) or "key" not in data:
        raise Unusable("it was not asked by Nightshift")
    number, frame, purpose = _integer(data, "round"), str(data.get("frame_id")), _purpose(data)
    if data["key"] != f"{number:04d}-{frame}" or not re.fullmatch(r"[0-9a-f]{64}", frame):
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
    return from_regions(
        regions if isinstance(regions, list) else [], ontology.names, size, f"prediction of task {task['id']}"
    )


def _is_ours(prediction: object) -> bool:
    return isinstance(prediction, Mapping) and prediction.get("model_version") == MODEL_VERSION


def _annotations(task: object) -> list[object]:
    given = task.get("annotations") if isinstance(task, Mapping) else None
    return given if isinstance(given, list) else []


def _take(
    asked: Asked,
    annotation: object,
    ontology: Ontology,
    cap: float,
    answers: list[Answer],
    rejected: list[Rejected],
) -> None:
    subject = f"task {asked.task}, {_name(annotation, 'annotation')}"
    try:
        answer, unclear = _answer(asked, annotation, ontology, cap, subject)
    except Unusable as problem:
        rejected.append(Rejected(subject, str(problem), repr(annotation)[:DETAIL]))
        return
    answers.append(answer)
    rejected += unclear


def _answer(
    asked: Asked, annotation: object, ontology: Ontology, cap: float, subject: str
) -> tuple[Answer, list[Rejected]]:
    if not isinstance(annotation, Mapping):
        raise Unusable("it is no annotation")
    skipped = annotation.get("was_cancelled") is True
    regions = [] if skipped else _regions(annotation)
    said, unclear = from_regions(regions, ontology.names, asked.size, subject)
    seconds, doubt = _seconds(annotation.get("lead_time"), cap, subject)
    answer = Answer(
        frame_id=asked.frame_id,
        round=asked.round,
        purpose=asked.purpose,
        task=asked.task,
        annotation=_integer(annotation, "id"),
        annotator=_annotator(annotation),
        answered_at=_moment(annotation.get("updated_at")),
        seconds=seconds,
        skipped=skipped,
        shown=asked.shown,
        said=Detections.of(said.boxes, said.classes),  # a person is sure
    )
    return answer, unclear + doubt


def _regions(annotation: Raw) -> list[object]:
    regions = annotation.get("result")
    if not isinstance(regions, list):
        raise Unusable("its result is no list")
    if len(regions) > MOST_REGIONS:
        raise Unusable(f"it has {len(regions)} regions, more than {MOST_REGIONS}")
    return regions


def _seconds(given: object, cap: float, subject: str) -> tuple[float, list[Rejected]]:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < math.inf:
        return float(min(given, cap)), []
    reason = "it is no number of seconds and counts as 0"
    return 0.0, [Rejected(f"{subject}, lead time", reason, repr(given)[:DETAIL])]


def _annotator(annotation: Raw) -> str:
    """The e-mail address where Label Studio tells it ('Ada ada@example.org, 3'), else the user's id."""
    by = annotation.get("completed_by")
    told = re.search(r"(\S+@\S+), \d+$", str(annotation.get("created_username", "")))
    if isinstance(by, Mapping):
        by = by.get("email") or by.get("id")
    if isinstance(by, bool) or not isinstance(by, int | str):
        raise Unusable("it does not say who made it")
    return told[1] if told else str(by)


def _moment(given: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise Unusable("it does not say when it was made") from None
    if moment.tzinfo is None:
        raise Unusable("its time has no timezone")
    return moment.astimezone(UTC)


def _purpose(data: Raw) -> Purpose:
    try:
        return Purpose(str(data.get("purpose")))
    except ValueError:
        raise Unusable("its purpose is unknown") from None


def _integer(values: Raw, key: str) -> int:
    given = values.get(key)
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise Unusable(f"its {key} is no number")
    return given


def _name(thing: object, kind: str = "task") -> str:
    return f"{kind} {str(thing.get('id'))[:20]}" if isinstance(thing, Mapping) else f"a {kind}"
