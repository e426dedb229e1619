"""The paired bootstrap over clips, and the gate that reads it."""

import numpy as np
import pytest

from nightshift.domain.detections import Detections
from nightshift.evaluation.bootstrap import Gain, paired_gain, resample
from nightshift.evaluation.gate import decide

NAMES = ("bolt",)
CLIPS = [f"clip {i // 3}" for i in range(30)]


def truth() -> list[Detections]:
    return [Detections.of([[10, 10, 30, 30], [50, 50, 90, 90]], [0, 0]) for _ in CLIPS]


def found(hit: float, seed: int) -> list[Detections]:
    """Each box found with probability `hit`."""
    rng = np.random.default_rng(seed)
    kept = [each.take(rng.random(len(each)) < hit) for each in truth()]
    return [Detections.of(each.boxes, each.classes, rng.uniform(0.3, 1, len(each))) for each in kept]


def gain(ours: list[Detections], theirs: list[Detections], draws: int = 200) -> Gain:
    return paired_gain(truth(), ours, theirs, CLIPS, NAMES, np.random.default_rng(7), draws)


def test_a_student_is_no_better_than_itself() -> None:
    assert gain(found(0.7, 1), found(0.7, 1)) == Gain(0.0, 0.0, 0.0, 0.5)


def test_a_much_better_student_is_better_in_every_draw() -> None:
    better = gain(found(0.95, 1), found(0.4, 2))
    assert better.probability_better == 1
    assert 0 < better.low <= better.mean <= better.high


def test_changing_sides_turns_the_gain_around() -> None:
    there, back = gain(found(0.8, 1), found(0.7, 2)), gain(found(0.7, 2), found(0.8, 1))
    assert there.mean == pytest.approx(-back.mean)
    assert there.low == pytest.approx(-back.high)
    assert there.probability_better == pytest.approx(1 - back.probability_better)


def test_one_seed_gives_one_answer() -> None:
    assert gain(found(0.8, 1), found(0.7, 2)) == gain(found(0.8, 1), found(0.7, 2))


def test_clips_are_drawn_whole_and_as_many_as_there_are() -> None:
    weights = resample(CLIPS, 50, np.random.default_rng(0))
    by_clip = weights.reshape(50, 10, 3)
    assert (by_clip == by_clip[:, :, :1]).all()
    assert (weights.sum(axis=1) == len(CLIPS)).all()


def test_frames_of_one_clip_widen_the_interval_as_they_bring_less_news() -> None:
    def width(clips: list[str]) -> float:
        half = [each if i < 15 else Detections.empty() for i, each in enumerate(found(1, 1))]
        result = paired_gain(truth(), half, found(0.7, 2), clips, NAMES, np.random.default_rng(7), 200)
        return result.high - result.low

    assert width([f"clip {i // 15}" for i in range(30)]) > width([f"clip {i}" for i in range(30)])


def test_where_nothing_is_there_nobody_is_better() -> None:
    empty = [Detections.empty()] * 2
    result = paired_gain(empty, empty, empty, ["a", "b"], NAMES, np.random.default_rng(0))
    assert result == Gain(0.0, 0.0, 0.0, 0.5)


def test_a_clip_for_each_frame_is_needed() -> None:
    with pytest.raises(ValueError, match="29 clips for 30 frames"):
        paired_gain(truth(), truth(), truth(), CLIPS[:-1], NAMES, np.random.default_rng(0))


def test_the_first_student_is_promoted_without_a_rival() -> None:
    assert decide(None, rival=False).promote


def test_without_a_challenger_or_a_comparison_the_champion_stays() -> None:
    assert not decide(None, challenger=False).promote
    assert not decide(None, rival=False, challenger=False).promote
    assert not decide(None).promote


@pytest.mark.parametrize(("probability", "promoted"), [(0.79, False), (0.80, True), (1.0, True), (0.5, False)])
def test_a_challenger_is_promoted_when_it_is_probably_better(probability: float, promoted: bool) -> None:
    verdict = decide(Gain(0.012, -0.01, 0.034, probability))
    assert verdict.promote is promoted
    assert f"{probability:.2f}" in verdict.reason
    assert "+1.2 points of mAP50 (-1.0 to +3.4" in verdict.reason


def test_a_gain_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="not a gain"):
        Gain(0.0, 0.2, 0.1, 0.5)
    with pytest.raises(ValueError, match="not a gain"):
        Gain(0.0, 0.0, 0.1, 1.5)
