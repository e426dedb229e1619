"""One night's decision: never over its dollars, greens left alone, audits in turn, chance independent of worth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.acquisition.functions import known_strategies
from nightshift.acquisition.queue import Allowance
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.frames import Frame, Split, audit_rank
from nightshift.domain.review import Purpose
from nightshift.evaluation.rates import fit_rates
from nightshift.policy.night import Decision, Rules, Sighting, Tonight, counts, decide
from nightshift.policy.worth import Scale, seconds
from nightshift.triage.evidence import audit_turn
from nightshift.triage.stoplight import Colour, Limits

CLASSES, DEPTH = 3, 4
NOTHING = np.zeros((0, 0), np.float32)
SCALE = Scale(fit_rates([], classes=CLASSES), np.ones(CLASSES), 0.3)
ACCEPTING = Limits((0.6,) * CLASSES, 0.3, 1.0)
SURE = Detections.of([[0, 0, 9, 9]], [0], [0.99])
DOUBTFUL = Detections.of([[0, 0, 9, 9]], [0], [0.5])


def frame(number: int, split: Split = Split.POOL) -> Frame:
    return Frame(f"{number:064x}", "s3://b/k", 200, 200, f"clip-{number % 3}", split, f"{number}.jpg", 1)


def sighting(number: int, teacher: Detections | None, student: Detections | None) -> Sighting:
    """The student's boxes are shown where there is one, as in a round in which it does better."""
    vector = np.random.default_rng(number).normal(size=DEPTH if student is not None else 0).astype(np.float32)
    shown = student if student is not None else teacher if teacher is not None else Detections.empty()
    second = teacher if student is not None else None
    return Sighting(frame(number), shown, "m", second, teacher, student, vector=vector)


@st.composite
def nights(draw: st.DrawFn, *, taught: bool = False) -> Tonight:
    n, student = draw(st.integers(0, 8)), draw(st.booleans())
    teacher = detections(most=3) if taught else st.none() | detections(most=3)
    waiting = [sighting(i, draw(teacher), draw(detections(most=3)) if student else None) for i in range(n)]
    golden = [frame(100 + i, Split.GOLDEN) for i in range(draw(st.integers(0, 3)))]
    labelled = draw(st.integers(0, 2)) if student else 0
    vectors = np.random.default_rng(7).normal(size=(labelled, DEPTH)).astype(np.float32)
    return Tonight(waiting, golden, vectors, [0] * CLASSES, Edits(added=4))


def rules(
    *,
    usd: float = 1.0,
    shares: tuple[float, float, float] = (0.2, 0.2, 0.2),
    limits: Limits = ACCEPTING,
    function: str = "gain_per_dollar",
    seed_frames: int = 5,
    shown: bool = True,
) -> Rules:
    allowance = Allowance.tonight(usd, 0, *shares)
    return Rules(function, SCALE, Prices(), lambda _: limits, allowance, seed_frames, 11, shown)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def asked(decision: Decision, purpose: Purpose) -> list[str]:
    return [frame_id for frame_id, pick in decision.asked() if pick.purpose is purpose]


@settings(max_examples=25)
@given(nights(), st.floats(0, 2), st.tuples(*[st.floats(0, 0.33)] * 3), st.sampled_from([ACCEPTING, None]))
def test_a_night_asks_no_frame_twice_and_costs_no_more_than_it_may(
    tonight: Tonight, usd: float, shares: tuple[float, float, float], limits: Limits | None
) -> None:
    found = decide(tonight, rules(usd=usd, shares=shares, limits=limits or Limits((None,) * CLASSES, 0.3, 1.0)), rng())
    ids = [each for each, _ in found.asked()]
    assert len(set(ids)) == len(ids)
    assert sum(each.usd for each in found.picks) <= usd + 1e-9
    assert len(found.worths) == len(found.lights) == len(tonight.waiting)


