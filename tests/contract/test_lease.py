from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightshift.domain.errors import LeaseHeld, LeaseLost, NightshiftError, StoreError
from nightshift.domain.rounds import LEASE
from nightshift.services.store.lease import SKEW, Lease, current_holder, current_token
from nightshift.services.store.s3 import Store
from tests.contract.test_store import race

TTL = timedelta(seconds=60)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def lease(store: Store, owner: str, clock: Clock) -> Lease:
    return Lease(store, owner, TTL, clock)


def test_one_holds_it_and_the_other_hears_who_since_when_and_until_when(store: Store) -> None:
    clock = Clock()
    first = lease(store, "alpha:1", clock).acquire()
    clock.move(1)
    with pytest.raises(LeaseHeld, match=r"alpha:1 holds it since 2026-01-01 00:00:00, until 00:01:00"):
        lease(store, "beta:2", clock).acquire()
    first.check()
    holder = current_holder(store, clock())
    assert holder is not None
    assert (holder.owner, holder.token) == ("alpha:1", 1)


def test_of_many_who_ask_at_once_one_gets_it(store: Store) -> None:
    clock = Clock()

    def ask(number: int) -> bool:
        try:
            lease(store, f"worker {number}", clock).acquire()
        except LeaseHeld:
            return False
        return True

    for token in range(1, 6):
        assert race(ask) == 1
        assert current_token(store) == token
        clock.move(120)


def test_given_back_it_is_free_at_once_and_the_token_grows(store: Store) -> None:
    clock = Clock()
    first = lease(store, "a", clock).acquire()
    first.release()
    assert current_holder(store, clock()) is None
    second = lease(store, "b", clock).acquire()
    assert (second.token, current_token(store)) == (2, 2)
    first.release()
    assert current_holder(store, clock()) is not None
    with pytest.raises(LeaseLost):
        first.check()


def test_renewed_it_lasts(quick_store: Store) -> None:
    clock = Clock()
    held = lease(quick_store, "a", clock).acquire()
    for _ in range(10):
        clock.move(50)
        held.renew()
        held.check()
        with pytest.raises(LeaseHeld):
            lease(quick_store, "b", clock).acquire()


def test_after_it_ran_out_another_takes_over_and_the_first_may_not_go_on(quick_store: Store) -> None:
    clock = Clock()
    dead = lease(quick_store, "dead", clock).acquire()
    clock.move(TTL.total_seconds())
    with pytest.raises(LeaseLost):
        dead.check()
    with pytest.raises(LeaseHeld):
        lease(quick_store, "eager", clock).acquire()
    clock.move(SKEW.total_seconds() + 1)
    heir = lease(quick_store, "heir", clock).acquire()
    assert heir.token == 2
    for attempt in (dead.renew, dead.check):
        with pytest.raises(LeaseLost):
            attempt()


def test_a_holder_whose_clock_stands_still_learns_it_when_it_renews(quick_store: Store) -> None:
    stuck, right = Clock(), Clock()
    held = lease(quick_store, "stuck", stuck).acquire()
    right.move(100)
    lease(quick_store, "right", right).acquire()
    held.check()
    with pytest.raises(LeaseLost):
        held.renew()
    with pytest.raises(LeaseLost):
        held.check()


def test_inside_with_it_is_renewed_by_itself_and_freed_at_the_end(quick_store: Store) -> None:
    with Lease(quick_store, "a", timedelta(seconds=1)) as held:
        first = quick_store.read_with_etag(LEASE)[1]
        for _ in range(600):
            if quick_store.read_with_etag(LEASE)[1] != first:
                break
        else:
            pytest.fail("it was never renewed")
        assert held.token == 1
    assert current_holder(quick_store, datetime.now(UTC)) is None


def test_an_error_inside_with_frees_it_too(quick_store: Store) -> None:
    with pytest.raises(ZeroDivisionError), lease(quick_store, "a", Clock()):
        raise ZeroDivisionError
    assert current_holder(quick_store, Clock()()) is None


def test_what_is_no_lease_is_said_with_the_way_out(quick_store: Store) -> None:
    quick_store.write(LEASE, b"hello")
    with pytest.raises(StoreError, match=r"no lease.*delete"):
        lease(quick_store, "a", Clock()).acquire()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["acquire", "renew", "release", "wait"]), st.integers(0, 2), st.integers(1, 80)),
        max_size=14,
    ),
    skew=st.lists(st.integers(-5, 5), min_size=3, max_size=3),
)
def test_whatever_happens_two_never_hold_it_and_tokens_only_grow(
    quick_store: Store, steps: list[tuple[str, int, int]], skew: list[int]
) -> None:
    """With clocks that differ by less than SKEW."""
    quick_store.delete(LEASE)
    clocks = [Clock() for _ in skew]
    for clock, off in zip(clocks, skew, strict=True):
        clock.move(off)
    leases = [lease(quick_store, f"{n}", clock) for n, clock in enumerate(clocks)]
    tokens = [0]
    for action, who, seconds in steps:
        if action == "wait":
            for clock in clocks:
                clock.move(seconds)
        elif attempt(getattr(leases[who], action)) and action == "acquire":
            tokens.append(leases[who].token)
        assert sum(attempt(each.check) for each in leases) <= 1
    assert tokens == sorted(set(tokens))


def attempt(action: object) -> bool:
    try:
        action()  # type: ignore[operator]
    except NightshiftError:
        return False
    return True


def test_a_lease_whose_owner_is_known_to_be_dead_is_taken_over_at_once(quick_store: Store) -> None:
    first = Lease(quick_store, "dead", clock=Clock()).acquire()
    with pytest.raises(LeaseHeld):
        Lease(quick_store, "b", clock=Clock(), gone=lambda owner: owner == "another").acquire()
    second = Lease(quick_store, "b", clock=Clock(), gone=lambda owner: owner == "dead").acquire()
    assert second.token > first.token
    with pytest.raises(LeaseLost):
        first.renew()
