import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import detections

from nightshift.acquisition.disagreement import disagreement
from nightshift.acquisition.select import draw, select
from nightshift.acquisition.uncertainty import expected_additions
from nightshift.domain.detections import Detections

SCORES = hnp.arrays(np.float32, st.integers(0, 20), elements=st.floats(0, 1, width=32))
MANY = st.integers(0, 30).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float64, n, elements=st.floats(0, 10)),
        hnp.arrays(np.float64, n, elements=st.floats(0.01, 2)),
        st.lists(st.sampled_from("abc"), min_size=n, max_size=n),
    )
)


@given(SCORES, st.floats(0.05, 0.95))
def test_expected_additions_never_exceed_the_boxes_not_shown(scores: np.ndarray, threshold: float) -> None:
    assert 0 <= expected_additions(scores, threshold) <= (scores < threshold).sum()


@given(SCORES, st.floats(0.05, 0.95))
def test_the_order_of_the_boxes_changes_no_expectation(scores: np.ndarray, threshold: float) -> None:
    back = scores[::-1]
    assert expected_additions(scores, threshold) == pytest.approx(expected_additions(back, threshold))


def test_only_the_band_under_the_threshold_speaks_for_missed_objects() -> None:
    assert expected_additions(np.float32([0.9, 0.2, 0.05, 0.01]), 0.3) == pytest.approx(0.2)


@given(detections())
def test_two_models_that_agree_do_not_disagree(found: Detections) -> None:
    assert disagreement(found, found) == pytest.approx(0)


@given(detections(), detections())
def test_disagreement_does_not_depend_on_who_is_asked_first(a: Detections, b: Detections) -> None:
    assert disagreement(a, b) == pytest.approx(disagreement(b, a), abs=1e-5)


def test_disagreement_counts_lonely_boxes_and_other_classes() -> None:
    teacher = Detections.of([[0, 0, 10, 10], [50, 50, 60, 60]], [0, 0], [0.9, 0.8])
    student = Detections.of([[0, 0, 10, 10]], [1], [0.6])
    assert disagreement(teacher, student) == pytest.approx(0.8 + 0.6)


@given(MANY, st.floats(0, 10))
def test_the_chosen_frames_are_distinct_and_within_the_budget(
    frames: tuple[np.ndarray, np.ndarray, list[str]], budget: float
) -> None:
    value, usd, clips = frames
    chosen = select(value, usd, clips, budget)
    assert len(set(chosen)) == len(chosen)
    assert usd[chosen].sum() <= budget + 1e-9
    assert (value[chosen] > 0).all()


def test_the_best_gain_per_dollar_comes_first() -> None:
    assert select(np.array([1.0, 4.0, 3.0]), np.array([1.0, 2.0, 1.0]), ["a", "b", "c"], 9) == [2, 1, 0]


def test_another_clip_is_preferred_to_a_second_look_at_the_same() -> None:
    assert select(np.array([1.0, 0.9, 0.8]), np.ones(3), ["a", "a", "b"], 2) == [0, 2]


def test_no_budget_asks_nobody() -> None:
    assert select(np.ones(3), np.ones(3), ["a", "b", "c"], 0) == []


@given(MANY, st.floats(0, 10), st.integers(0, 99))
def test_a_random_draw_is_repeatable_and_within_the_budget(
    frames: tuple[np.ndarray, np.ndarray, list[str]], budget: float, seed: int
) -> None:
    usd = frames[1]
    first = draw(usd, budget, np.random.default_rng(seed))
    assert first == draw(usd, budget, np.random.default_rng(seed))
    assert len(set(first)) == len(first)
    assert usd[first].sum() <= budget + 1e-9


def test_every_frame_is_drawn_about_equally_often() -> None:
    rng = np.random.default_rng(0)
    times = np.zeros(5)
    for _ in range(2000):
        times[draw(np.ones(5), 2, rng)] += 1
    assert (np.abs(times / 2000 - 0.4) < 0.05).all()
