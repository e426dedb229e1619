"""Hostile answers through everything that ingest makes of them: counted, none lost, none in the training set.

Collected cases first, then as many mutations of valid ones as are asked for, drawn by a seed.
"""

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nightshift.domain.consensus import consensus
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.domain.intake import counting, new_answers, owed_seconds
from nightshift.domain.review import Answer
from nightshift.policy.training_set import TrainingRule, training_set
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.evidence import WHOLE
from nightshift.services.store import rows, tables
from tests.faults.hostile_cases import CLASSES, COLLECTED, HELD, SCRIPT, SIZE, TASK, Json, record, valid

CAP = 300.0
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -1e308, 1e-300, float("nan"), float("inf"), 10**25, -(10**25), "", "12", SCRIPT,
    "\ud83d", "\x00\x1b[31m", "😀" * 500, "\u202eabc", [], {}, [[]], [None], {"x": {}}, "2026-01-05T08:00:00", "s3://b/c",
)  # fmt: skip


class Wrong(AssertionError):  # noqa: N818 - reads as what was found
    """An answer was used otherwise than it may be."""


@dataclass(frozen=True)
class Outcome:
    """What became of one hostile task: its answers, what was set aside, what a student would be taught."""

    answers: list[Answer]
    rejected: list[Rejected]
    taught: dict[str, Detections]


def run(count: int, seed: int) -> dict[str, int]:
    """Read so many hostile answers.

    Returns:
        hostile_answers, and of those: quarantined (as a whole), used (in part or wholly), crashes, lost (neither used
        nor quarantined), wrong (used otherwise than they may be).
    """
    found = Counter(hostile_answers=0, quarantined=0, used=0, crashes=0, lost=0, wrong=0)
    for name, task, expected in cases(count, seed):
        found["hostile_answers"] += 1
        try:
            found[judge(task, ingest([task]), expected)] += 1
        except Wrong as problem:
            found["wrong"] += 1
            print(f"{name}: {problem}")  # noqa: T201 - which one, for whoever mends it
        except Exception as error:  # noqa: BLE001 - that nothing escapes is the claim
            found["crashes"] += 1
            print(f"{name}: {error!r}"[:300])  # noqa: T201 - which one, for whoever mends it
    return dict(found)


def cases(count: int, seed: int) -> Iterator[tuple[str, Json, int | str | None]]:
    """(name, raw task, what must become of its first answer; None where only the rules for all hold)."""
    dice = random.Random(seed)  # noqa: S311 - nothing secret
    for name, (change, expected) in list(COLLECTED.items())[:count]:
        task = valid()
        change(task)
        yield name, over_the_wire(task), expected
    for number in range(count - len(COLLECTED)):
        task = valid()
        for _ in range(dice.choice((1, 1, 1, 2, 5))):
            mutate(task, dice)
        yield f"mutation {number} of seed {seed}", over_the_wire(task), None


def over_the_wire(task: Json) -> Json:
    """As a client gets it: Python's JSON knows NaN and Infinity, and so does Label Studio's."""
    arrived: Json = json.loads(json.dumps(task))
    return arrived


def mutate(task: Json, dice: random.Random) -> None:
    """Something in the task, its data or its first answer becomes something else, goes, or comes twice."""
    parents = [each for each in _containers(task["data"] if dice.random() < 0.2 else _first(task)) if len(each)]
    if not parents:
        return
    where = dice.choice(parents)
    key = dice.choice(list(where)) if isinstance(where, dict) else dice.randrange(len(where))
    kind = dice.random()
    if kind < 0.75:
        where[key] = copy.deepcopy(dice.choice(VALUES))
    elif kind < 0.9 or isinstance(where, dict):
        del where[key]
    else:
        where.append(copy.deepcopy(where[key]))


def _first(task: Json) -> Any:
    given = task.get("annotations")
    return given[0] if isinstance(given, list) and given else task


def _containers(raw: Any) -> list[Any]:
    inside = list(raw.values()) if isinstance(raw, dict) else raw if isinstance(raw, list) else None
    return [] if inside is None else [raw, *(each for one in inside for each in _containers(one))]


