"""COCO's average precision of a set of frames, computed by faster-coco-eval.

As COCO: 101 recall points, IoU 0.50 to 0.95 in steps of 0.05, the 100 best boxes of a class in a frame. A class
that the truth does not contain has no average precision and does not enter the means. Where all frames of both sides
have masks, IoU is that of the masks, else that of the boxes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, area, on_equal_terms
from nightshift.domain.masks import mask_areas


@dataclass(frozen=True, slots=True)
class Scores:
    """Average precisions, each in [0, 1].

    Args:
        map50_95: mean over classes and IoU thresholds 0.50:0.05:0.95; 0 when the truth is empty.
        map50: mean over classes at IoU 0.50; 0 when the truth is empty.
        per_class: class name → its mean over the IoU thresholds; only classes that the truth contains.
        per_class50: the same at IoU 0.50.
        by_masks: whether IoU is that of masks.
    """

    map50_95: float
    map50: float
    per_class: dict[str, float] = field(default_factory=dict)
    per_class50: dict[str, float] = field(default_factory=dict)
    by_masks: bool = False

    def __post_init__(self) -> None:
        values = (self.map50_95, self.map50, *self.per_class.values(), *self.per_class50.values())
        if not all(0 <= value <= 1 for value in values):
            raise ValueError("an average precision lies outside [0, 1]")


def evaluate(
    truth: Sequence[Detections],
    found: Sequence[Detections],
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]] | None = None,
) -> Scores:
    """The scores of what was found, frame by frame.

    Args:
        truth: what is there; its scores are ignored.
        found: what a model found, in the same order of frames.
        names: class names by index.
        sizes: (width, height) of each frame, for the COCO records; scores do not depend on them.

    Raises:
        ValueError: lengths differ, or a class has no name.
    """
    check(truth, found, len(names))
    if not any(len(each) for each in truth):
        return Scores(0.0, 0.0)
    truth, found = on_equal_terms(truth, found)
    precision = _precision(truth, found, names, sizes or [(0, 0)] * len(truth))
    return Scores(
        map50_95=_mean(precision),
        map50=_mean(precision[:1]),
        per_class=_by_class(precision, names),
        per_class50=_by_class(precision[:1], names),
        by_masks=_masked(truth),
    )


def check(truth: Sequence[Detections], found: Sequence[Detections], classes: int) -> None:
    """Raise ValueError unless both speak of the same frames and classes."""
    if len(truth) != len(found):
        raise ValueError(f"{len(truth)} frames of truth but {len(found)} of detections")
    for each in (*truth, *found):
        if (each.classes >= classes).any():
            raise ValueError(f"class {each.classes.max()} has no name; there are {classes}")


def _precision(
    truth: Sequence[Detections],
    found: Sequence[Detections],
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]],
) -> NDArray[np.float64]:
    """Interpolated precision (IoU thresholds, recall points, classes); -1 where a class is not in the truth."""
    silent: Any = _say_nothing
    images = [{"id": i, "width": w, "height": h} for i, (w, h) in enumerate(sizes, start=1)]
    categories = [{"id": i, "name": name} for i, name in enumerate(names, start=1)]
    boxes = list(_annotations(truth))
    known = COCO({"images": images, "categories": categories, "annotations": boxes}, print_function=silent)
    answer = known.loadRes(list(_annotations(found)))
    run = COCOeval_faster(known, answer, iouType="segm" if _masked(truth) else "bbox", print_function=silent)
    run.params.areaRng, run.params.areaRngLbl = run.params.areaRng[:1], run.params.areaRngLbl[:1]
    run.evaluate()
    run.accumulate()
    precision: NDArray[np.float64] = np.asarray(run.eval["precision"], np.float64)[:, :, :, 0, -1]
    return precision


def _annotations(frames: Sequence[Detections]) -> Iterable[dict[str, Any]]:
    number = 0
    for image, frame in enumerate(frames, start=1):
        sizes = np.concatenate([frame.boxes[:, :2], frame.boxes[:, 2:] - frame.boxes[:, :2]], axis=1)
        rows = zip(sizes.tolist(), frame.classes.tolist(), frame.scores.tolist(), _places(frame), strict=True)
        for box, category, score, place in rows:
            number += 1
            known = {"id": number, "image_id": image, "category_id": category + 1}
            yield {**known, "bbox": box, "score": score, "iscrowd": 0, **place}


def _places(frame: Detections) -> list[dict[str, Any]]:
    """What COCO calls area and segmentation; boxes have no segmentation."""
    if frame.masks is None:
        return [{"area": float(each)} for each in area(frame.boxes)]
    pairs = zip(frame.masks.records, mask_areas(frame.masks), strict=True)
    return [{"segmentation": record, "area": float(pixels)} for record, pixels in pairs]


def _masked(frames: Sequence[Detections]) -> bool:
    return any(each.masks is not None for each in frames)


def _mean(precision: NDArray[np.float64]) -> float:
    present = precision[precision > -1]
    return float(present.mean()) if present.size else 0.0


def _by_class(precision: NDArray[np.float64], names: Sequence[str]) -> dict[str, float]:
    values = {name: precision[:, :, i] for i, name in enumerate(names)}
    return {name: _mean(each) for name, each in values.items() if (each > -1).any()}


def _say_nothing(*_words: object) -> None:
    return
