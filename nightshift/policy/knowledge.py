"""What the ledger has taught: chances of every change, and people's seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import Entry
from nightshift.evaluation.cost_model import fit_prices, timed
from nightshift.evaluation.rates import OBJECTS, Rates, fit_rates
from nightshift.policy.worth import Scale, class_weights


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What frames are weighed and priced with.

    Args:
        rates: calibrated chances of every change.
        prices: people's seconds, fitted; a price list while there are few answers.
    """

    rates: Rates
    prices: Prices

    def scale(self, class_counts: Sequence[int], shown_above: float) -> Scale:
        """What frames are weighed with.

        Args:
            class_counts: labels people have given, per class.
            shown_above: boxes under it are not drawn for people.
        """
        return Scale(self.rates, class_weights(class_counts), shown_above)

    def as_dict(self) -> dict[str, Any]:
        """For a receipt."""
        return {
            "rates": self.rates.as_dict(),
            "prices": asdict(self.prices),
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Knowledge":
        """From what `as_dict` gave."""
        return cls(Rates.from_dict(said["rates"]), Prices(**said["prices"]))


def learn(entries: Sequence[Entry], start: Prices, classes: int, objects: float = OBJECTS) -> Knowledge:
    """What answers have taught so far.

    Args:
        entries: the ledger.
        start: the price list to begin with.
        classes: how many there are.
        objects: per frame, as far as known without answers.
    """
    prices = fit_prices(timed(entries), start).prices if entries else start
    return Knowledge(fit_rates(entries, classes=classes, objects=objects), prices)


def mean_objects(labels: Mapping[str, Detections], otherwise: float = OBJECTS) -> float:
    """Objects per labelled frame; `otherwise` before the first."""
    return sum(len(each) for each in labels.values()) / len(labels) if labels else otherwise
