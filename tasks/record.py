"""What the rounds have asked, for Label Studio's answers to be held against it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from nightshift.domain.frames import Frame
from nightshift.domain.review import Question
from nightshift.domain.rounds import RoundKeys
from nightshift.round import OpenRound, Row
from nightshift.services.label_studio.record import Record
from nightshift.services.store import rows, state


def record_of(night: OpenRound, tasks: Iterable[object], read_at: datetime) -> Record:
    """The questions that raw tasks may be about, as the queue tables of the sealed rounds have them.

    Args:
        night: the round that reads the answers.
        tasks: raw, as they were polled; only their keys are looked at.
        read_at: when they were read.
    """
    queued = _queued(night, {key for each in tasks if (key := _key(each))})
    numbers = {rows.asked_in(row) for row in queued.values()}
    frames = {number: _frames(night, number) for number in numbers}
    asked = (_question(row, frames[rows.asked_in(row)]) for row in queued.values())
    return Record(
        questions={each.key: each for each in asked if each},
        asked_at={number: state.read_plan(night.store, number).opened_at for number in numbers},
        read_at=read_at,
        images={row["frame_id"]: (row["uri"],) for row in night.parent_table("frames")} if queued else {},
    )


def _queued(night: OpenRound, keys: Collection[str]) -> dict[str, Row]:
    """Key → its first row in a queue: what is put again later keeps its task."""
    found: dict[str, Row] = {}
    for ancestor in night.ancestors if keys else ():
        for row in night.read("queue", keys=ancestor):
            if row["key"] in keys:
                found.setdefault(row["key"], row)
    return found


def _frames(night: OpenRound, number: int) -> dict[str, Frame]:
    return {row["frame_id"]: rows.frame_from_row(row) for row in night.read("frames", keys=RoundKeys(number))}


def _question(row: Row, frames: Mapping[str, Frame]) -> Question | None:
    frame = frames.get(row["frame_id"])
    return rows.question_from_row(row, frame) if frame else None


def _key(task: object) -> str | None:
    data = task.get("data") if isinstance(task, Mapping) else None
    key = data.get("key") if isinstance(data, Mapping) else None
    return key if isinstance(key, str) else None
