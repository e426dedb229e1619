"""The map of the frames: the same each time, alike together, every group drawn; and where the models do badly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.evaluation.data_map import LEAST, drawn, flat_map, landmarks
from nightshift.evaluation.weak_spots import weak_spots

GROUPS, EACH = 3, 24


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _clouds(spread: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Directions around three axes, and the axis of each."""
    which = np.repeat(np.arange(GROUPS), EACH)
    rows = np.eye(8)[which] + _rng(1).normal(scale=spread, size=(len(which), 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), which


def test_frames_that_are_alike_lie_together_and_the_map_is_the_same_each_time() -> None:
    rows, which = _clouds()
    places = flat_map(rows, _rng())
    assert places is not None
    assert places.shape == (len(rows), 2)
    assert places.min() == 0
    assert places.max() == 1
    far = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(rows)) * 9
    assert (which[far.argmin(axis=1)] == which).mean() > 0.95
    again = flat_map(rows, _rng())
    assert again is not None
    assert np.array_equal(places, again)


@pytest.mark.parametrize("rows", [np.zeros((0, 4)), np.eye(LEAST - 1), np.ones((40, 4))], ids=["none", "few", "alike"])
def test_where_there_is_nothing_to_see_there_is_no_map(rows: np.ndarray) -> None:
    assert flat_map(rows.astype(np.float32), _rng()) is None


def test_vectors_of_one_number_have_a_map_too() -> None:
    places = flat_map(_rng().normal(size=(20, 1)).astype(np.float32), _rng())
    assert places is not None
    assert np.isfinite(places).all()


@settings(max_examples=50)
@given(st.lists(st.sampled_from("abcd"), max_size=80), st.integers(16, 60))
def test_every_group_is_drawn_and_no_more_than_may_be(groups: list[str], most: int) -> None:
    found = drawn(groups, most, _rng())
    assert found == sorted(set(found))
    assert len(found) <= most
    assert {groups[i] for i in found} == set(groups)
    if len(groups) <= most:
        assert len(found) == len(groups)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_every_frame_is_near_the_landmark_that_is_nearest(places: list[tuple[float, float]]) -> None:
    rows = np.array(places)
    marks, near = landmarks(rows, 5)
    assert 1 <= len(marks) <= 5
    assert len(set(marks)) == len(marks)
    far = np.linalg.norm(rows[:, None] - rows[marks][None], axis=2)
    assert np.allclose(far[np.arange(len(rows)), near], far.min(axis=1))


def test_the_group_with_planted_errors_is_called_worse_and_no_other() -> None:
    rows, which = _clouds()
    errors = _rng(2).poisson(np.where(which == 1, 5.0, 1.0)).tolist()
    found = weak_spots(rows, errors, [f"clip {i % 18}" for i in range(len(rows))], _rng())
    assert sum(len(each.frames) for each in found) == len(rows)
    assert [each.mean for each in found] == sorted((each.mean for each in found), reverse=True)
    worse = [each for each in found if each.worse]
    assert worse
    assert {int(which[i]) for each in worse for i in each.frames} == {1}
    again = weak_spots(rows, errors, [f"clip {i % 18}" for i in range(len(rows))], _rng())
    assert found == again


def test_chance_alone_rarely_makes_a_group_look_worse() -> None:
    rows, _ = _clouds()
    clips = [f"clip {i % 18}" for i in range(len(rows))]
    told = [weak_spots(rows, _rng(s).poisson(2.0, len(rows)).tolist(), clips, _rng(s)) for s in range(12)]
    assert sum(any(each.worse for each in found) for found in told) <= 3


def test_one_clip_says_nothing_of_others() -> None:
    rows, which = _clouds()
    clips = ["night shift" if kind == 0 else f"clip {i}" for i, kind in enumerate(which)]
    found = weak_spots(rows, np.where(which == 0, 9.0, 0.0).tolist(), clips, _rng())
    alone = [each for each in found if {int(which[i]) for i in each.frames} == {0}]
    assert alone
    assert all(each.more is None and not each.worse for each in alone)


def test_a_handful_of_errors_makes_no_groups() -> None:
    assert weak_spots(np.eye(9, dtype=np.float32), [1.0] * 9, list("abcdefghi"), _rng()) == []
