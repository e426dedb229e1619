"""What families of detection transformers are made of: their sizes, and where each one's weights are published.

A size is the arguments of its configuration in transformers, so that it can be trained where no hub is in reach. Light
to import; knows nothing of PyTorch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.errors import ModelError, UnknownName

NOBODY = ""  # publishes weights of this size


@dataclass(frozen=True, slots=True)
class Size:
    """One architecture of a family.

    Args:
        config: arguments of the configuration, by its own names; `backbone_config` among them.
        hub: name of its published weights; NOBODY where there are none.
        strides: of the feature maps whose places become queries.
        step: the picture's side is a multiple of it.
        side: that it was published for, pixels.
        parameters: millions, with the classes it was published for.
        advice: when to take it, in one line.

    Raises:
        ValueError: the sides do not fit each other.
    """

    config: Mapping[str, Any]
    hub: str
    strides: tuple[int, ...]
    step: int
    side: int
    parameters: float
    advice: str

    def __post_init__(self) -> None:
        if self.side % self.step or any(self.step % each for each in self.strides):
            raise ValueError(f"{self.side} pixels, steps of {self.step} and strides of {self.strides} do not fit")


@dataclass(frozen=True, slots=True)
class Family:
    """Detection transformers that transformers implements by one pair of classes.

    Args:
        name: the file in nightshift/students.
        network: transformers' class of the network.
        settings: transformers' class of its configuration.
        normalised: whether it sees pixels minus ImageNet's mean, over its deviation; else in [0, 1].
        licence: of code and published weights.
        sizes: by the name written in nightshift.yaml.
        haste: how fast it may learn from scratch, next to D-FINE. Measured on drawn squares.
    """

    name: str
    network: str
    settings: str
    normalised: bool
    licence: str
    sizes: Mapping[str, Size]
    haste: float = 1.0

    def size(self, model: str) -> Size:
        """An architecture by its name.

        Raises:
            UnknownName: this family has none of that name.
        """
        if model not in self.sizes:
            remedy = f"Known: {', '.join(self.sizes)}."
            raise UnknownName(f"student.model '{model}'", f"unknown architecture of {self.name}", remedy)
        return self.sizes[model]

    def side(self, model: str, wanted: int) -> int:
        """The side of the square that a network sees, pixels: the next one that its patches fill.

        Raises:
            UnknownName: this family has no such architecture.
            ModelError: the picture would have fewer places than the network has queries.
        """
        size = self.size(model)
        side = -(-wanted // size.step) * size.step
        queries = int(size.config["num_queries"])
        if _places(size, side) < queries:
            least = next(each for each in range(side, size.side + 1, size.step) if _places(size, each) >= queries)
            reason = f"at {wanted} pixels a picture has fewer places than the {queries} that it looks at"
            raise ModelError(f"student.model '{model}'", reason, f"Set student.image_size to {least} or more.")
        return side

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Its sizes, for people."""
        return tuple(
            ModelCard(
                name=name,
                family=self.name,
                role=Role.STUDENT,
                licence=self.licence if each.hub else "Apache-2.0",
                input_size=f"{each.side} px, stretched to a square",
                parameters=each.parameters,
                prompts="none: it is trained on your classes",
                threshold=None,
                weights=each.hub,
                advice=each.advice,
            )
            for name, each in self.sizes.items()
        )


def _places(size: Size, side: int) -> int:
    return sum((side // stride) ** 2 for stride in size.strides)
