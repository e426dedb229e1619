"""Several teachers as one: weighted boxes fusion, class by class, with each member's vote kept.

Solovyev, Wang & Gabruseva 2021, as the library ensemble-boxes has it. A fused box lies where its boxes lie on average,
each weighted by its score; its score is their mean, times the share of the members (by weight) that saw it: a box that
one of two saw keeps at most half of its score. So disagreement is uncertainty, and whoever reads scores sees it.

The library wants coordinates as shares of the picture, divides by the sum of scores, and lets two boxes of one member
count as two members in most of its ways to score: here nothing has score 0, and the way that counts members is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, clean, iou_matrix
from nightshift.domain.models import Detector, Image
from nightshift.domain.votes import Voted
from nightshift.teachers._merge import SAME_OBJECT_IOU

FUSE_IOU = 0.55  # boxes of one class that overlap by more are one object; the authors' own value
RIVAL_IOU = 0.7  # boxes of two classes that overlap by so much, and that no member sees both of, are one object


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Teachers that look at every image one after another.

    Args:
        version: names all members and their weights.
        members: at least two.
        weights: (members, classes) float64, positive: how much each counts.
        threshold: lowest fused score kept.
    """

    version: str
    members: tuple[Detector, ...]
    weights: NDArray[np.float64]
    threshold: float

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One box an object, best first, with votes; the prompt is that of the member that was surest."""
        return [one_of_rivals(each) for each in self.candidates(images)]

    def candidates(self, images: Sequence[Image]) -> list[Voted]:
        """As `detect`, but an object of which members think otherwise is there once a class."""
        said = zip(*(member.detect(images) for member in self.members), strict=True)
        sizes = [(image.shape[1], image.shape[0]) for image in images]
        return [self.fused(each, size) for each, size in zip(said, sizes, strict=True)]

    def fused(self, said: Sequence[Detections], size: tuple[int, int]) -> Voted:
        """What the members said of one image of (width, height), as one."""
        return fuse(said, self.weights, size).above(self.threshold)


def fuse(said: Sequence[Detections], weights: NDArray[np.float64], size: tuple[int, int]) -> Voted:
    """One box for all that the members saw of one object and called by one class; best score first.

    Args:
        said: of each member.
        weights: (members, classes), positive.
        size: (width, height) of the image.
    """
    labels = sorted({int(label) for each in said for label in each.classes})
    parts = [_one_class([_of(each, label) for each in said], label, weights[:, label], size) for label in labels]
    return _joined([_nothing(len(said)), *parts]).by_score()


def one_of_rivals(found: Voted) -> Voted:
    """Of several classes on one object the one with the best score; best score first.

    Two boxes are one object where they overlap as `_merge` says of one model's, or by RIVAL_IOU where no member saw
    both: two models draw two boxes around one object, and one model that sees a rider and a bicycle means both.
    """
    ranked = found.by_score()
    seen = (ranked.votes > 0).astype(np.float32)
    overlaps = iou_matrix(ranked.boxes, ranked.boxes)
    same = (overlaps >= SAME_OBJECT_IOU) | ((overlaps >= RIVAL_IOU) & (seen @ seen.T == 0))
    kept: list[int] = []
    for index in range(len(ranked)):
        if not same[index, kept].any():
            kept.append(index)
    return ranked.take(np.array(kept, np.intp))


def _nothing(members: int) -> Voted:
    empty = Detections.empty()
    return Voted(empty.boxes, empty.classes, empty.scores, votes=np.zeros((0, members), np.float32))


def _of(said: Detections, label: int) -> Detections:
    return said.take((said.classes == label) & (said.scores > 0))


def _one_class(said: Sequence[Detections], label: int, weights: NDArray[np.float64], size: tuple[int, int]) -> Voted:
    from ensemble_boxes.ensemble_boxes_wbf import weighted_boxes_fusion  # noqa: PLC0415 - an extra, and brings numba

    scale = np.array([*size, *size], np.float64)
    shares = [np.clip(each.boxes / scale, 0, 1) for each in said]
    zeros = [np.zeros(len(each)) for each in said]
    boxes, scores, _ = weighted_boxes_fusion(
        shares,
        [each.scores for each in said],
        zeros,
        weights=weights,
        iou_thr=FUSE_IOU,
        conf_type="box_and_model_avg",
    )
    found = clean(boxes * scale, np.full(len(boxes), label), scores, size)
    votes, prompts = _votes(found, said, weights)
    return Voted(found.boxes, found.classes, found.scores, prompts, votes=votes)


def _votes(
    found: Detections, said: Sequence[Detections], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(n, members) scores, (n,) prompts: each box of a member is a vote for the fused one that it overlaps most."""
    votes = np.zeros((len(found), len(said)), np.float32)
    prompts, surest = np.full(len(found), -1, np.int64), np.zeros(len(found))
    for member, each in enumerate(said):
        if not len(found) or not len(each):
            continue
        for box, at in enumerate(iou_matrix(each.boxes, found.boxes).argmax(axis=1)):
            votes[at, member] = max(votes[at, member], each.scores[box])
            if (sure := each.scores[box] * weights[member]) > surest[at]:
                surest[at], prompts[at] = sure, each.prompts[box]
    return votes, prompts


def _joined(parts: Sequence[Voted]) -> Voted:
    boxes, classes, scores, prompts, votes = (
        np.concatenate([getattr(each, name) for each in parts])
        for name in ("boxes", "classes", "scores", "prompts", "votes")
    )
    return Voted(boxes, classes, scores, prompts, votes=votes)
