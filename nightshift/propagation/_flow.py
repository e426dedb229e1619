"""Boxes followed by points in them: median flow (Kalal, Mikolajczyk and Matas, "Forward-Backward Error", 2010).

Points in a box are followed to the next frame and back (pyramidal Lucas-Kanade, Bouguet 2000). Those that do not come
back to where they were are left out; the box moves by the median of the others, and grows as their distances do. The
score is the overlap that is to be expected with what a person would draw, see `_expected`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.models import Image
from nightshift.domain.tracks import Track

RULES = 1  # to be raised when anything here changes what is found
POINTS, FEWEST = 40, 5  # in a box; fewer that come back tell nothing
RETURN = 1.5  # pixels by which a point may miss where it came from
GROWTH = 0.10  # most that a box may grow or shrink from one frame to the next
INSIDE = 0.35  # of a box that must be in the frame: people do not label less
LEAST_LIKE = 0.0  # correlation with how it looked at first: below it is something else
SOFT = 1.0  # pixels of blur, against the camera's noise
CONTRAST, TILES = 3.0, (4, 4)  # most that contrast is raised, and in how many parts of the frame on its own
SIDE = 24  # pixels of the look that is compared
TOGETHER = 3.0  # pixels by which a point may move otherwise than its object
RIM = 0.08  # of a box on each side, where what is behind it shows
EDGE = 1.5  # pixels from the border at which a box is taken to be cut off by it
LEAST_SIDE = 4  # pixels
CURVE = (3.8, -0.12, -2.7, -2.3)  # see `_expected`
_lucas_kanade: Any = cv2.calcOpticalFlowPyrLK  # its types leave out that new points may be None
LUCAS_KANADE: dict[str, Any] = {"winSize": (25, 25), "maxLevel": 4}
Grey = NDArray[np.uint8]
Points = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Object:
    """An object on its way.

    Args:
        box: (4,) xyxy pixels, beyond the border too.
        look: (SIDE, SIDE) grey, of the known frame.
        score: expected overlap; 0 once it is lost.
        strain: sum of what each step may have cost.
        cut: whether the border cut it off when it was known.
    """

    box: Floats
    look: Grey
    score: float
    strain: float = 0.0
    cut: bool = False


class FlowFollower:
    """Follows boxes by their points."""

    @property
    def version(self) -> str:
        """There is nothing else to tell them apart by."""
        return f"flow@{RULES}-opencv{cv2.__version__}"

    def follow(self, images: Sequence[Image], first: Detections) -> list[Track]:
        """One track for each box, see `Follower`."""
        before = _grey(images[0])
        objects = [_known(before, box) for box in first.boxes.astype(np.float64)]
        boxes, scores = [[_shown(each, before.shape) for each in objects]], [[1.0] * len(objects)]
        for i in range(1, len(images)):
            now = _grey(images[i])
            objects = _step(before, now, objects)
            boxes.append([_shown(each, now.shape) for each in objects])
            scores.append([each.score for each in objects])
            before = now
        return [
            Track(
                int(label),
                np.array([row[k] for row in boxes], np.float32),
                np.array([row[k] for row in scores], np.float32),
            )
            for k, label in enumerate(first.classes)
        ]


def _grey(image: Image) -> Grey:
    """Grey of even contrast, so that what lies in the dark has points too (Zuiderveld 1994, "CLAHE")."""
    soft = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), SOFT)
    return np.asarray(cv2.createCLAHE(CONTRAST, TILES).apply(soft), np.uint8)


def _known(grey: Grey, box: Floats) -> _Object:
    height, width = grey.shape
    cut = bool((box[:2] <= EDGE).any() or box[2] >= width - EDGE or box[3] >= height - EDGE)
    return _Object(box, _look(grey, box), 1.0, cut=cut)


def _step(before: Grey, now: Grey, objects: Sequence[_Object]) -> list[_Object]:
    """Where the objects are one frame later."""
    points = [_points(before, each) for each in objects]
    ends, misses = _there_and_back(before, now, np.concatenate([np.zeros((0, 2), np.float32), *points]))
    cuts = np.cumsum([len(each) for each in points])[:-1]
    moves = zip(objects, points, np.split(ends, cuts), np.split(misses, cuts), strict=True)
    return [_moved(now, *each) for each in moves]


def _points(grey: Grey, each: _Object) -> Points:
    """(n, 2) places in a box that can be told from their surroundings; none in a lost one."""
    x1, y1, x2, y2 = _inner(each.box, grey.shape)
    if each.score <= 0 or x2 - x1 < LEAST_SIDE or y2 - y1 < LEAST_SIDE:
        return np.zeros((0, 2), np.float32)
    found: Any = cv2.goodFeaturesToTrack(grey[y1:y2, x1:x2], POINTS, 0.01, 3)
    if found is None:
        return _regular(x1, y1, x2, y2)
    return np.asarray(found.reshape(-1, 2) + np.array((x1, y1)), np.float32)


def _inner(box: Floats, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box without its rim, where background shows, as whole pixels of the frame."""
    rim = RIM * (box[2:] - box[:2])
    low = np.maximum(np.ceil(box[:2] + rim), 0).astype(int)
    high = np.minimum(np.floor(box[2:] - rim), (shape[1], shape[0])).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _regular(x1: int, y1: int, x2: int, y2: int) -> Points:
    """A grid, where nothing stands out."""
    across, down = np.meshgrid(np.linspace(x1, x2 - 1, 5), np.linspace(y1, y2 - 1, 5))
    return np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float32)


