"""Patience with a service, under a clock and a chance of the test's own."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.errors import ServiceDown
from nightshift.services.patience import Limits, Patience, Stumble, retry_after

NIGHT = datetime(2026, 11, 21, 1, 12, tzinfo=UTC)


class Busy(Exception):  # noqa: N818
    def __init__(self, after: float | None = None) -> None:
        self.after = after
        super().__init__("503")


class World:
    """Time that passes only in pauses, and a service that fails as told."""

    def __init__(self, limits: Limits | None = None, seed: int = 1) -> None:
        self.time, self.pauses, self.asked = 0.0, [], 0
        chance = random.Random(seed)  # noqa: S311 - no secret
        self.patience = Patience("Label Studio", limits, chance, lambda: self.time, self.sleep, self.now)

    def now(self) -> datetime:
        return NIGHT + timedelta(seconds=self.time)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds

    def ask(self, failures: int, error: Callable[[], Exception] = Busy, *, repeatable: bool = True) -> int:
        """How many attempts it took a request that fails so often."""
        first = self.asked

        def request() -> int:
            self.asked += 1
            if self.asked - first <= failures:
                raise error()
            return self.asked - first

        return self.patience.call(request, judge, repeatable=repeatable)


def judge(error: BaseException) -> Stumble | None:
    return Stumble(error.after) if isinstance(error, Busy) else None


limits = st.builds(
    Limits,
    attempts=st.integers(1, 12),
    first_pause=st.floats(0, 5),
    longest_pause=st.floats(0, 20),
    failures=st.just(10**6),
)


@settings(max_examples=30)
@given(limits, st.integers(0, 15), st.integers(0, 100))
def test_a_request_is_repeated_until_it_is_answered_or_the_attempts_are_used_up(
    given_: Limits, failures: int, seed: int
) -> None:
    world = World(given_, seed)
    if failures < given_.attempts:
        assert world.ask(failures) == failures + 1
    else:
        with pytest.raises(Busy):
            world.ask(failures)
    assert world.asked == min(failures + 1, given_.attempts)


@settings(max_examples=30)
@given(limits, st.floats(0, 1e9) | st.none(), st.integers(0, 100))
def test_pauses_lie_under_a_limit_that_doubles_and_above_what_the_service_asked_for(
    given_: Limits, after: float | None, seed: int
) -> None:
    world = World(given_, seed)
    with pytest.raises(Busy):
        world.ask(99, lambda: Busy(after))
    for number, pause in enumerate(world.pauses):
        limit = min(given_.longest_pause, given_.first_pause * 2**number)
        assert min(given_.longest_pause, after or 0) <= pause <= min(given_.longest_pause, (after or 0) + limit)


def test_the_same_chance_draws_the_same_pauses_and_another_draws_others() -> None:
    def pauses(seed: int) -> list[float]:
        world = World(seed=seed)
        world.ask(5)
        return world.pauses

    assert pauses(1) == pauses(1) != pauses(2)


def test_an_error_that_does_not_pass_is_not_repeated() -> None:
    world = World()
    with pytest.raises(KeyError):
        world.ask(1, KeyError)
    assert world.asked == 1


def test_what_may_not_be_done_twice_is_done_once() -> None:
    world = World()
    with pytest.raises(Busy):
        world.ask(1, repeatable=False)
    assert world.asked == 1


def fail(world: World, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Busy):
            world.ask(99)


def test_after_five_requests_in_a_row_that_failed_the_next_fails_at_once_and_says_since_when() -> None:
    world = World()
    fail(world, 5)
    asked = world.asked
    since = r"Label Studio: it has not answered 5 requests in a row since 2026-11-21 01:1\d UTC \(the last: 503\)"
    with pytest.raises(ServiceDown, match=since + ".*goes on where it stopped"):
        world.ask(0)
    assert world.asked == asked


def test_one_answer_between_makes_the_row_begin_anew() -> None:
    world = World()
    for _ in range(3):
        fail(world, 4)
        world.ask(0)


def test_after_a_rest_one_attempt_decides_whether_it_goes_on() -> None:
    world = World()
    fail(world, 5)
    world.time += 60
    asked = world.asked
    fail(world, 1)
    assert world.asked == asked + 1  # no retries of a service that is probably still down
    with pytest.raises(ServiceDown, match="6 requests"):
        world.ask(0)
    world.time += 60
    assert world.ask(0) == 1
    fail(world, 4)  # all is forgotten


def test_failures_far_apart_are_not_in_a_row() -> None:
    world = World()
    for _ in range(10):
        fail(world, 1)
        world.time += 901
    assert world.ask(0) == 1


def test_a_refusal_counts_neither_as_failure_nor_as_answer() -> None:
    world = World()
    fail(world, 4)
    for _ in range(9):
        with pytest.raises(KeyError):
            world.ask(1, KeyError)
    fail(world, 1)
    with pytest.raises(ServiceDown):
        world.ask(0)


@pytest.mark.parametrize("spent", [Limits(retries=20), Limits(waiting=30.0)])
def test_when_the_nights_budget_is_used_up_the_night_stops_with_the_figures(spent: Limits) -> None:
    world = World(spent)
    spending = (world.ask(4) for _ in range(100))
    with pytest.raises(ServiceDown, match=r"is used up \(\d+ retries, \d+ s of waiting; the last: 503"):
        sum(spending)
    assert world.ask(0) == 1  # what is answered at once still goes through
    world.time += spent.night + 1
    assert world.ask(4) == 5  # the next night


def test_slow_failures_spend_the_budget_too() -> None:
    world = World(Limits(waiting=100.0, first_pause=0.0))

    def hanging() -> None:
        world.time += 60
        raise Busy

    with pytest.raises(ServiceDown, match="1 retries, 120 s"):
        world.patience.call(hanging, judge)


@settings(max_examples=30)
@given(st.integers(0, 10**9 - 1))
def test_retry_after_is_read_as_seconds(seconds: int) -> None:
    assert retry_after({"retry-after": f" {seconds} "}) == seconds


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_retry_after_as_a_date_is_counted_from_the_servers_own_clock(seconds: int, skew: int) -> None:
    there = NIGHT + timedelta(seconds=skew)
    said = {"retry-after": _http(there + timedelta(seconds=seconds)), "date": _http(there)}
    assert retry_after(said, lambda: NIGHT) == seconds


def test_without_a_date_of_its_own_ours_counts() -> None:
    assert retry_after({"retry-after": _http(NIGHT + timedelta(seconds=9))}, lambda: NIGHT) == 9
    assert retry_after({"retry-after": _http(NIGHT - timedelta(seconds=9))}, lambda: NIGHT) == 0


@settings(max_examples=30)
@given(st.text())
def test_any_other_retry_after_is_a_number_that_is_not_negative_or_nothing(said: str) -> None:
    found = retry_after({"retry-after": said}, lambda: NIGHT)
    assert found is None or found >= 0


def _http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"failures": 0}, {"rest": -1.0}, {"retries": -1}])
def test_limits_without_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Limits(**wrong)
