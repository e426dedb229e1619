"""What a person will do with a frame, before anybody is asked: expected edits, calibrated on the ledger.

Shown boxes follow the curves of nightshift.evaluation.calibration, drawn ones the counts of
nightshift.evaluation.additions. On a blind frame every object is drawn: as many as would have been right or added with
boxes shown, times what blind answers have shown this to be off by. Answers count half as much with every `half_life`
rounds that have gone by, because students and the line in front of the camera change.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import Change
from nightshift.domain.detections import Detections
from nightshift.domain.edits import EDIT_ORDER, Edits
from nightshift.domain.ledger import Entry
from nightshift.evaluation.additions import Additions, fit_additions
from nightshift.evaluation.calibration import EVERYTHING, Curve, Fates, Group, curve_for, family_of, fit_curves

Array = NDArray[np.float64]
FATES = (Change.KEPT, Change.MOVED, Change.RELABELLED, Change.DELETED)
DELETED_AT = EDIT_ORDER.index(Change.DELETED)  # the last
OBJECTS = 5.0  # per frame, before anybody has seen any
HALF_LIFE = 5.0  # rounds
BLIND_PSEUDO = 8.0  # blind frames on which the forecast is taken to be right


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The boxes of many frames, end to end.

    Args:
        classes: (n,) int64.
        scores: (n,) in [0, 1].
        frame: (n,) int64, the frame of each box, an index into hidden.
        hidden: (f,) float64, sum of the scores just below the threshold, per frame.
        alone: (f,) float64, sum of the scores of boxes that only the second model has, per frame.
        model: who drew them.
    """

    classes: NDArray[np.int64]
    scores: NDArray[np.floating[Any]]
    frame: NDArray[np.int64]
    hidden: Array
    alone: Array
    model: str = ""

    def __post_init__(self) -> None:
        if not len(self.classes) == len(self.scores) == len(self.frame):
            raise ValueError("classes, scores and frames of the boxes differ in length")

    @classmethod
    def of(
        cls,
        frames: Sequence[Detections],
        hidden: Sequence[float],
        model: str = "",
        alone: Sequence[float] | None = None,
    ) -> "Shown":
        """From one Detections per frame, already cut at the threshold."""
        where = np.repeat(np.arange(len(frames)), [len(each) for each in frames])
        empty = [Detections.empty()]
        classes = np.concatenate([each.classes for each in [*frames, *empty]])
        scores = np.concatenate([each.scores for each in [*frames, *empty]])
        other = np.zeros(len(frames)) if alone is None else np.asarray(alone, np.float64)
        return cls(classes, scores, where, np.asarray(hidden, np.float64), other, model)


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Calibrated probabilities of every change.

    Args:
        curves: by family of models and class.
        additions: boxes drawn.
        blind: objects drawn on blind frames, as a multiple of the forecast.
        answers: it was fitted on.
    """

    curves: Mapping[Group, Curve]
    additions: Additions
    blind: float = 1.0
    answers: int = 0

    def changes(self, shown: Detections, model: str = "") -> Array:
        """(n, 4) probabilities that each box is kept, moved, relabelled, deleted; rows sum to 1."""
        return self._changes(shown.classes, shown.scores, model)

    def expect(self, shown: Detections, hidden_mass: float = 0.0, model: str = "", alone: float = 0.0) -> Edits:
        """Expected edits on a frame with these boxes shown."""
        return Edits.of(self.expect_all(Shown.of([shown], [hidden_mass], model, [alone]))[0])

    def expect_blind(
        self, shown: Detections | None, hidden_mass: float = 0.0, model: str = "", alone: float = 0.0
    ) -> Edits:
        """Expected edits on a blind frame.

        Args:
            shown: what would have been shown; None where no model has looked at the frame.
            hidden_mass: sum of the scores just below the threshold.
            model: who found them.
            alone: sum of the scores of boxes that only the second model has.
        """
        if shown is None:
            return Edits(added=self.additions.objects)
        return Edits(added=float(self.drawn_all(Shown.of([shown], [hidden_mass], model, [alone]))[0]))

    def expect_all(self, shown: Shown) -> Array:
        """(f, 5) expected edits per frame, in EDIT_ORDER."""
        chances, frames = self._changes(shown.classes, shown.scores, shown.model), len(shown.hidden)
        kept, moved, relabelled, deleted = (np.bincount(shown.frame, c, frames) for c in chances.T)
        added = self.additions.expect(np.bincount(shown.frame, minlength=frames), shown.hidden, shown.alone)
        return np.stack([kept, moved, relabelled, added, deleted], axis=1)

    def drawn_all(self, shown: Shown) -> Array:
        """(f,) expected boxes drawn per frame, were they asked blind."""
        some = np.bincount(shown.frame, minlength=len(shown.hidden)) > 0
        objects: Array = self.expect_all(shown)[:, :DELETED_AT].sum(axis=1)  # all that is not deleted
        objects[some] *= self.blind
        return objects

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a stage's receipt."""
        curves = [
            {"family": family, "class": label, **{name: getattr(curve, name).tolist() for name in Curve.__slots__}}
            for (family, label), curve in self.curves.items()
        ]
        return {"curves": curves, "additions": asdict(self.additions), "blind": self.blind, "answers": self.answers}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Rates":
        """Back from plain values."""
        curves = {
            (each["family"], int(each["class"])): Curve(*(np.array(each[name]) for name in Curve.__slots__))
            for each in said["curves"]
        }
        return cls(curves, Additions(**said["additions"]), float(said["blind"]), int(said["answers"]))

    def _changes(self, classes: NDArray[np.int64], scores: NDArray[np.floating[Any]], model: str) -> Array:
        chances, family = np.zeros((len(classes), len(FATES))), family_of(model)
        for label in np.unique(classes).tolist():
            which = classes == label
            chances[which] = curve_for(self.curves, family, label).at(scores[which])
        return chances