def _there_and_back(before: Grey, now: Grey, points: Points) -> tuple[Points, NDArray[np.float32]]:
    """Where points go, and by how many pixels they miss where they came from on their way back; infinite when lost."""
    if not len(points):
        return points, np.zeros(0, np.float32)
    there, seen, _ = _lucas_kanade(before, now, points, None, **LUCAS_KANADE)
    back, again, _ = _lucas_kanade(now, before, there, None, **LUCAS_KANADE)
    miss = np.linalg.norm(back - points, axis=1)
    height, width = now.shape
    inside = ((there >= 0) & (there < (width, height))).all(axis=1)
    kept = seen.ravel().astype(bool) & again.ravel().astype(bool) & inside
    return there, np.where(kept, miss, np.inf).astype(np.float32)


def _moved(now: Grey, each: _Object, points: Points, ends: Points, misses: NDArray[np.float32]) -> _Object:
    """The object where its points have gone; lost when they have not, or when it left."""
    good = misses <= RETURN
    if each.score <= 0 or good.sum() < FEWEST:
        return replace(each, score=0.0)
    steps = ends[good] - points[good]
    shift = np.median(steps, axis=0)
    with_it = good.copy()
    with_it[good] = np.linalg.norm(steps - shift, axis=1) <= TOGETHER
    if with_it.sum() < FEWEST:
        return replace(each, score=0.0)
    box = _carried(each.box, shift.astype(np.float64), _growth(points[with_it], ends[with_it]))
    share = float(with_it.sum()) / len(points)
    strain = each.strain + float(np.median(misses[with_it])) + (1 - share)
    return _scored(now, replace(each, box=box, strain=strain))


def _carried(box: Floats, shift: Floats, growth: float) -> Floats:
    middle, half = (box[:2] + box[2:]) / 2 + shift, (box[2:] - box[:2]) / 2 * growth
    return np.concatenate([middle - half, middle + half])


def _growth(points: Points, ends: Points) -> float:
    """By what the distances between points have grown: their median, as a few wrong points must not count."""
    first, second = np.triu_indices(len(points), 1)
    were = np.linalg.norm(points[first] - points[second], axis=1)
    far = were > LEAST_SIDE
    if far.sum() < FEWEST:
        return 1.0
    are = np.linalg.norm(ends[first[far]] - ends[second[far]], axis=1)
    return float(np.clip(np.median(are / were[far]), 1 - GROWTH, 1 + GROWTH))


def _scored(now: Grey, each: _Object) -> _Object:
    inside = _inside(each.box, now.shape)
    like = _alike(each.look, _look(now, each.box))
    if inside < INSIDE or like < LEAST_LIKE:
        return replace(each, score=0.0)
    return replace(each, score=_expected(each.strain, like, cut=each.cut))


def _expected(strain: float, like: float, *, cut: bool) -> float:
    """The overlap with what a person would draw that is to be expected.

    A logistic curve, fitted to rendered clips by `python -m benchmarks.propagation --fit`.
    """
    at, by_strain, by_looks, by_cut = CURVE
    return float(1 / (1 + np.exp(-(at + by_strain * strain + by_looks * (1 - like) + by_cut * cut))))


def _inside(box: Floats, shape: tuple[int, ...]) -> float:
    """Share of a box that lies in the frame."""
    limit = np.array([shape[1], shape[0], shape[1], shape[0]], np.float64)
    clipped = np.clip(box, 0, limit)
    whole = (box[2:] - box[:2]).prod()
    return float((clipped[2:] - clipped[:2]).prod() / whole) if whole > 0 else 0.0


def _shown(each: _Object, shape: tuple[int, ...]) -> Floats:
    """What of its box lies in the frame."""
    limit = np.array([shape[1], shape[0], shape[1], shape[0]], np.float64)
    return np.clip(each.box, 0, limit)


def _look(grey: Grey, box: Floats) -> Grey:
    """(SIDE, SIDE) what is in a box, at one size; beyond the border as at the border."""
    x1, y1, x2, y2 = box
    across, down = SIDE / (x2 - x1), SIDE / (y2 - y1)
    move = np.array([[across, 0, -x1 * across], [0, down, -y1 * down]], np.float64)
    return np.asarray(
        cv2.warpAffine(grey, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _alike(first: Grey, second: Grey) -> float:
    """Correlation of two looks in [-1, 1]: brighter or darker is still the same thing."""
    one, other = first.astype(np.float64) - first.mean(), second.astype(np.float64) - second.mean()
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size > 0 else 1.0
