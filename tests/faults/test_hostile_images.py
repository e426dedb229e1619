"""Hostile pictures: used rightly or quarantined with a reason, in bounded memory; nothing ends the night."""

from pathlib import Path

import pytest

from tests.faults.hostile_images import cases, decode_all, run
from tests.faults.hostile_pictures import CORNERS, USED, Case, drawn, encoded


@pytest.mark.slow
def test_120_hostile_pictures_are_used_rightly_or_quarantined_with_a_reason() -> None:
    found = run(120, seed=1)
    assert (found["hostile_images"], found["crashes"]) == (120, 0)
    assert found["quarantined"] + found["used"] == 120
    assert min(found["quarantined"], found["used"]) > 10
    assert found["peak_decode_mib"] < 1536


@pytest.mark.slow
def test_the_same_seed_makes_the_same_pictures() -> None:
    made = cases(300, 5)
    assert cases(300, 5) == made
    assert {each.name for each in cases(300, 6)} != {each.name for each in made}


def test_the_judge_notices_wrong_pixels() -> None:
    upside_down = encoded(drawn().rotate(180), "PNG")
    told = decode_all([Case("a.png", upside_down, USED, CORNERS)], Path())
    assert (len(told.crashes), told.verdicts) == (1, {"a.png": ""})