@pytest.mark.parametrize("function", known_strategies())
def test_whichever_strategy_chooses_the_night_keeps_within_its_dollars(function: str) -> None:
    chance = rng(1)
    waiting = [replace(_random_sighting(i, chance), mirrored=DOUBTFUL) for i in range(12)]
    tonight = Tonight(waiting, [], chance.normal(size=(4, DEPTH)).astype(np.float32), [3, 1, 0], Edits())
    found = decide(tonight, rules(usd=0.2, function=function), rng())
    assert found.picks
    assert sum(each.usd for each in found.picks) <= 0.2 + 1e-9


def _random_sighting(number: int, chance: np.random.Generator) -> Sighting:
    corner = chance.integers(0, 150, (3, 2))
    found = Detections.of(np.hstack([corner, corner + 30]), chance.integers(0, CLASSES, 3), chance.uniform(0.1, 0.9, 3))
    chances = np.zeros((3, CLASSES), np.float32)
    chances[range(3), found.classes] = found.scores
    return replace(sighting(number, DOUBTFUL, found), probabilities=chances)


@settings(max_examples=25)
@given(nights())
def test_what_is_green_is_audited_or_drawn_by_chance_but_never_reviewed(tonight: Tonight) -> None:
    found = decide(tonight, rules(usd=5), rng())
    green = {f"{i:064x}" for i, each in enumerate(found.lights) if each.colour is Colour.GREEN}
    assert not green & set(asked(found, Purpose.REVIEW))


@settings(max_examples=25)
@given(nights(), st.floats(0, 1))
def test_audits_are_the_first_in_the_order_of_their_turns(tonight: Tonight, usd: float) -> None:
    """Turns count the boxes that are in question: noise is not."""
    found = decide(tonight, rules(usd=usd, shares=(0, 0.5, 0)), rng())
    turns = {
        each.frame.id: audit_turn(audit_rank(each.frame.id, 11), each.teacher.above(0.3))
        for each in tonight.waiting
        if each.teacher is not None
    }
    audits = asked(found, Purpose.AUDIT)
    assert set(audits) == set(sorted(turns, key=turns.__getitem__)[: len(audits)])


@settings(max_examples=25)
@given(nights(taught=True), nights(taught=True), st.integers(0, 99))
def test_what_the_models_say_does_not_change_which_frames_are_drawn_by_chance(
    one: Tonight, other: Tonight, seed: int
) -> None:
    """Prices are all alike here, so that the dollars end at the same place."""
    n = min(len(one.waiting), len(other.waiting))
    free = replace(rules(usd=1, shares=(0, 0, 0.3)), prices=Prices(*[18.0, 1.5, 9.0], *[0.0] * 5))
    drawn = []
    for tonight in (one, other):
        same = replace(tonight, waiting=[_visible(each) for each in tonight.waiting[:n]], golden=[])
        drawn.append(sorted(asked(decide(same, free, rng(seed)), Purpose.CONTROL)))
    assert drawn[0] == drawn[1]


def _visible(each: Sighting) -> Sighting:
    """No cold start: at least one box is shown."""
    return replace(each, shown=each.shown if len(each.shown.above(0.3)) else DOUBTFUL)


@settings(max_examples=15)
@given(nights(), st.integers(0, 99))
def test_the_same_night_and_seed_decide_the_same(tonight: Tonight, seed: int) -> None:
    one, other = (decide(tonight, rules(), rng(seed)) for _ in range(2))
    assert one == other


@settings(max_examples=15)
@given(nights(), st.integers(1, 6))
def test_where_no_box_would_be_shown_a_seed_set_is_asked_and_nothing_is_chosen(
    tonight: Tonight, seed_frames: int
) -> None:
    cold = replace(tonight, waiting=[replace(each, shown=Detections.empty()) for each in tonight.waiting])
    found = decide(cold, rules(usd=50, shares=(0, 0, 0.2), seed_frames=seed_frames), rng())
    assert {pick.purpose for pick in found.picks} <= {Purpose.SEED}
    assert len(found.picks) == min(seed_frames, len(cold.waiting))


