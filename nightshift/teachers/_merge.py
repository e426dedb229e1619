"""From what a zero-shot detector said about prompts to one box an object. Knows no model.

Two rules, both greedy non-maximum suppression by score:
- boxes of one class that overlap by SAME_CLASS_IOU or more are one object: two prompts of a class, or two
  queries of the model, found it twice. 0.7 is loose enough to keep parts that lie in a heap apart.
- boxes of different classes that overlap by SAME_OBJECT_IOU or more are one object that answers to two
  prompts: the better score decides, for a person would have to delete the other.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from nightshift.domain.detections import Detections

SAME_CLASS_IOU = 0.7
SAME_OBJECT_IOU = 0.9


def merge(found: Detections, class_of: NDArray[np.int64]) -> Detections:
    """One box an object, best score first.

    Args:
        found: the classes are indices of prompts.
        class_of: (prompts,) the class index of each prompt.

    Returns:
        The detections, with class indices, each with the prompt that found it: of several, the best score's.
    """
    return one_class_each(candidates(found, class_of))


def candidates(found: Detections, class_of: NDArray[np.int64]) -> Detections:
    """As `merge`, but an object that answers to prompts of two classes is still there once a class."""
    ranked = found.by_score()
    once = ranked.take(_distinct(ranked, class_of[ranked.classes], SAME_CLASS_IOU))
    return Detections(once.boxes, class_of[once.classes], once.scores, once.classes, once.masks)


def one_class_each(found: Detections) -> Detections:
    """Of several classes on one object the one with the best score; best score first."""
    ranked = found.by_score()
    return ranked.take(_distinct(ranked, np.zeros(len(ranked), np.int64), SAME_OBJECT_IOU))


def _distinct(ranked: Detections, groups: NDArray[np.int64], overlap: float) -> NDArray[np.intp]:
    boxes, scores = torch.tensor(ranked.boxes), torch.tensor(ranked.scores)
    return np.sort(batched_nms(boxes, scores, torch.tensor(groups), overlap).numpy())
