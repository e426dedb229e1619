"""The simulated teacher: repeatable, wrong where real ones are wrong, and honest about being simulated."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections
from nightshift.simulation.teachers import Profile, SimulatedTeacher, median_side

SIZE, SIDE, CLASSES = (400, 400), 40.0, 4
FLAWLESS = Profile(0.999, 0, 0, 0, 0, 0, 0)
PLAIN = Profile(0.7, 0, 0, 0, 0, 0, 0)


def grid(side: float = SIDE, objects: int = 16) -> Detections:
    """Objects that do not touch, of all classes in turn."""
    at = np.array([(i % 4, i // 4) for i in range(objects)], np.float32) * 100 + 10
    return Detections.of(np.hstack([at, at + np.float32(side)]), np.arange(objects) % CLASSES)


def teacher(profile: Profile, seed: int = 0, classes: int = CLASSES) -> SimulatedTeacher:
    return SimulatedTeacher(profile, classes, SIDE, seed)


def found_of(profile: Profile, truth: Detections, frames: int = 200, seed: int = 0) -> np.ndarray:
    """(frames,) objects that got a box, whatever its class."""
    who = teacher(profile, seed)
    return np.array([len(match(truth, who.label(f"frame {i}", truth, SIZE))) for i in range(frames)])


@settings(max_examples=20)
@given(st.permutations(range(6)), st.integers(0, 50))
def test_the_same_seed_finds_the_same_boxes_in_whatever_order_frames_come(order: list[int], seed: int) -> None:
    one, other = teacher(Profile(), seed), teacher(Profile(), seed)
    straight = [one.label(str(i), grid(), SIZE) for i in range(6)]
    assert {i: other.label(str(i), grid(), SIZE) for i in order} == dict(enumerate(straight))


def test_another_seed_or_another_frame_finds_other_boxes() -> None:
    first = teacher(Profile()).label("a", grid(), SIZE)
    assert first != teacher(Profile()).label("b", grid(), SIZE)
    assert first != teacher(Profile(), 1).label("a", grid(), SIZE)


@settings(max_examples=40)
@given(detections(side=200), st.integers(0, 99), st.floats(0.05, 0.95))
def test_its_boxes_lie_in_the_frame_with_known_classes_the_surest_first(
    truth: Detections, seed: int, recall: float
) -> None:
    found = SimulatedTeacher(Profile(recall, jitter=0.5), 3, 12.0, seed).label("x", truth, (200, 200))
    assert (found.boxes >= 0).all()
    assert (found.boxes <= 200).all()
    assert (found.classes < 3).all()
    assert (np.diff(found.scores) <= 0).all()


def test_errors_cluster_within_frames() -> None:
    """Against independent slips of the same mean, a frame's own difficulty makes the counts vary several times more."""
    independent, clustered = found_of(PLAIN, grid()), found_of(replace(PLAIN, frame_spread=1.5), grid())

    def ratio(counts: np.ndarray) -> float:
        share = counts.mean() / 16
        return float(counts.var() / (16 * share * (1 - share)))

    assert 0.6 < ratio(independent) < 1.5
    assert ratio(clustered) > 2.5


@pytest.mark.parametrize(("worse", "better"), [(0.3, 0.5), (0.5, 0.7), (0.7, 0.95)])
def test_a_better_profile_finds_more(worse: float, better: float) -> None:
    low, high = (found_of(replace(PLAIN, recall=each), grid()).mean() / 16 for each in (worse, better))
    assert (low, high) == pytest.approx((worse, better), abs=0.04)


def test_small_objects_are_missed_more_often_and_large_ones_are_not_favoured() -> None:
    shy = replace(PLAIN, small_penalty=1.0)
    small, median, large = (found_of(shy, grid(side)).mean() for side in (10.0, SIDE, 80.0))
    assert small < 0.7 * median
    assert large == pytest.approx(median, rel=0.05)


def test_a_class_is_known_well_or_badly_as_a_whole() -> None:

    def apart(spread: float, seed: int) -> float:
        who = teacher(replace(PLAIN, class_spread=spread), seed)
        found = np.concatenate([who.label(str(i), grid(), SIZE).classes for i in range(60)])
        return float(np.ptp(np.bincount(found, minlength=CLASSES) / (60 * 4)))

    alike, unlike = (np.mean([apart(each, seed) for seed in range(5)]) for each in (0.0, 2.0))
    assert alike < 0.1
    assert unlike > 0.3


def test_a_class_is_always_taken_for_the_same_other_class() -> None:
    who = teacher(replace(FLAWLESS, confusion=0.5))
    truth = grid(objects=1)
    seen = {int(each) for i in range(60) for each in who.label(str(i), truth, SIZE).classes}
    assert len(seen) == 2
    assert 0 in seen


def test_with_one_class_there_is_nothing_to_confuse() -> None:
    one = Detections.of([[10, 10, 50, 50]], [0])
    who = SimulatedTeacher(replace(FLAWLESS, confusion=1.0), 1, SIDE, 0)
    assert {int(c) for i in range(20) for c in who.label(str(i), one, SIZE).classes} == {0}


def test_an_empty_frame_holds_only_what_it_makes_up() -> None:
    nothing = Detections.empty()
    assert all(len(teacher(FLAWLESS).label(str(i), nothing, SIZE)) == 0 for i in range(20))
    many = teacher(replace(FLAWLESS, false_boxes=3.0))
    assert np.mean([len(many.label(str(i), nothing, SIZE)) for i in range(300)]) == pytest.approx(3, abs=0.4)


def test_boxes_on_objects_score_higher_than_boxes_on_nothing() -> None:
    who = teacher(replace(PLAIN, false_boxes=2.0))
    right = np.concatenate([teacher(PLAIN).label(str(i), grid(), SIZE).scores for i in range(50)])
    false = np.concatenate([who.label(str(i), Detections.empty(), SIZE).scores for i in range(50)])
    assert right.mean() > false.mean() + 0.2


def test_its_version_says_that_it_is_simulated_and_how_good_it_is() -> None:
    assert teacher(Profile(recall=0.8), 3).version == "simulated-teacher-recall-0.80-seed-3"


@pytest.mark.parametrize(
    "wrong", [{"recall": 0.0}, {"recall": 1.0}, {"confusion": 1.1}, {"jitter": -0.1}, {"false_boxes": -1.0}]
)
def test_an_impossible_profile_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"recall lies|not negative"):
        Profile(**wrong)


def test_the_median_side_is_that_of_all_objects_and_a_guess_without_any() -> None:
    truth = {"a": grid(10, 3), "b": grid(30, 1), "c": Detections.empty()}
    assert median_side(truth) == pytest.approx(10)
    assert median_side({"c": Detections.empty()}) == 32.0
