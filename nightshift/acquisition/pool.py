"""Everything that is known about the frames that may be asked, in one value that every acquisition function reads.

Knows no model and no store: the caller fills it from the scores, the embeddings and the ledger. What is not known stays
None (or empty), and a function that cannot do without it says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError

_BLOCK = 4096  # frames whose class scores are checked together
_PER_FRAME = ("shown", "student", "second", "mirrored", "labelled")
_ARRAYS = {
    "vectors": (np.float32, 2),
    "labelled_vectors": (np.float32, 2),
    "corrections": (np.float64, 1),
    "usd": (np.float64, 1),
    "class_counts": (np.int64, 1),
}


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """n frames that may be asked.

    Args:
        shown: n detections of the model whose boxes people would see, weak ones (score ≥ about 0.01) included.
        vectors: (n, d) float32, where each frame lies; d = 0 where no student knows.
        labelled_vectors: (k, d) float32, where the labelled frames lie.
        corrections: (n,) float64 ≥ 0, what asking is expected to bring: labels or corrections, weighed by class.
        usd: (n,) float64 > 0, price of asking.
        clips: n names.
        shown_above: boxes under it are not drawn for the person.
        class_counts: (C,) int64 ≥ 0, human-labelled boxes so far; its length is the number of classes.
        second: n detections of the other model, None where there are none; empty: no other model.
        labelled: n answers of people, None for frames nobody labelled; empty: none.
        student: n detections of the student; None where there is no student.
        probabilities: n arrays (m_i, C) of class scores, aligned with `student`; sigmoids, which need not sum to 1.
        mirrored: n detections of the student on the mirrored (or rescaled) frame, mapped back.
        labelled_holds: (k, C) bool, which classes people found on each labelled frame.
        class_difficulty: (C,) in [0, 1], how badly the student does on each class; None: estimated where needed.

    Raises:
        ValueError: lengths differ, or a value is outside its range.
    """

    shown: Sequence[Detections]
    vectors: NDArray[np.float32]
    labelled_vectors: NDArray[np.float32]
    corrections: NDArray[np.float64]
    usd: NDArray[np.float64]
    clips: Sequence[str]
    shown_above: float
    class_counts: NDArray[np.int64]
    second: Sequence[Detections | None] = ()
    labelled: Sequence[Detections | None] = ()
    student: Sequence[Detections] | None = None
    probabilities: Sequence[NDArray[np.float32]] | None = None
    mirrored: Sequence[Detections] | None = None
    labelled_holds: NDArray[np.bool_] | None = None
    class_difficulty: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name, (dtype, dimensions) in _ARRAYS.items():
            object.__setattr__(self, name, _array(name, getattr(self, name), dtype, dimensions))
        if not len(self.labelled_vectors):
            object.__setattr__(self, "labelled_vectors", self.vectors[:0])
        for name in ("second", "labelled"):
            object.__setattr__(self, name, getattr(self, name) or (None,) * len(self.shown))
        _check_lengths(self)
        _check_ranges(self)
        _check_student(self)

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_counts)

    def take(self, which: Sequence[int] | NDArray[np.intp]) -> "Pool":
        """The frames at these indices, in that order; what is known of labelled frames stays."""
        index = np.asarray(which, np.intp)
        lists: dict[str, Any] = {
            name: _taken(getattr(self, name), index) for name in (*_PER_FRAME, "probabilities", "clips")
        }
        arrays: dict[str, Any] = {name: getattr(self, name)[index] for name in ("vectors", "corrections", "usd")}
        return replace(self, **lists, **arrays)


def missing(function: str, needed: str, remedy: str) -> ConfigError:
    """The error of a function whose input is not there.

    Args:
        function: its name.
        needed: what it needs, as a noun.
        remedy: what to do next, as a sentence.
    """
    return ConfigError(f"acquisition '{function}'", f"it needs {needed}, and there is none", remedy)


def _taken(values: Sequence[Any] | None, index: NDArray[np.intp]) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values[i] for i in index.tolist())


def _array(name: str, values: ArrayLike, dtype: type, dimensions: int) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(values, dtype).view()
    if array.ndim != dimensions or not np.isfinite(array).all():
        raise ValueError(f"{name} must be {dimensions}-dimensional and finite")
    array.flags.writeable = False
    return array


def _check_lengths(pool: Pool) -> None:
    lengths = {name: getattr(pool, name) for name in (*_PER_FRAME, "probabilities", "clips", *_ARRAYS)}
    for name in ("labelled_vectors", "class_counts"):
        del lengths[name]
    wrong = [name for name, values in lengths.items() if values is not None and len(values) != len(pool)]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: not one for each of the {len(pool)} frames")
    if pool.vectors.shape[1] != pool.labelled_vectors.shape[1]:
        raise ValueError("vectors of the pool and of the labelled frames differ in length")
    if pool.labelled_holds is not None and pool.labelled_holds.shape != (len(pool.labelled_vectors), pool.classes):
        raise ValueError("labelled_holds must be (labelled frames, classes)")


def _check_ranges(pool: Pool) -> None:
    if (pool.usd <= 0).any() or (pool.corrections < 0).any() or (pool.class_counts < 0).any():
        raise ValueError("prices must be above 0, corrections and counts not below")
    if not 0 <= pool.shown_above <= 1:
        raise ValueError("shown_above lies outside [0, 1]")
    if any(_highest_class(getattr(pool, name) or ()) >= pool.classes for name in _PER_FRAME):
        raise ValueError(f"a class index is not under the number of classes, {pool.classes}")
    hard = pool.class_difficulty
    if hard is not None and (hard.shape != (pool.classes,) or not ((hard >= 0) & (hard <= 1)).all()):
        raise ValueError("class_difficulty must hold a number in [0, 1] for each class")


def _highest_class(found: Iterable[Detections | None]) -> int:
    classes = [each.classes for each in found if each is not None]
    return int(np.concatenate(classes).max(initial=-1)) if classes else -1


def _check_student(pool: Pool) -> None:
    if pool.student is None:
        if pool.probabilities is not None or pool.mirrored is not None:
            raise ValueError("class scores or mirrored boxes without the student's boxes")
        return
    if pool.probabilities is None:
        return
    pairs = zip(pool.probabilities, pool.student, strict=True)
    if any(scores.shape != (len(found), pool.classes) for scores, found in pairs):
        raise ValueError("probabilities must be (boxes, classes) for every frame")
    for start in range(0, len(pool), _BLOCK):
        block = np.concatenate(pool.probabilities[start : start + _BLOCK])
        if not ((block >= 0) & (block <= 1)).all():
            raise ValueError("a class score lies outside [0, 1]")
