"""The rounds that count, and the one that is open, read so that a broken link is told instead of raised."""

from dataclasses import dataclass

from nightshift.domain.errors import NotFound, StoreError
from nightshift.domain.rounds import Plan, RoundKeys, Sealed
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.services.store import state
from nightshift.services.store.s3 import Store
from nightshift.upkeep.layout import PLAN


@dataclass(frozen=True, slots=True)
class Lineage:
    """Rounds of a project.

    Args:
        head: the last sealed round; None before the first.
        sealed: every round that counts, oldest first.
        open: the round that was planned and is not sealed yet; None where there is none.
        broken: what is wrong with the chain.
    """

    head: int | None
    sealed: tuple[int, ...]
    open: int | None
    broken: tuple[StoreError, ...] = ()

    @property
    def rounds(self) -> tuple[int, ...]:
        """All of them, oldest first."""
        return self.sealed if self.open is None else (*self.sealed, self.open)


def read_lineage(store: Store) -> Lineage:
    """Follow HEAD from parent to parent.

    Raises:
        StoreError: HEAD itself cannot be read.
    """
    head = state.read_head(store)
    chain, broken = _chain(store, head)
    following = 0 if head is None else head + 1
    is_open = store.exists(RoundKeys(following).key(PLAN))
    return Lineage(head, tuple(reversed(chain)), following if is_open else None, tuple(broken))


def plans(store: Store, rounds: Lineage) -> dict[int, Plan]:
    """Number → plan. Errors as `state.read_plan`."""
    return {number: state.read_plan(store, number) for number in rounds.rounds}


def summaries(store: Store, rounds: Lineage) -> dict[int, Sealed]:
    """Number → what a sealed round came to."""
    found = {number: state.read_sealed(store, number) for number in rounds.sealed}
    return {number: sealed for number, sealed in found.items() if sealed is not None}


def newest(project: Project, rounds: Lineage, token: int = 0) -> OpenRound | None:
    """The round that is open, else the last sealed one; None before the first."""
    if not rounds.rounds:
        return None
    return OpenRound(project, state.read_plan(project.store, rounds.rounds[-1]), token)


def _chain(store: Store, head: int | None) -> tuple[list[int], list[StoreError]]:
    chain: list[int] = []
    broken: list[StoreError] = []
    number = head
    while number is not None:
        chain.append(number)
        parent = _parent(store, number, broken)
        if parent is not None and parent >= number:
            said = f"round {number} names round {parent} as its parent"
            broken.append(StoreError(store.uri(RoundKeys(number).key(PLAN)), said, state.REPAIR))
            break
        number = parent
    return chain, broken


def _parent(store: Store, number: int, broken: list[StoreError]) -> int | None:
    """By its plan; where that is lost, by its summary."""
    try:
        return state.read_plan(store, number).parent
    except NotFound:
        missing = store.uri(RoundKeys(number).key(PLAN))
        broken.append(NotFound(missing, "it is missing, and a later round builds on it", state.REPAIR))
    except StoreError as error:
        broken.append(error)
    try:
        sealed = state.read_sealed(store, number)
    except StoreError:
        return None
    return sealed.parent if sealed else None
