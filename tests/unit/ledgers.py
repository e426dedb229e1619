"""Entries of a correction ledger, made up or simulated; shared by the tests of what is fitted on them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import Change, compare
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import NO_CLASS, Asked, BoxEntry, Entry
from nightshift.domain.review import Purpose
from nightshift.evaluation.cost_model import PRICES, fit_prices, timed
from nightshift.evaluation.forecast import Night, forecast_error, night
from nightshift.evaluation.rates import fit_rates
from nightshift.simulation.reviewers import Scene, Skill, review

MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
SIZE = (640, 480)
MODEL = "yolo11n@0123456789ab"
SHOWN_ABOVE = 0.15


def shown_box(change: Change, score: float, label: int = 0) -> BoxEntry:
    """What became of a shown box."""
    after = {Change.DELETED: NO_CLASS, Change.RELABELLED: label + 1}.get(change, label)
    return BoxEntry(change, label, after, score, 0.0 if change is Change.DELETED else 0.9)


def drawn_box(label: int = 0) -> BoxEntry:
    """A box where none was shown."""
    return BoxEntry(Change.ADDED, NO_CLASS, label, 0.0, 0.0)


def entry(
    boxes: Sequence[BoxEntry],
    number: int = 0,
    purpose: Purpose = Purpose.REVIEW,
    asked: Asked | None = None,
    seconds: float = 10.0,
    asked_in: int = 0,
) -> Entry:
    """An answer; each with a number of its own."""
    at = MONDAY + timedelta(days=asked_in, seconds=number)
    known = asked or Asked(MODEL)
    return Entry(number, f"frame {number}", asked_in, purpose, "simulated", at, seconds, tuple(boxes), known)


@dataclass(frozen=True)
class Team:
    """A team, its frames and its model, drawn at random: prices are off by factors of 0.5 to 2 from published ones."""

    skills: tuple[Skill, ...]
    objects: float
    recall: float
    temper: float  # scores are raised to this power: below 1 the model is overconfident

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Team":
        factors = np.exp(rng.uniform(np.log(0.5), np.log(2), len(PRICES)))
        paces = np.exp(rng.normal(0, 0.2, 3))
        skills = tuple(Skill(f"simulated {i}", prices=_prices(factors * pace)) for i, pace in enumerate(paces))
        return cls(skills, rng.uniform(2, 8), rng.uniform(0.6, 0.95), float(rng.choice([0.5, 1, 2])))


def work_nights(seed: int, nights: int, frames: int = 60) -> list[tuple[Night, float]]:
    """Forecast and actual seconds of each night, every forecast from the nights before it."""
    rng = np.random.default_rng(seed)
    team, entries, outcome = Team.draw(rng), list[Entry](), list[tuple[Night, float]]()
    for number in range(nights):
        tonight = work_night(team, entries, number, frames, rng)
        fitted = fit_prices(timed(entries), Prices())
        error = forecast_error([(each.asked.price, each.seconds) for each in entries])
        forecast = night([each.asked.price for each in tonight], error, fitted.level_error)
        outcome.append((forecast, sum(each.seconds for each in tonight)))
        entries += tonight
    return outcome


def work_night(team: Team, past: Sequence[Entry], number: int, frames: int, rng: np.random.Generator) -> list[Entry]:
    """One frame in five is blind, half of these are frames that no model has looked at."""
    rates, prices = fit_rates(past, classes=3), fit_prices(timed(past), Prices()).prices
    answers = []
    for i in range(frames):
        scene = _scene(team, rng)
        found = _model(team, scene, rng)
        shown, hidden = found.above(SHOWN_ABOVE), _hidden(found)
        blind, unseen = i % 5 == 0, i % 10 == 0
        purpose = Purpose.GOLDEN if unseen else Purpose.AUDIT if blind else Purpose.REVIEW
        predicted = None if unseen or not blind else shown
        expected = rates.expect_blind(predicted, hidden, MODEL) if blind else rates.expect(shown, hidden, MODEL)
        asked = Asked(MODEL, hidden, predicted=predicted, price=prices.frame_seconds(expected.counts))
        seen = Detections.empty() if blind else shown
        skill = team.skills[rng.integers(len(team.skills))]
        said, seconds = review(scene, seen, rng, skill)
        answer = entry(box_entries(seen, said), number * frames + i, purpose, asked, seconds, number)
        answers.append(replace(answer, annotator=skill.name))
    return answers


def box_entries(shown: Detections, said: Detections) -> list[BoxEntry]:
    """As the table of corrections has them."""
    return [
        BoxEntry(
            each.change,
            NO_CLASS if each.before is None else int(shown.classes[each.before]),
            NO_CLASS if each.after is None else int(said.classes[each.after]),
            0.0 if each.before is None else float(shown.scores[each.before]),
            each.iou,
        )
        for each in compare(shown, said)
    ]


def _prices(factors: NDArray[np.float64]) -> Prices:
    changed = {name: getattr(Prices(), name) * float(f) for name, f in zip(PRICES, factors, strict=True)}
    return replace(Prices(), **changed)


def _scene(team: Team, rng: np.random.Generator) -> Scene:
    boxes = _boxes(rng.poisson(team.objects), rng)
    return Scene(Detections.of(boxes, rng.integers(0, 3, len(boxes))), SIZE, 3)


def _boxes(number: int, rng: np.random.Generator) -> NDArray[np.float64]:
    low = rng.uniform(0, 1, (number, 2)) * [560, 400]
    return np.hstack([low, low + rng.uniform(20, 80, (number, 2))])


def _model(team: Team, scene: Scene, rng: np.random.Generator) -> Detections:
    """Finds some objects, a little off, now and then as another class, and some that are none."""
    seen = scene.truth.take(rng.random(len(scene.truth)) < team.recall)
    sides = np.tile(seen.boxes[:, 2:] - seen.boxes[:, :2], 2)
    off = np.clip(seen.boxes + rng.normal(0, 0.05, seen.boxes.shape) * sides, 0, [*SIZE, *SIZE])
    label = (seen.classes + (rng.random(len(seen)) < 0.07)) % 3
    false = _boxes(rng.poisson(1.0 + 0.1 * len(scene.truth)), rng)
    scores = np.concatenate([rng.beta(4, 2, len(off)), rng.beta(1.5, 4, len(false))]) ** team.temper
    return Detections.of(np.vstack([off, false]), np.concatenate([label, rng.integers(0, 3, len(false))]), scores)


def _hidden(found: Detections) -> float:
    return float(found.scores[(found.scores < SHOWN_ABOVE) & (found.scores >= SHOWN_ABOVE / 3)].sum())
