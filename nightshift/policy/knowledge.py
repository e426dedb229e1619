"""What the ledger has taught: chances of every change, and people's seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import Entry
from nightshift.evaluation.cost_model import LEVEL, fit_prices, timed
from nightshift.evaluation.forecast import START, forecast_error, night
from nightshift.evaluation.rates import OBJECTS, Rates, fit_rates
from nightshift.policy.worth import Scale, class_weights


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What frames are weighed and priced with.

    Args:
        rates: calibrated chances of every change.
        prices: people's seconds, fitted; a price list while there are few answers.
        error: relative standard error of one frame's forecast seconds.
        level_error: relative standard error of all prices together.
    """

    rates: Rates
    prices: Prices
    error: float = START
    level_error: float = LEVEL

    def queue_usd(self, seconds: Sequence[float]) -> tuple[float, float]:
        """Between how many dollars a queue lies in four nights of five.

        Args:
            seconds: forecast of each of its questions.
        """
        spread = night(seconds, self.error, self.level_error)
        return self.prices.people_usd(spread.low), self.prices.people_usd(spread.high)

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
            "error": self.error,
            "level_error": self.level_error,
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Knowledge":
        """From what `as_dict` gave."""
        prices, errors = Prices(**said["prices"]), (float(said["error"]), float(said["level_error"]))
        return cls(Rates.from_dict(said["rates"]), prices, *errors)


def learn(entries: Sequence[Entry], start: Prices, classes: int, objects: float = OBJECTS) -> Knowledge:
    """What answers have taught so far.

    Args:
        entries: the ledger.
        start: the price list to begin with.
        classes: how many there are.
        objects: per frame, as far as known without answers.
    """
    rates = fit_rates(entries, classes=classes, objects=objects)
    if not entries:
        return Knowledge(rates, start)
    fitted = fit_prices(timed(entries), start)
    error = forecast_error([(e.asked.price, e.seconds) for e in entries if e.asked.price and e.seconds])
    return Knowledge(rates, fitted.prices, error, fitted.level_error)


def mean_objects(labels: Mapping[str, Detections], otherwise: float = OBJECTS) -> float:
    """Objects per labelled frame; `otherwise` before the first."""
    return sum(len(each) for each in labels.values()) / len(labels) if labels else otherwise