def ingest(tasks: Sequence[Json]) -> Outcome:
    """What the stage makes of raw tasks: answers, tables and back, the consensus, the training set."""
    answers, rejected = read(tasks, CLASSES, CAP, record())
    new = new_answers(answers, [])
    again = rows.answers_from_rows(_through("corrections", [row for each in new for row in rows.correction_rows(each)]))
    _check_same(new, again)
    _through("quarantine", [rows.rejected_row("ingest", each) for each in rejected])
    if not 0 <= owed_seconds(new, []) <= CAP * len(new):
        raise Wrong("more seconds than people have")
    agreed = consensus(counting(new, []))
    labels = [rows.label_row(new[0].frame_id, [a for a in new if not a.skipped], agreed.said)] if agreed else []
    human = {row["frame_id"]: rows.label_from_row(row) for row in _through("labels", labels)}
    lessons = training_set(["ab" * 32], human, {}, {}, TrainingRule())
    return Outcome(new, rejected, {frame: each.labels for frame, each in lessons.items()})


def judge(task: Json, outcome: Outcome, expected: int | str | None) -> str:
    """'used', 'quarantined' or 'lost': what became of the first answer, once everything was used rightly.

    Raises:
        Wrong: a box lies outside, something was dropped, or it is not what was expected of a collected case.
    """
    for each in outcome.answers:
        _check_answer(each)
    for boxes in outcome.taught.values():
        _check_boxes(boxes)
    if not all(each.reason and len(each.detail) <= WHOLE for each in outcome.rejected):
        raise Wrong("it was set aside without a reason, or kept without bound")
    given = task.get("annotations")
    if not isinstance(given, list) or not given:
        return "quarantined" if outcome.rejected else "used"  # the answers themselves were mutated away
    fate = _fate(given[0], outcome)
    _check_expected(given, outcome, fate, expected)
    return fate


def _fate(first: Any, outcome: Outcome) -> str:
    mine = [a for a in outcome.answers if isinstance(first, dict) and a.annotation == first.get("id")]
    if mine:
        told = [r for r in outcome.rejected if f"annotation {mine[0].annotation}, region" in r.subject]
        if not mine[0].skipped and len(mine[0].said) + len(told) != len(first["result"]):
            return "lost"
        return "used"
    whole = [r for r in outcome.rejected if ", region" not in r.subject and ", lead time" not in r.subject]
    return "quarantined" if whole else "lost"


def _check_expected(given: list[Any], outcome: Outcome, fate: str, expected: int | str | None) -> None:
    if expected is None:
        return
    if fate != ("quarantined" if expected in {HELD, TASK} else "used"):
        raise Wrong(f"{fate} instead of {expected}")
    others = [a for a in outcome.answers if a.annotation == 6]  # the good neighbour
    if len(others) != (0 if expected == TASK else 1):
        raise Wrong("the neighbour's answer was not treated as its own")
    if isinstance(expected, int) and len(outcome.answers[0].said) != expected:
        raise Wrong(f"{len(outcome.answers[0].said)} boxes instead of {expected} of {len(given)}")


def _check_answer(answer: Answer) -> None:
    _check_boxes(answer.said)
    if not 0 <= answer.seconds <= CAP or answer.answered_at.tzinfo is None or not answer.annotator.strip():
        raise Wrong("seconds, time or name")
    if (answer.frame_id, answer.round) != ("ab" * 32, 3):
        raise Wrong("an answer to a question that was not asked")


def _check_boxes(boxes: Detections) -> None:
    inside = (boxes.boxes >= 0).all() and (boxes.boxes <= np.array(SIZE * 2)).all()
    if not inside or not (boxes.boxes[:, 2:] > boxes.boxes[:, :2]).all() or (boxes.classes >= len(CLASSES)).any():
        raise Wrong("a box outside the picture, without area, or of no class")


def _check_same(new: Sequence[Answer], again: Sequence[Answer]) -> None:
    def said(answers: Sequence[Answer]) -> list[Any]:
        key = sorted((a.answered_at, a.annotation, sorted(map(tuple, a.said.boxes.tolist()))) for a in answers)
        return list(key)

    if said(new) != said(again):
        raise Wrong("the table tells another answer")


def _through(table: str, content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    decoded: list[dict[str, Any]] = tables.decode(tables.encode(content, table, table), table, table).to_pylist()
    return decoded
