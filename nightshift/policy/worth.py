"""What asking about a frame is worth, and what it costs, from the same expected edits.

What people do to shown boxes is calibrated on what they did to such boxes before. Objects that are not shown are hinted
at twice: by boxes just too weak to be shown, and by those that only the other model sees; what such hints come to is
fitted on the frames that people have answered. Worth and price come from the same expectation: a frame on which much
is missing also takes long, and a price that did not know would let it seem cheap.

Worth is counted in labels settled: a box that is only confirmed is as good a label as one that was corrected, and costs
a fraction, so that per dollar it often brings more. (Counting corrections alone, or adding the disagreement of teacher
and student, did worse in replays: it buys the frames that take longest.) mAP is the mean over classes, and a class's
accuracy follows a power law in the number of its labels n (Cortes et al. 1993, "Learning curves"): what is missing to
its ceiling is b n^-c, of which one more label brings the share c / n. So a label of a class counts in inverse
proportion to how many there are of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.disagreement import disagreement
from nightshift.acquisition.uncertainty import expected_additions
from nightshift.domain.corrections import match
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.evaluation.rates import Rates

FAMILIAR = 20.0  # labels that a class is taken to have from the start, or the first one would count without end


@dataclass(frozen=True, slots=True)
class Worth:
    """What asking about a frame is expected to bring and to take.

    Args:
        settled: expected labels that a person settles, weighed by class.
        disagreement: of teacher and student, in corrections, not weighed; None without a second opinion.
        hidden: sum of the scores just under those shown.
        alone: sum of the scores of boxes that only the other model has.
        edits: expected with boxes shown.
        blind: expected without.
    """

    settled: float
    disagreement: float | None
    hidden: float
    alone: float
    edits: Edits
    blind: Edits


@dataclass(frozen=True, slots=True)
class Scale:
    """What frames are weighed with.

    Args:
        rates: calibrated chances of every change.
        weights: (classes,) what a label of each class counts, 1 on average.
        shown_above: boxes under it are not drawn for people.
    """

    rates: Rates
    weights: NDArray[np.float64]
    shown_above: float

    def weigh(self, boxes: Detections, second: Detections | None, model: str = "") -> Worth:
        """The worth of one frame.

        Args:
            boxes: of the model whose boxes people would see, weak ones included.
            second: the other model's.
            model: who found the boxes.
        """
        shown = boxes.above(self.shown_above)
        other = second.above(self.shown_above) if second is not None else Detections.empty()
        missed = _without(other, shown)
        alone, hidden = float(missed.scores.sum()), expected_additions(boxes.scores, self.shown_above)
        edits = self.rates.expect(shown, hidden, model, alone)
        return Worth(
            self._settled(shown, boxes, missed),
            None if second is None else disagreement(other, shown),
            hidden,
            alone,
            edits,
            self.rates.expect_blind(shown, hidden, model, alone),
        )

    def _settled(self, shown: Detections, boxes: Detections, missed: Detections) -> float:
        """Shown boxes, hints and whatever else is expected to be drawn, each by the weight of its class."""
        per, mean = self.rates.additions, float(self.weights.mean())
        lonely = per.alone * self._mass(missed)
        if not len(shown):
            return max(per.blank * mean, lonely)
        faint = boxes.take((boxes.scores < self.shown_above) & (boxes.scores >= self.shown_above / 3))
        rest = (per.per_box * len(shown) + per.base) * mean
        return float(self.weights[shown.classes].sum()) + per.hidden * self._mass(faint) + lonely + rest

    def _mass(self, boxes: Detections) -> float:
        return float(boxes.scores @ self.weights[boxes.classes])


def class_weights(counts: Sequence[int]) -> NDArray[np.float64]:
    """(classes,) what a label of a class counts, from how many people have given of each; 1 on average."""
    raw = 1.0 / (np.asarray(counts, np.float64) + FAMILIAR)
    return np.asarray(raw / raw.mean(), np.float64)


def seconds(edits: Edits, prices: Prices) -> float:
    """A person's seconds for a frame with these edits."""
    return prices.frame_seconds(edits.counts)


def _without(boxes: Detections, others: Detections) -> Detections:
    """Boxes that none of the others covers."""
    paired = {i for i, _, _ in match(boxes, others)}
    return boxes.take(np.array([i for i in range(len(boxes)) if i not in paired], np.intp))
