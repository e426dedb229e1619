"""What a night was expected to cost against what it did cost, frame by frame the same ones.

Frames that nobody has answered yet are on neither side: a forecast is not wrong because people stopped early.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Priced:
    """One answered frame.

    Args:
        night: the round that asked.
        forecast_usd: its price as the queue stated it.
        actual_usd: what the person's capped time cost.
    """

    night: int
    forecast_usd: float
    actual_usd: float

    def __post_init__(self) -> None:
        if not (0 <= self.forecast_usd < float("inf") and 0 <= self.actual_usd < float("inf")):
            raise ValueError(f"a price is negative or not finite: {self}")


@dataclass(frozen=True, slots=True)
class NightPrice:
    """The answered frames of one night together.

    Args:
        night: the round that asked.
        frames: answered.
        forecast_usd: sum of their forecasts.
        actual_usd: sum of what they cost.
    """

    night: int
    frames: int
    forecast_usd: float
    actual_usd: float

    @property
    def error(self) -> float | None:
        """Forecast over actual, minus 1: +0.1 is a forecast 10% too high. None where nothing was spent."""
        return self.forecast_usd / self.actual_usd - 1 if self.actual_usd > 0 else None


def by_night(frames: Iterable[Priced]) -> list[NightPrice]:
    """Nights in order; the order of the frames does not matter."""
    nights: dict[int, list[Priced]] = {}
    for each in frames:
        nights.setdefault(each.night, []).append(each)
    return [_sum(number, nights[number]) for number in sorted(nights)]


def median_error(nights: Sequence[NightPrice], after: int = 0) -> float | None:
    """Median over nights of the absolute relative error; None before there is one.

    Args:
        nights: in order.
        after: the first nights that do not count, while the cost model still learns the team.
    """
    errors = [abs(night.error) for night in nights[after:] if night.error is not None]
    return median(errors) if errors else None


def _sum(number: int, frames: Sequence[Priced]) -> NightPrice:
    forecast = sum(sorted(each.forecast_usd for each in frames))  # sorted: the same sum in any order
    return NightPrice(number, len(frames), forecast, sum(sorted(each.actual_usd for each in frames)))
