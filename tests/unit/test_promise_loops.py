"""The promise over whole loops of nights, truth known."""

import pytest

from nightshift.simulation.promises import simulate
from nightshift.simulation.teacher_worlds import Setting


def test_a_loop_is_the_same_when_it_is_run_again() -> None:
    assert simulate(3, 4) == simulate(3, 4)


def test_rules_that_take_boxes_as_independent_break_what_ours_keeps() -> None:
    """Strong clusters, a teacher that just fails: the same audits, three rules."""
    result = simulate(15, 0, Setting(quality=1.5, clustering=2.0))
    assert result.violated == 0
    assert result.violated_by["point estimate"] > result.loops / 2


@pytest.mark.slow
def test_the_promise_is_broken_in_at_most_5_percent_of_loops_and_accepts_80_percent_of_the_oracle() -> None:
    """1,000 loops of 10 nights, errors correlated within frames, a teacher that drifts, 300 audits."""
    result = simulate(1000, 0, peers=False)
    assert result.violated <= 0.05 * result.loops
    assert result.missed_violated <= 0.05 * result.loops
    assert result.accepted_share_of_oracle >= 0.8
