import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.triage.audit import Audited, audit


@given(st.lists(st.tuples(detections(), detections()), max_size=4))
def test_every_accepted_and_every_drawn_box_is_counted(pairs: list[tuple[Detections, Detections]]) -> None:
    counts = audit(pairs)
    assert counts.accepted == sum(len(a) for a, _ in pairs)
    assert counts.right + counts.missed == sum(len(s) for _, s in pairs)


@given(detections())
def test_a_person_who_draws_the_same_confirms_everything(found: Detections) -> None:
    counts = audit([(found, found)])
    assert (counts.right, counts.missed) == (len(found), 0)


def test_nothing_audited_says_nothing() -> None:
    assert audit([]).precision is None
    assert audit([]).lower_bound() == 0.0


@given(st.integers(1, 200), st.data())
def test_the_lower_limit_lies_below_what_was_measured(accepted: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, accepted))
    counts = Audited(1, accepted, right, 0)
    assert counts.lower_bound() <= (counts.precision or 0.0)


def test_the_lower_limit_is_the_textbook_value() -> None:
    assert Audited(10, 10, 10, 0).lower_bound(0.95) == pytest.approx(0.05 ** (1 / 10))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="right"):
        Audited(1, 2, 3, 0)