def fit_rates(
    entries: Sequence[Entry], *, classes: int, objects: float = OBJECTS, half_life: float = HALF_LIFE
) -> Rates:
    """Rates from all answers; from none, scores at face value.

    Args:
        entries: the answers; for blind ones, `asked.predicted` makes them count.
        classes: of the ontology.
        objects: per frame, as far as known without answers (imported labels, or what the teacher found).
        half_life: rounds after which an answer counts half; infinity forgets nothing.
    """
    weights = _recency(entries, half_life)
    curves = fit_curves(_fates(entries, weights), classes)
    naive = Rates(curves, fit_additions(entries, weights, objects))
    return Rates(curves, naive.additions, _blind_ratio(entries, naive), len(entries))


def _recency(entries: Sequence[Entry], half_life: float) -> Array:
    rounds = np.array([each.round for each in entries], np.float64)
    age = rounds.max(initial=0.0) - rounds
    return np.ones(len(rounds)) if math.isinf(half_life) else 0.5 ** (age / half_life)


def _fates(entries: Sequence[Entry], weights: Array) -> Fates:
    families = sorted({family_of(each.asked.model) for each in entries} - {EVERYTHING[0]})
    index = {name: i for i, name in enumerate(families)}
    rows = [
        (index.get(family_of(entry.asked.model), -1), box.class_before, box.score_before, FATES.index(box.change), w)
        for entry, w in zip(entries, weights.tolist(), strict=True)
        for box in entry.boxes
        if box.change is not Change.ADDED
    ]
    family, label, score, fate, weight = np.array(rows, np.float64).reshape(-1, 5).T
    return Fates(tuple(families), family.astype(np.int64), label.astype(np.int64), score, fate.astype(np.int64), weight)


def _blind_ratio(entries: Sequence[Entry], rates: Rates) -> float:
    """Objects drawn over objects expected, on blind frames with predicted boxes; shrunk towards 1."""
    known = [(e, e.asked.predicted) for e in entries if e.blind and e.asked.predicted is not None]
    blind = [(entry, predicted) for entry, predicted in known if len(predicted)]
    if not blind:
        return 1.0
    expected = sum(rates.expect_blind(p, e.asked.hidden, e.asked.model, e.asked.alone).added for e, p in blind)
    drawn, believed = sum(entry.objects for entry, _ in blind), BLIND_PSEUDO * expected / len(blind)
    return (drawn + believed) / (expected + believed) if expected else 1.0
