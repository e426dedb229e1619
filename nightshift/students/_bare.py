"""A student's network without its surroundings: what can be written down and run elsewhere. Knows no format."""

from dataclasses import dataclass
from typing import Protocol

import torch


@dataclass(frozen=True, slots=True)
class Bare:
    """A network without its surroundings.

    Args:
        network: (1, 3, side, side) in [0, 1] → boxes xyxy in the square and scores of every class.
        side: pixels.
        stretched: whether pictures fill the square, or keep their proportions, centred on grey.
        suppress: whether one object may have several boxes.
    """

    network: torch.nn.Module
    side: int
    stretched: bool
    suppress: bool


class Exportable(Protocol):
    """A detector that can be written down."""

    @property
    def version(self) -> str:
        """Architecture and digest of the weights."""

    def bare(self) -> Bare:
        """Its network, on the CPU."""
