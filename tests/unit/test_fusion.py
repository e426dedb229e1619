"""Several teachers as one: where boxes come to lie, what they score, who voted, and when it is worth it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections, iou_matrix
from nightshift.domain.ledger import Ledger, Tally
from nightshift.domain.votes import Voted
from nightshift.evaluation.fusion import fusion_is_better
from nightshift.evaluation.reliability import measured, reliability, weights
from nightshift.teachers._fusion import RIVAL_IOU, fuse, one_of_rivals

SIZE = (1000, 1000)
EQUAL = np.ones((2, 3))


def test_what_both_saw_lies_between_them_and_keeps_the_mean_of_their_scores() -> None:
    first = Detections.of([[100, 100, 200, 200]], [0], [0.8])
    second = Detections.of([[110, 100, 210, 200]], [0], [0.4])
    fused = fuse([first, second], EQUAL, SIZE)
    np.testing.assert_allclose(fused.boxes, [[103.33, 100, 203.33, 200]], atol=0.01)  # by 2 to 1
    np.testing.assert_allclose(fused.scores, [0.6], atol=1e-6)
    assert fused.agreement.tolist() == [1]
    np.testing.assert_allclose(fused.votes, [[0.8, 0.4]])


def test_what_one_of_two_saw_keeps_half_of_its_score() -> None:
    fused = fuse([Detections.of([[0, 0, 10, 10]], [1], [0.9]), Detections.empty()], EQUAL, SIZE)
    np.testing.assert_allclose(fused.scores, [0.45], atol=1e-6)
    assert fused.agreement.tolist() == [0.5]


def test_two_boxes_of_one_member_are_one_vote() -> None:
    twice = Detections.of([[0, 0, 100, 100], [5, 0, 105, 100]], [0, 0], [0.8, 0.8])
    fused = fuse([twice, Detections.empty()], EQUAL, SIZE)
    np.testing.assert_allclose(fused.scores, [0.4], atol=1e-6)


def test_a_member_that_is_trusted_more_counts_more() -> None:
    first = Detections.of([[100, 100, 200, 200]], [0], [0.8])
    trust = np.array([[3.0, 1, 1], [1, 1, 1]])
    alone = fuse([first, Detections.empty()], trust, SIZE)
    np.testing.assert_allclose(alone.scores, [0.8 * 3 / 4], atol=1e-6)


def test_the_prompt_is_that_of_the_surest_vote() -> None:
    first = Detections.of([[0, 0, 100, 100]], [0], [0.5], [4])
    second = Detections.of([[0, 0, 100, 100]], [0], [0.6], [5])
    assert fuse([first, second], EQUAL, SIZE).prompts.tolist() == [5]
    assert fuse([first, second], np.array([[2.0], [1.0]]), SIZE).prompts.tolist() == [4]


def test_members_that_call_one_object_by_two_names_leave_the_better_name() -> None:
    first = Detections.of([[0, 0, 100, 100]], [0], [0.9])
    second = Detections.of([[0, 0, 100, 80]], [1], [0.6])
    left = one_of_rivals(fuse([first, second], EQUAL, SIZE))
    assert left.classes.tolist() == [0]
    np.testing.assert_allclose(left.scores, [0.45], atol=1e-6)


def test_two_classes_that_one_member_saw_both_are_two_objects() -> None:
    rider = Detections.of([[0, 0, 100, 100], [0, 0, 100, 80]], [0, 1], [0.9, 0.8])
    assert len(one_of_rivals(fuse([rider, Detections.empty()], EQUAL, SIZE))) == 2


def test_nothing_seen_is_nothing_with_room_for_votes() -> None:
    assert fuse([Detections.empty()] * 2, EQUAL, SIZE).votes.shape == (0, 2)


@settings(max_examples=30)
@given(st.lists(detections(classes=3), min_size=2, max_size=3))
def test_every_fused_box_lies_where_somebody_saw_one_and_nobody_is_surer_than_its_voters(
    said: list[Detections],
) -> None:
    fused = fuse(said, np.ones((len(said), 3)), (10_000, 10_000))
    assert (fused.scores <= fused.votes.max(axis=1, initial=0) + 1e-5).all()
    for box, label in zip(fused.boxes, fused.classes, strict=True):
        seen = np.concatenate([each.boxes[(each.classes == label) & (each.scores > 0)] for each in said])
        assert (iou_matrix(box[None], seen) > 0).any()
    assert sum(len(each) for each in said) >= len(fused)


@settings(max_examples=30)
@given(st.lists(detections(classes=3), min_size=2, max_size=3))
def test_no_object_is_left_with_two_classes_of_members_that_disagree(said: list[Detections]) -> None:
    left = one_of_rivals(fuse(said, np.ones((len(said), 3)), (10_000, 10_000)))
    overlaps = iou_matrix(left.boxes, left.boxes) - np.eye(len(left))
    seen = left.votes > 0
    apart = ~(seen[:, None] & seen[None, :]).any(axis=2)
    assert (overlaps[apart] < RIVAL_IOU).all()


@settings(max_examples=30)
@given(detections(classes=3))
def test_a_frame_fused_with_itself_is_as_sure_as_before(said: Detections) -> None:
    once = said.take(np.arange(min(1, len(said)))).above(0.01)
    fused = fuse([once, once], EQUAL, (10_000, 10_000))
    np.testing.assert_allclose(fused.scores, once.scores, atol=1e-5)


def test_votes_follow_their_boxes_and_must_fit_them() -> None:
    voted = Voted(np.array([[0, 0, 1, 1], [0, 0, 2, 2]]), [0, 1], [0.2, 0.9], votes=np.array([[0.2, 0], [0.9, 0.9]]))
    assert voted.by_score().votes[0].tolist() == pytest.approx([0.9, 0.9])
    assert voted.above(0.5).votes.shape == (1, 2)
    with pytest.raises(ValueError, match="2 boxes with votes of shape"):
        Voted(voted.boxes, voted.classes, voted.scores, votes=np.zeros((1, 2)))
    with pytest.raises(ValueError, match="a vote lies outside"):
        Voted(voted.boxes, voted.classes, voted.scores, votes=np.full((2, 2), 2.0))


# ---- when it is worth it


def _frames(number: int, right: float, rng: np.random.Generator) -> tuple[list[Detections], list[Detections]]:
    truth = [Detections.of([[10, 10, 60, 60]], [0]) for _ in range(number)]
    hit = rng.random(number) < right
    found = [
        Detections.of([[10, 10, 60, 60] if each else [200, 200, 260, 260]], [0], [0.5 + 0.4 * each]) for each in hit
    ]
    return truth, found


def test_a_fusion_that_finds_more_may_be_used_and_one_that_does_not_names_the_best_single() -> None:
    rng = np.random.default_rng(0)
    truth, weak = _frames(80, 0.4, rng)
    _, better = _frames(80, 0.6, rng)
    clips = [str(i) for i in range(80)]
    members = {"weak": weak, "better": better}
    ours = fusion_is_better(truth, truth, members, clips, ["bolt"], rng)
    assert ours.use
    assert ours.best == "better"
    assert ours.reason.startswith("The fusion may be used: it is better than 'better' with probability 1.00")
    theirs = fusion_is_better(truth, weak, members, clips, ["bolt"], rng)
    assert not theirs.use
    assert theirs.reason.startswith("Use 'better' without it: the fusion is better than 'better' with probability 0")
    assert [each.name for each in theirs.ratings] == ["better", "weak", "the fusion"]
    assert all(each.low <= each.map50 <= each.high for each in theirs.ratings)


def test_without_labels_or_with_a_tie_nothing_is_proven() -> None:
    rng = np.random.default_rng(0)
    truth, found = _frames(20, 0.5, rng)
    clips = [str(i) for i in range(20)]
    assert not fusion_is_better(truth, found, {"one": found}, clips, ["bolt"], rng).use
    empty = [Detections.empty()] * 20
    said = fusion_is_better(empty, found, {"one": found}, clips, ["bolt"], rng)
    assert not said.use
    assert "nothing shows that the fusion is better" in said.reason
    with pytest.raises(ValueError, match="no single teacher"):
        fusion_is_better(truth, found, {}, clips, ["bolt"], rng)


# ---- trust


def test_the_ledger_trusts_whoever_was_corrected_less_and_strangers_as_the_others() -> None:
    tallies = (
        Tally("a@1", 0, 5, kept=80, moved=10, relabelled=5, deleted=5, iou=0.9),
        Tally("b@1", 0, 5, kept=20, moved=10, relabelled=30, deleted=40, iou=0.9),
        Tally("fusion(a@1 & b@1)", 0, 5, kept=9, moved=0, relabelled=0, deleted=0, iou=1.0),
    )
    ledger = Ledger(tallies, (), (), 0, 0, 0.0)
    trust = reliability(ledger, ["a@1", "b@1", "c@1"], 2)
    assert trust[0, 0] > 1 > trust[1, 0] > 0
    assert trust[1, 0] < trust[2, 0] < trust[0, 0]
    np.testing.assert_allclose(reliability(ledger, ["x", "y"], 2), 1)


def test_labelled_frames_tell_the_same() -> None:
    rng = np.random.default_rng(0)
    truth, good = _frames(50, 0.9, rng)
    _, bad = _frames(50, 0.1, rng)
    trust = measured(truth, {"good": good, "bad": bad}, 1)
    assert trust[0, 0] > 1.3
    assert trust[1, 0] < 0.7


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=6, max_size=6))
def test_trust_is_positive_and_its_mean_is_one(counts: list[tuple[int, int]]) -> None:
    right = np.array([a for a, _ in counts], float).reshape(2, 3)
    wrong = np.array([b for _, b in counts], float).reshape(2, 3)
    trust = weights(right, right + wrong)
    assert (trust > 0).all()
    np.testing.assert_allclose(trust.mean(axis=0), 1)
