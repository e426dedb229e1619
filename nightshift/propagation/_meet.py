"""Where the tracks from two known frames meet: one object, one box.

Tracks that lie on each other are one object. Between the two known frames its box goes over from the one to the other,
each side trusted by its score and by how near its known frame is. An object that only one side knows has entered, left
or been lost; where the other known frame says that it is not there although the track still is, the track is believed
less the nearer that frame is.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from nightshift.domain.detections import Boxes, Detections, area, iou_matrix
from nightshift.domain.tracks import Track
from nightshift.propagation._gaps import Gap

SAME = 0.3  # mean overlap from which on two tracks are one object
AWAY = 0.05  # what a side still counts at the other one's known frame
CROWDED = 0.85  # overlap of one class from which on the weaker of two boxes is the stronger's copy
Floats = NDArray[np.float64]


def meet(forward: Sequence[Track], backward: Sequence[Track], gap: Gap) -> Iterator[Detections]:
    """The labels of each frame of a gap, in their order.

    Args:
        forward: tracks from the frame before, told from it on.
        backward: tracks from the frame after, told up to it.
        gap: where both lie.
    """
    span = _Span(gap)
    ahead = [span.spread(each, gap.forward) for each in forward]
    behind = [span.spread(each, gap.backward[::-1]) for each in backward]
    pairs = _pairs(ahead, behind)
    met, met_too = {i for i, _ in pairs}, {j for _, j in pairs}
    tracks = [_fused(ahead[i], behind[j]) for i, j in pairs]
    tracks += [span.doubted(each, at_end=True) for i, each in enumerate(ahead) if i not in met]
    tracks += [span.doubted(each, at_end=False) for j, each in enumerate(behind) if j not in met_too]
    for i in gap.between:
        yield _frame(tracks, i - span.start)


class _Span:
    """The frames of a gap with the known ones at its ends, as columns that tracks from both sides share."""

    def __init__(self, gap: Gap) -> None:
        self.start = gap.first if gap.before is None else gap.before
        self.end = gap.last if gap.after is None else gap.after
        self.closed = gap.before is not None and gap.after is not None

    def spread(self, track: Track, way: Sequence[int]) -> Track:
        """A track over all columns; unseen where it did not get to."""
        boxes, scores = (
            np.zeros((self.end - self.start + 1, 4), np.float32),
            np.zeros(self.end - self.start + 1, np.float32),
        )
        columns = np.asarray(way) - self.start
        boxes[columns], scores[columns] = track.boxes, track.scores
        return Track(track.label, boxes, scores)

    def doubted(self, track: Track, *, at_end: bool) -> Track:
        """A track that the other known frame does not confirm: less sure towards it if it is still seen there."""
        if not self.closed or not track.seen[-1 if at_end else 0]:
            return track
        fade = np.linspace(1, 0, len(track.scores), dtype=np.float32)
        return Track(track.label, track.boxes, track.scores * (fade if at_end else fade[::-1]))


def _pairs(ahead: Sequence[Track], behind: Sequence[Track]) -> list[tuple[int, int]]:
    if not ahead or not behind:
        return []
    alike = np.array([[_alike(a, b) for b in behind] for a in ahead], np.float64)
    rows, columns = linear_sum_assignment(-alike)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if alike[i, j] >= SAME]


def _alike(first: Track, second: Track) -> float:
    """Mean overlap where both are seen; 0 for two classes, or where they never are."""
    both = first.seen & second.seen
    if first.label != second.label or not both.any():
        return 0.0
    return float(overlaps(first.boxes[both], second.boxes[both]).mean())


def overlaps(first: Boxes, second: Boxes) -> Floats:
    """(n,) intersection over union of boxes one by one."""
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    common = np.clip(sides.astype(np.float64), 0, None).prod(axis=1)
    return np.asarray(common / np.maximum(area(first) + area(second) - common, 1e-9), np.float64)


def _fused(first: Track, second: Track) -> Track:
    """One track from two: where both are seen their mean, where one is, that one.

    A side counts by its odds, so that one that only knows what the border left of the object hardly counts.
    """
    near = np.linspace(1, 0, len(first.scores))
    one, other = _odds(first) * (near + AWAY), _odds(second) * (near[::-1] + AWAY)
    share = one / np.maximum(one + other, 1e-9)
    boxes = share[:, None] * first.boxes + (1 - share[:, None]) * second.boxes
    scores = np.maximum(first.scores, second.scores).astype(np.float64)
    both = first.seen & second.seen
    if both.any():
        believed = (share * first.scores + (1 - share) * second.scores)[both]
        scores[both] = (believed + overlaps(first.boxes[both], second.boxes[both])) / 2
    return Track(first.label, np.asarray(boxes, np.float32), np.asarray(np.clip(scores, 0, 1), np.float32))


def _odds(track: Track) -> Floats:
    scores = track.scores.astype(np.float64)
    return np.asarray(scores / (1 + 1e-3 - scores), np.float64)


def _frame(tracks: Sequence[Track], at: int) -> Detections:
    seen = [each for each in tracks if each.seen[at]]
    if not seen:
        return Detections.empty()
    found = Detections.of([t.boxes[at] for t in seen], [t.label for t in seen], [t.scores[at] for t in seen])
    return _without_copies(found.by_score())


def _without_copies(found: Detections) -> Detections:
    """Best first, one of a class at a place."""
    copies = (iou_matrix(found.boxes, found.boxes) > CROWDED) & (found.classes[:, None] == found.classes[None, :])
    keep = np.ones(len(found), np.bool_)
    for i in range(len(found)):
        keep[i] = not (copies[i, :i] & keep[:i]).any()
    return found.take(keep)
