"""Chosen against random frames: right on average, honest when little is known, the same in any order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.review import Purpose
from nightshift.evaluation.control import LEAST, Reply, compare

REVIEW, CONTROL = Purpose.REVIEW, Purpose.CONTROL


def _replies(rng: np.random.Generator, nights: int, sizes: tuple[int, int], ratio: float, clips: int) -> list[Reply]:
    """Answers whose corrections are alike within clips; later nights have less to correct."""
    found = []
    for night in range(nights):
        level = rng.gamma(4, 0.25, clips) * 0.9**night
        for purpose, frames, times in ((REVIEW, sizes[0], ratio), (CONTROL, sizes[1], 1.0)):
            for clip in rng.integers(0, clips, frames):
                corrections = rng.poisson(1.5 * times * level[clip])
                found.append(
                    Reply(night, purpose, f"{night}/{clip}", corrections, 5 + 3 * corrections + rng.exponential(3))
                )
    return found


def _even(corrections: tuple[float, float], frames: int = 8) -> list[Reply]:
    return [
        Reply(0, purpose, f"clip-{i}", brought, 10.0)
        for purpose, brought in zip((REVIEW, CONTROL), corrections, strict=True)
        for i in range(frames)
    ]


@pytest.mark.parametrize(("nights", "sizes"), [(1, (20, 6)), (6, (20, 3)), (5, (15, 1))])
def test_the_interval_holds_the_truth_as_often_as_it_says(nights: int, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    truth = 1.5 * (2.0 - 1.0) * np.mean([0.9**night for night in range(nights)])
    results = [compare(_replies(rng, nights, sizes, 2.0, 40), 18.0).per_frame for _ in range(120)]
    told = [each for each in results if each is not None]
    assert len(told) > 100
    held = np.mean([each.difference.low <= truth <= each.difference.high for each in told])
    assert held >= 0.90  # of 0.95; 120 loops are noisy


def test_the_estimates_are_right_on_average_over_nights_that_differ() -> None:
    rng = np.random.default_rng(3)
    truth = 1.5 * np.mean([0.9**night for night in range(4)])
    results = [compare(_replies(rng, 4, (12, 4), 2.0, 40), 18.0).per_frame for _ in range(150)]
    assert np.mean([each.difference.value for each in results if each]) == pytest.approx(truth, rel=0.06)


def test_a_night_with_many_control_frames_does_not_outweigh_the_others() -> None:
    """Both arms bring the same on every night, but most control frames were asked on the rich one."""
    rich = [Reply(0, p, f"a{i}", 4.0, 10.0) for p, n in ((REVIEW, 4), (CONTROL, 30)) for i in range(n)]
    poor = [Reply(1, p, f"b{i}", 1.0, 10.0) for p, n in ((REVIEW, 30), (CONTROL, 4)) for i in range(n)]
    rate = compare(rich + poor, 18.0).per_frame
    assert rate
    assert rate.difference.value == pytest.approx(0.0, abs=1e-9)


def test_corrections_per_dollar_take_the_time_into_account() -> None:
    """Twice the corrections in four times the seconds are half as many per dollar."""
    chosen = [Reply(0, REVIEW, f"c{i}", 2.0, 40.0) for i in range(6)]
    random = [Reply(0, CONTROL, f"c{i}", 1.0, 10.0) for i in range(6)]
    found = compare(chosen + random, 36.0)
    assert found.per_frame
    assert found.per_usd
    assert found.per_frame.ratio
    assert found.per_usd.ratio
    assert found.per_frame.ratio.value == pytest.approx(2.0)
    assert found.per_usd.ratio.value == pytest.approx(0.5)
    assert found.per_usd.random.value == pytest.approx(10.0)  # 1 correction in 10 s at a cent a second
    assert found.random_usd == pytest.approx(0.6)


@pytest.mark.parametrize("frames", range(LEAST))
def test_with_few_answers_nothing_is_said(frames: int) -> None:
    found = compare([*_even((3.0, 0.0), 20)[:20], *_even((3.0, 1.0), frames)[frames:]], 18.0)
    assert found.per_frame is None
    assert found.per_usd is None
    assert "Not known yet" in found.sentence


def test_one_clip_alone_shows_no_spread_so_nothing_is_said() -> None:
    answers = [Reply(0, purpose, "one", 1.0, 10.0) for purpose in (REVIEW, CONTROL) for _ in range(30)]
    assert compare(answers, 18.0).per_frame is None


def test_control_frames_without_any_correction_do_not_prove_that_there_are_none() -> None:
    few, many = (compare(_even((1.0, 0.0), frames), 18.0).per_frame for frames in (5, 200))
    assert few
    assert many
    assert few.ratio is None
    assert few.random.high > 0.3  # 5 frames without any: up to 45% of frames may have one
    assert many.random.high < 0.02


def test_free_review_has_no_price_but_a_rate_per_frame() -> None:
    found = compare(_even((2.0, 1.0)), 0.0)
    assert found.per_usd is None
    assert found.per_frame
    assert "per frame" in found.sentence


def test_other_purposes_and_nights_with_one_arm_do_not_count() -> None:
    other = [Reply(0, Purpose.AUDIT, f"x{i}", 50.0, 10.0) for i in range(9)]
    found = compare(_even((2.0, 1.0)) + other, 18.0)
    assert (found.chosen_frames, found.random_frames) == (8, 8)
    assert found.per_frame == compare(_even((2.0, 1.0)), 18.0).per_frame


def test_a_reply_with_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="≥ 0"):
        Reply(0, REVIEW, "clip", 1.0, -1.0)


replies = st.builds(
    Reply,
    st.integers(0, 3),
    st.sampled_from([REVIEW, CONTROL]),
    st.sampled_from("abcdef"),
    st.integers(0, 6).map(float),
    st.integers(0, 60).map(float),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(replies, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter_and_all_is_finite(answers: list[Reply], chance: object) -> None:
    found = compare(answers, 18.0)
    mixed = list(answers)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    again = compare(mixed, 18.0)
    for ours, theirs in ((found.per_frame, again.per_frame), (found.per_usd, again.per_usd)):
        assert (ours is None) == (theirs is None)
        if ours and theirs:
            assert ours.difference.value == pytest.approx(theirs.difference.value)
            assert ours.difference.high == pytest.approx(theirs.difference.high)
            assert np.isfinite([ours.difference.low, ours.chosen.high, ours.random.high]).all()
            assert 0 <= ours.probability_better <= 1
    assert found.sentence


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=5, max_size=30), st.lists(st.integers(0, 5), min_size=5, max_size=30))
def test_swapping_the_arms_turns_the_result_round(chosen: list[int], random: list[int]) -> None:
    def made(first: Purpose, second: Purpose) -> list[Reply]:
        return [
            Reply(0, purpose, f"{purpose}{i}", float(c), 5.0)
            for purpose, found in ((first, chosen), (second, random))
            for i, c in enumerate(found)
        ]

    # the floor of one correction's variance is the same in both, as are the clips: only the names are exchanged
    one, other = compare(made(REVIEW, CONTROL), 18.0).per_frame, compare(made(CONTROL, REVIEW), 18.0).per_frame
    assert one
    assert other
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.probability_better == pytest.approx(1 - other.probability_better, abs=0.02)
