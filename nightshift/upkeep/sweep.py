"""Find what may go, and let it go: the rules are in `retention`, the record in `removals`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from nightshift.domain.errors import StoreError
from nightshift.domain.models import Progress, no_progress
from nightshift.domain.rounds import Plan, RoundKeys, Sealed
from nightshift.services.store import state
from nightshift.services.store.bulk import in_threads
from nightshift.services.store.lease import Lease
from nightshift.services.store.s3 import Store
from nightshift.upkeep.layout import trained
from nightshift.upkeep.lineage import plans, read_lineage, summaries
from nightshift.upkeep.removals import Removal, record
from nightshift.upkeep.retention import Keep, Students, removable

BATCH = 500  # deletions between two looks at the lease
MEND = "Run `nightshift fsck` and mend what it finds first."


def find(store: Store, keep: Keep, now: datetime) -> tuple[Removal, ...]:
    """What may go by this retention.

    Raises:
        StoreError: the lineage is broken: then nobody can tell what is needed.
    """
    rounds = read_lineage(store)
    if rounds.broken:
        worst = rounds.broken[0]
        raise StoreError(worst.subject, worst.reason, MEND)
    told = summaries(store, rounds)
    sealed_at = {number: each.sealed_at for number, each in told.items()}
    students = _students(store, plans(store, rounds), told)
    return tuple(removable(store.list(), sealed_at, students, keep, now))


def remove(
    store: Store,
    lease: Lease,
    owner: str,
    keep: Keep,
    now: datetime,
    progress: Progress = no_progress,
) -> tuple[str, tuple[Removal, ...]]:
    """Let go of what may go, under the lease, so that no round runs meanwhile.

    Args:
        store: where.
        lease: held.
        owner: who holds it.
        keep: retention.
        now: the time.
        progress: objects removed.

    Returns:
        The key of the record (empty when there was nothing to remove), and what is gone.

    Raises:
        LeaseLost: the lease was taken over; what is not removed yet stays.
    """
    going = find(store, keep, now)
    if not going:
        return "", ()
    key = record(store, going, now, owner, lease.token, asdict(keep))
    done = 0
    for some in _batches(going):
        lease.check()
        in_threads(lambda each: store.delete(each.key), some)
        done += len(some)
        progress(done, len(going))
    return key, going


def _students(store: Store, opened: Mapping[int, Plan], told: Mapping[int, Sealed]) -> Students:
    named = [*(each.champion for each in opened.values()), *(each.champion for each in told.values())]
    champions = {each.key for each in named if each is not None}
    return Students(frozenset(champions), {number: _trained(store, number) for number in told})


def _trained(store: Store, number: int) -> frozenset[str]:
    keys = RoundKeys(number)
    receipt = state.read_receipt(store, keys, "train")
    return frozenset(keys.key(name) for name in (trained(receipt.summary) if receipt else ()))


def _batches(going: Sequence[Removal]) -> Iterator[Sequence[Removal]]:
    return (going[i : i + BATCH] for i in range(0, len(going), BATCH))
