"""Simulated people who take turns: each with a speed of their own, none as fast as the price list says."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.random import Generator

from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.simulation.reviewers import Scene, Skill, crew, review

SECONDS = tuple(each.name for each in fields(Prices) if each.name.endswith("_seconds") and "cap" not in each.name)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: the boxes, the seconds it took, and whose it is."""

    boxes: Detections
    seconds: float
    annotator: str


@dataclass(frozen=True, slots=True)
class Crew:
    """Simulated people.

    Args:
        skills: one each; they take turns.
    """

    skills: Sequence[Skill]

    def __post_init__(self) -> None:
        if not self.skills:
            raise ValueError("a crew needs somebody")

    def answer(self, turn: int, scene: Scene, shown: Detections | None, rng: Generator) -> Said:
        """What whoever's turn it is says about a frame; `shown` None is blind."""
        skill = self.skills[turn % len(self.skills)]
        boxes, seconds = review(scene, shown, rng, skill)
        return Said(boxes, min(seconds, skill.prices.lead_time_cap_seconds), skill.name)


def hire(number: int, skill: Skill, seed: int, spread: float = 0.3) -> Crew:
    """People of one skill whose seconds differ from the price list, each kind of edit by a factor of its own.

    Args:
        number: of people.
        skill: what they have in common, the price list among it.
        seed: of the factors.
        spread: standard deviation of their logarithm; 0 is as the price list says.
    """
    rng = np.random.default_rng([seed, 7])
    factors = dict(zip(SECONDS, np.exp(rng.normal(0, spread, len(SECONDS))).tolist(), strict=True))
    said = {name: getattr(skill.prices, name) * factor for name, factor in factors.items()}
    return Crew(crew(number, replace(skill, prices=replace(skill.prices, **said))))
