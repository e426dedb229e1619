"""A number with its uncertainty."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the range that holds the truth with the confidence its maker states.

    Args:
        value: the estimate; inside the range. Infinite where it may never happen (dollars to a target out of reach).
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if math.isnan(self.value) or not self.low <= self.value <= self.high:
            raise ValueError(f"low ≤ value ≤ high does not hold: {self}")

    def scaled(self, factor: float) -> "Interval":
        """The same in another unit; `factor` > 0."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)
