"""The rig's arithmetic: every piece of the whole is done once, and what it came to is added up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.parts import PARTS, SAMPLED, WHOLE, units
from tests.faults.soak import COUNTS, MUST_BE_NONE, add_up, table


@given(st.sampled_from(sorted(PARTS)), st.floats(0.001, 3.0))
def test_the_pieces_come_to_the_wanted_share_of_the_whole(part: str, scale: float) -> None:
    cut = units([part], scale, 1)
    assert sum(each.size for each in cut) == max(1, round(WHOLE[part] * scale))
    assert len({each.seed for each in cut}) == len(cut)
    assert all(each.slot < each.slots for each in cut)


def test_the_whole_kills_at_every_boundary_and_a_sample_at_few() -> None:
    whole, sample = units(["kills"], 1.0, 1), units(["kills"], 0.02, 1)
    assert {each.slot for each in whole} == set(range(whole[0].slots))
    assert [each.slots for each in sample] == [SAMPLED]


def test_the_whole_is_what_was_promised() -> None:
    promised = {"kills": 200, "schedules": 200, "races": 100, "nights": 20, "hostile": 500}
    assert all(WHOLE[name] >= count for name, count in promised.items())


def test_counts_are_added_and_the_largest_memory_is_kept() -> None:
    total = add_up([{"kills": 3, "peak_decode_mib": 90.0, "notes": ["one"]}, {"kills": 4, "peak_decode_mib": 70.0}])
    assert (total["kills"], total["peak_decode_mib"], total["notes"]) == (7, 90.0, ["one"])
    assert all(name in total for name in (*COUNTS, *MUST_BE_NONE))
    assert "ratio" not in total


def test_the_table_says_how_much_longer_faulty_nights_took() -> None:
    total = add_up([{"quiet_seconds": 100.0, "faulty_seconds": 130.0, "notes": ["a task twice"]}])
    assert total["ratio"] == pytest.approx(1.3)
    assert "1.30" in table(total)
    assert "a task twice" in table(total)
