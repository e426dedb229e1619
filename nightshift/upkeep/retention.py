"""What may go. Plain rules over names, ages and what rounds say of each other; no store.

Later rounds read of their ancestors: the plan and the summary, every receipt, the frames, corrections, labels and
imported labels, the queue, and every part of the auto-labels. They start from a champion's weights. Nothing else is
read again: not what the champion saw on a past night, not a report, not a student that never became champion.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from nightshift.services.store.s3 import ObjectInfo
from nightshift.upkeep.layout import number_of
from nightshift.upkeep.removals import Removal

PROBES = ("probe/", ".doctor/")
CURVES = "curves.json"
SETTLED = timedelta(days=1)  # after which nobody is in the middle of a probe any more
READ_ONCE = {
    re.compile(r"scores/part-\d{4,}\.parquet"): "what the champion saw that night; no later round reads it",
    re.compile(r"report\.html"): "the report of an old round; no later round reads it",
}


@dataclass(frozen=True, slots=True)
class Keep:
    """Retention: a round keeps everything while either says so.

    Args:
        rounds: so many of the newest sealed rounds, at least the one that HEAD names.
        days: rounds that were sealed within so many days.
    """

    rounds: int = 14
    days: float = 30.0

    def __post_init__(self) -> None:
        if self.rounds < 1 or not self.days >= 0:
            raise ValueError("keep at least one round, and no negative number of days")

    def old(self, sealed_at: Mapping[int, datetime], now: datetime) -> frozenset[int]:
        """Sealed rounds that need not keep everything any more."""
        newest = sorted(sealed_at, reverse=True)[: self.rounds]
        limit = timedelta(days=self.days)
        return frozenset(n for n, at in sealed_at.items() if n not in newest and now - at > limit)


@dataclass(frozen=True, slots=True)
class Students:
    """Whose weights are whose.

    Args:
        champions: keys of weights that any round has started from or made champion.
        trained: sealed round → keys that its training says it left: weights and curves.
    """

    champions: frozenset[str]
    trained: Mapping[int, frozenset[str]]


def removable(
    objects: Iterable[ObjectInfo],
    sealed_at: Mapping[int, datetime],
    students: Students,
    keep: Keep,
    now: datetime,
) -> Iterator[Removal]:
    """What may go, in the order of the keys.

    Args:
        objects: everything in the store.
        sealed_at: when each round of the lineage was sealed; all others are left alone.
        students: whose weights are whose.
        keep: what was asked for.
        now: the time.
    """
    old = keep.old(sealed_at, now)
    for each in objects:
        why = _why(each, sealed_at, students, old, now)
        if why:
            yield Removal(each.key, each.size, why)


def _why(
    each: ObjectInfo, sealed_at: Mapping[int, datetime], students: Students, old: frozenset[int], now: datetime
) -> str | None:
    if each.key.startswith(PROBES):
        return "left by a probe that was interrupted" if now - each.modified > SETTLED else None
    number = number_of(each.key)
    if number is None or number not in sealed_at or each.key in students.champions:
        return None
    name = each.key.split("/", 2)[2]
    if name.startswith("student/"):
        return _student(each.key, number, students, is_old=number in old)
    if number not in old:
        return None
    return next((why for form, why in READ_ONCE.items() if form.fullmatch(name)), None)


def _student(key: str, number: int, students: Students, *, is_old: bool) -> str | None:
    """Curves are small, and a rebuilt MLflow shows them: those of the training that counts stay."""
    if key not in students.trained.get(number, frozenset()):
        return "left by a training that was killed; the one that counts is beside it"
    return "a student that never became champion" if is_old and not key.endswith(CURVES) else None
