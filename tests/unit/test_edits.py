"""Numbers of edits add up, say what they count, and are never negative."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.corrections import Change
from nightshift.domain.edits import EDIT_ORDER, Edits

NUMBERS = st.tuples(*[st.floats(0, 1e6)] * 5)


@settings(max_examples=50)
@given(NUMBERS, NUMBERS)
def test_edits_of_two_frames_together_are_the_sums(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    both = Edits(*a) + Edits(*b)
    assert both == Edits(*b) + Edits(*a)
    assert np.array_equal(both.vector, np.array(a) + np.array(b))
    assert Edits(*a) + Edits() == Edits(*a)


@settings(max_examples=50)
@given(NUMBERS)
def test_what_was_kept_is_no_correction_and_everything_else_is(numbers: tuple[float, ...]) -> None:
    edits = Edits(*numbers)
    assert edits.corrections == pytest.approx(sum(numbers) - edits.kept, abs=1e-6)
    assert replace(edits, kept=edits.kept + 1).corrections == edits.corrections


@settings(max_examples=50)
@given(NUMBERS)
def test_vector_and_counts_say_the_same_in_the_order_of_the_changes(numbers: tuple[float, ...]) -> None:
    edits = Edits(*numbers)
    assert tuple(EDIT_ORDER) == tuple(Change)
    assert list(edits.counts.values()) == edits.vector.tolist() == list(numbers)
    assert Edits.of(edits.vector) == edits


@settings(max_examples=50)
@given(st.lists(st.sampled_from(Change)), st.randoms(use_true_random=False))
def test_every_change_is_counted_once_in_any_order(changes: list[Change], shuffler: object) -> None:
    edits = Edits.counted(changes)
    assert edits.vector.sum() == len(changes)
    shuffler.shuffle(changes)  # type: ignore[attr-defined]
    assert Edits.counted(changes) == edits


def test_a_frame_without_boxes_has_no_edits() -> None:
    assert Edits.counted([]) == Edits()
    assert Edits().corrections == 0


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", Edits.__slots__)
def test_a_number_that_cannot_be_is_refused(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match="negative or not finite"):
        Edits(**{name: wrong})
