"""Simulated reviewers behave like people, always the same for the same seed, and say that they are simulated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.corrections import Change, compare
from nightshift.domain.detections import Detections
from nightshift.simulation.reviewers import Scene, Skill, crew, review

SIZE = (400, 300)
PERFECT = Skill("simulated and perfect", 0, 0, 0, 0, 1.0, 0)
TRUTH = Detections.of([[10, 10, 60, 60], [100, 100, 180, 160], [200, 20, 260, 90]], [0, 1, 2])
SCENE = Scene(TRUTH, SIZE, 3)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def boxes_in_frame(seed: int, count: int) -> Detections:
    chance = rng(seed)
    low = chance.uniform(0, 1, (count, 2)) * [340, 240]
    return Detections.of(np.hstack([low, low + chance.uniform(5, 60, (count, 2))]), chance.integers(0, 3, count))


def content(detections: Detections) -> list[tuple[list[float], int]]:
    return sorted(zip(detections.boxes.tolist(), detections.classes.tolist(), strict=True))


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(0, 6))
def test_a_perfect_reviewer_says_the_truth_whatever_is_shown(seed: int, objects: int, proposals: int) -> None:
    scene = Scene(boxes_in_frame(seed, objects), SIZE, 3)
    said, seconds = review(scene, boxes_in_frame(seed + 1, proposals), rng(seed), PERFECT)
    assert content(said) == content(scene.truth)
    assert seconds > 0


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(0, 6))
def test_the_same_seed_gives_the_same_answer_and_every_box_lies_in_the_frame(
    seed: int, objects: int, proposals: int
) -> None:
    scene, shown = Scene(boxes_in_frame(seed, objects), SIZE, 3), boxes_in_frame(seed + 1, proposals)
    clumsy = Skill("simulated and clumsy", 0.3, 0.3, 0.3, 0.4, 0.6, 0.5)
    first, second = (review(scene, shown, rng(seed), clumsy) for _ in range(2))
    assert first[0] == second[0]
    assert first[1] == second[1]
    assert ((first[0].boxes >= 0) & (first[0].boxes <= [*SIZE, *SIZE])).all()
    assert (first[0].classes < 3).all()


def test_a_box_that_fits_well_enough_stays_where_it_is() -> None:
    near = Detections.of(TRUTH.boxes + np.float32(2), TRUTH.classes)
    said, _ = review(SCENE, near, rng(), Skill(miss_rate=0, wrong_class_rate=0))
    assert content(said) == content(near)


def test_a_box_that_is_off_is_moved_and_a_wrong_class_corrected() -> None:
    off = Detections.of([[25, 10, 75, 60], [100, 100, 180, 160], [200, 20, 260, 90]], [0, 2, 2])
    said, _ = review(SCENE, off, rng(), Skill(wrong_class_rate=0, overlook_rate=0, miss_rate=0))
    changes = sorted(each.change for each in compare(off, said))
    assert changes == [Change.KEPT, Change.MOVED, Change.RELABELLED]


def test_blind_everything_is_drawn_by_hand_and_takes_longer_than_accepting() -> None:
    steady = Skill(noise=0, miss_rate=0)
    drawn, long = review(SCENE, None, rng(), steady)
    _, short = review(SCENE, TRUTH, rng(), steady)
    assert [each.change for each in compare(Detections.empty(), drawn)] == [Change.ADDED] * 3
    assert long > short


def test_small_things_are_missed_more_often_than_large_ones() -> None:
    small = Detections.of([[10, 10, 18, 18]], [0])
    large = Detections.of([[10, 10, 90, 90]], [0])
    skill, chance = Skill(miss_rate=0.2), rng()

    def found(truth: Detections) -> int:
        return sum(len(review(Scene(truth, SIZE, 3), None, chance, skill)[0]) for _ in range(1000))

    assert 550 < found(small) < 650
    assert 760 < found(large) < 840


def test_false_boxes_are_deleted_nearly_always() -> None:
    false = Detections.of([[300, 200, 350, 250]], [0])
    left = [len(review(Scene(Detections.empty(), SIZE, 3), false, rng(i), Skill())[0]) for i in range(500)]
    assert 0 < sum(left) < 30


def test_with_one_class_nobody_can_take_it_for_another() -> None:
    scene = Scene(Detections.of([[0, 0, 50, 50]], [0]), SIZE, 1)
    said, _ = review(scene, None, rng(), Skill(wrong_class_rate=1.0, miss_rate=0))
    assert said.classes.tolist() == [0]


def test_a_reviewer_who_hides_that_it_is_simulated_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say"):
        Skill("Ada")
    assert [each.name for each in crew(2)] == ["simulated reviewer 1", "simulated reviewer 2"]
