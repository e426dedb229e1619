import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.corrections import Change, compare, match
from nightshift.domain.detections import Detections


def _changes(shown: Detections, said: Detections) -> list[Change]:
    return [each.change for each in compare(shown, said)]


@given(detections(), detections())
def test_every_box_before_and_after_is_accounted_for_exactly_once(shown: Detections, said: Detections) -> None:
    changes = compare(shown, said)
    assert sorted(c.before for c in changes if c.before is not None) == list(range(len(shown)))
    assert sorted(c.after for c in changes if c.after is not None) == list(range(len(said)))


@given(detections(), st.integers(0, 99))
def test_the_order_of_the_boxes_does_not_matter(shown: Detections, seed: int) -> None:
    shuffled = shown.take(np.random.default_rng(seed).permutation(len(shown)))
    assert len(match(shown, shuffled)) == len(shown)


def test_an_untouched_frame_is_all_kept() -> None:
    seen = Detections.of([[0, 0, 10, 10], [50, 50, 90, 90]], [0, 1])
    assert _changes(seen, seen) == [Change.KEPT, Change.KEPT]


def test_a_nudge_is_kept_and_a_shove_is_moved() -> None:
    seen = Detections.of([[0, 0, 100, 100]], [0])
    assert _changes(seen, Detections.of([[2, 0, 102, 100]], [0])) == [Change.KEPT]
    assert _changes(seen, Detections.of([[20, 0, 120, 100]], [0])) == [Change.MOVED]


def test_another_class_in_the_same_place_is_relabelled() -> None:
    seen = Detections.of([[0, 0, 100, 100]], [0])
    assert _changes(seen, Detections.of([[0, 0, 100, 100]], [1])) == [Change.RELABELLED]


def test_a_far_box_is_one_deleted_and_one_added() -> None:
    seen = Detections.of([[0, 0, 10, 10]], [0])
    assert _changes(seen, Detections.of([[50, 50, 60, 60]], [0])) == [Change.DELETED, Change.ADDED]


def test_of_two_near_boxes_the_one_of_the_same_class_is_the_partner() -> None:
    shown = Detections.of([[0, 0, 10, 10]], [1])
    said = Detections.of([[0, 0, 10, 10], [1, 0, 11, 10]], [0, 1])
    assert [(i, j) for i, j, _ in match(shown, said)] == [(0, 1)]