def test_faint_boxes_alone_are_a_cold_start_too() -> None:
    faint = Detections.of([[0, 0, 9, 9]], [0], [0.2])
    found = decide(Tonight([sighting(0, faint, None)], [], NOTHING, [0] * 3, Edits()), rules(shares=(0, 0, 0)), rng())
    assert [pick.purpose for pick in found.picks] == [Purpose.SEED]


def test_golden_frames_are_asked_blind_for_the_price_of_the_average_frame_and_are_not_weighed() -> None:
    golden = [frame(9, Split.GOLDEN)]
    tonight = Tonight([sighting(0, DOUBTFUL, None)], golden, NOTHING, [0] * 3, Edits(added=4))
    found = decide(tonight, rules(usd=1, shares=(0.5, 0, 0)), rng())
    assert asked(found, Purpose.GOLDEN) == [golden[0].id]
    (pick,) = [each for each in found.picks if each.purpose is Purpose.GOLDEN]
    assert pick.seconds == pytest.approx(Prices().glance_seconds + 4 * Prices().draw_seconds)
    assert found.worth_of(pick) is None
    assert found.worth_of(found.picks[0]) is found.worths[0]


def _with_teacher(number: int, teacher: Detections | None) -> Tonight:
    waiting = [sighting(i, teacher, SURE) for i in range(number)]
    return Tonight(waiting, [], np.ones((2, DEPTH), np.float32), [5] * 3, Edits())


def test_a_frame_that_no_teacher_has_labelled_is_never_green_however_sure_the_student_is() -> None:
    """The promise is about the teacher's boxes."""
    assert {each.colour for each in decide(_with_teacher(3, SURE), rules(), rng()).lights} == {Colour.GREEN}
    assert {each.colour for each in decide(_with_teacher(3, None), rules(), rng()).lights} == {Colour.YELLOW}


@pytest.mark.parametrize("frames", [0, 3])
def test_a_night_with_nothing_left_to_choose_asks_nothing(frames: int) -> None:
    """Everything is green, or everything has been asked, while there are labelled frames already."""
    assert decide(_with_teacher(frames, SURE), rules(shares=(0, 0, 0)), rng()).picks == []


def test_thresholds_are_those_of_the_round_that_registered_the_frame() -> None:
    old, new = sighting(0, SURE, SURE), sighting(1, SURE, SURE)
    new = replace(new, frame=replace(new.frame, round=4))
    by_round = {1: ACCEPTING, 4: replace(ACCEPTING, accept=(None,) * CLASSES)}
    tonight = Tonight([old, new], [], NOTHING, [0] * 3, Edits())
    found = decide(tonight, replace(rules(), limits=by_round.__getitem__), rng())
    assert [each.colour for each in found.lights] == [Colour.GREEN, Colour.YELLOW]


@settings(max_examples=15)
@given(nights())
def test_people_who_see_no_boxes_take_as_long_for_a_frame_as_blind_ones(tonight: Tonight) -> None:
    found = decide(tonight, rules(shown=False), rng())
    assert all(each.seconds == each.blind_seconds for each in found.candidates)


@settings(max_examples=15)
@given(nights())
def test_every_frame_is_valued_and_priced_by_the_same_expectation(tonight: Tonight) -> None:
    found = decide(tonight, rules(), rng())
    for candidate, worth in zip(found.candidates, found.worths, strict=False):  # golden frames come after
        assert candidate.value == worth.edits.corrections
        assert candidate.seconds == seconds(worth.edits, Prices())
        assert candidate.blind_seconds == seconds(worth.blind, Prices())


@settings(max_examples=25)
@given(st.dictionaries(st.text(max_size=2), detections(), max_size=4))
def test_labels_are_counted_by_class(labels: dict[str, Detections]) -> None:
    found = counts(labels, CLASSES)
    every = [label for each in labels.values() for label in each.classes.tolist()]
    assert found == [every.count(label) for label in range(CLASSES)]
