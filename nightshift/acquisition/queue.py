"""Tonight's queue: which frames are asked, for which purpose, in which order, within the night's dollars.

The order mixes purposes: what people asked for comes first, then the chosen frames, best first, and audits, control and
golden frames are strewn evenly at random between them, so that a queue left half done is half done for every purpose,
and nobody can tell an audit by its place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.select import draw, select
from nightshift.domain.costs import Prices
from nightshift.domain.frames import Split
from nightshift.domain.review import BLIND, Purpose

# indices of candidates among which to choose, dollars → those to ask, best first
Rank = Callable[[Sequence[int], float], list[int]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame that may be asked tonight.

    Args:
        frame_id: the frame.
        clip: its clip.
        split: pool or golden.
        colour: green, yellow or red.
        value: expected corrections.
        seconds: expected seconds with boxes shown.
        blind_seconds: expected seconds without.
        audit_turn: when it is audited, the lowest first; None where no teacher has labelled it.
    """

    frame_id: str
    clip: str
    split: Split
    colour: str
    value: float
    seconds: float
    blind_seconds: float
    audit_turn: float | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """How tonight's dollars are divided; what one purpose leaves goes to the review."""

    total: float
    golden: float
    audit: float
    control: float

    def __post_init__(self) -> None:
        if min(self.total, self.golden, self.audit, self.control) < 0:
            raise ValueError("an allowance is negative")
        if self.golden + self.audit + self.control > self.total * (1 + 1e-9):
            raise ValueError("golden, audit and control frames together may not cost more than the night")

    @classmethod
    def tonight(cls, usd: float, outstanding: float, golden: float, audit: float, control: float) -> "Allowance":
        """Shares of what the budget leaves after the questions that still wait for an answer."""
        total = max(0.0, usd - outstanding)
        return cls(total, total * golden, total * audit, total * control)


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen frame: index into the candidates, purpose and price."""

    index: int
    purpose: Purpose
    seconds: float
    usd: float


def compose(
    candidates: Sequence[Candidate],
    allowance: Allowance,
    prices: Prices,
    rng: np.random.Generator,
    rank: Rank,
    *,
    seed_frames: int | None = None,
    wished: Sequence[int] = (),
) -> list[Pick]:
    """The queue, in the order to ask.

    Control frames are drawn first, before audits, which come to crowded frames sooner, and before anything is chosen by
    its worth or because somebody asked for it: so they stand for the whole pool. What people asked for is paid from
    the review's share, before anything else is.

    Args:
        candidates: frames that are neither labelled nor asked yet.
        allowance: dollars per purpose.
        prices: what seconds cost.
        rng: draws golden and control frames, and the places of all that are not chosen.
        rank: chooses among frames that are not green.
        seed_frames: nothing is known about the frames yet, so that a seed set of this size is drawn instead of chosen.
        wished: indices of candidates that people asked for, the one wanted most first.
    """
    golden = _random(candidates, _where(candidates, split=Split.GOLDEN), Purpose.GOLDEN, allowance.golden, prices, rng)
    pool = _where(candidates, split=Split.POOL)
    first_night = seed_frames is not None
    control = [] if first_night else _random(candidates, pool, Purpose.CONTROL, allowance.control, prices, rng)
    audit = _audits(candidates, _others(pool, control), allowance.audit, prices)
    others, rest = golden + audit + control, _others(pool, control + audit)
    left = allowance.total - _usd(others)
    asked = _within(_wished(candidates, wished, rest, prices), left)
    rest, left = _others(rest, asked), left - _usd(asked)
    if first_night:
        return strew(asked + _seed(candidates, rest, left, prices, rng)[:seed_frames], others, rng)
    open_ = [i for i in rest if candidates[i].colour != "green"]
    chosen = [_pick(candidates[i], i, Purpose.REVIEW, prices) for i in rank(open_, left)]
    return strew(asked + _within(chosen, left), others, rng)


def strew(ranked: list[Pick], others: list[Pick], rng: np.random.Generator) -> list[Pick]:
    """The ranked ones in their order, the others evenly at random between them; the best one always comes first."""
    places = [i / max(len(ranked), 1) for i in range(len(ranked))] + list(rng.uniform(1e-9, 1, len(others)))
    order = np.argsort(np.array(places), kind="stable")
    return [(ranked + others)[i] for i in order]


def _where(candidates: Sequence[Candidate], *, split: Split) -> list[int]:
    return [i for i, c in enumerate(candidates) if c.split == split]


def _others(indices: list[int], taken: list[Pick]) -> list[int]:
    gone = {each.index for each in taken}
    return [i for i in indices if i not in gone]


def _usd(picks: Sequence[Pick]) -> float:
    return sum(each.usd for each in picks)


def _within(picks: list[Pick], usd: float) -> list[Pick]:
    """The first ones that fit: a night never queues more than it may cost, whoever ranked the frames."""
    kept, left = [], usd
    for each in picks:
        if each.usd <= left:
            kept.append(each)
            left -= each.usd
    return kept


def _pick(candidate: Candidate, index: int, purpose: Purpose, prices: Prices) -> Pick:
    blind = purpose in BLIND or purpose is Purpose.SEED
    seconds = candidate.blind_seconds if blind else candidate.seconds
    return Pick(index, purpose, seconds, max(prices.people_usd(seconds), 1e-6))


def _audits(candidates: Sequence[Candidate], among: list[int], usd: float, prices: Prices) -> list[Pick]:
    """The frames that come next in the order of audits, until the first that the dollars do not reach.

    To leave out a dear one for a cheap one behind it would leave crowded frames out of the sample.
    """
    turns = ((candidates[i].audit_turn, i) for i in among)
    ranked = sorted((turn, i) for turn, i in turns if turn is not None)
    picks = [_pick(candidates[i], i, Purpose.AUDIT, prices) for _, i in ranked]
    paid = np.cumsum([each.usd for each in picks]) if picks else np.zeros(0)
    return picks[: int((paid <= usd).sum())]


def _wished(candidates: Sequence[Candidate], wished: Sequence[int], among: list[int], prices: Prices) -> list[Pick]:
    """Those that people asked for, each once, in their order."""
    free = set(among)
    return [_pick(candidates[i], i, Purpose.WISH, prices) for i in dict.fromkeys(wished) if i in free]


def _random(
    candidates: Sequence[Candidate],
    among: list[int],
    purpose: Purpose,
    usd: float,
    prices: Prices,
    rng: np.random.Generator,
) -> list[Pick]:
    picks = [_pick(candidates[i], i, purpose, prices) for i in among]
    return [picks[i] for i in draw(_prices(picks), usd, rng)]


def _seed(
    candidates: Sequence[Candidate], among: list[int], usd: float, prices: Prices, rng: np.random.Generator
) -> list[Pick]:
    picks = [_pick(candidates[i], i, Purpose.SEED, prices) for i in among]
    value = rng.uniform(0.999, 1.0, len(picks))  # equal but for the order of ties: only the spread over clips decides
    return [picks[i] for i in select(value, _prices(picks), [candidates[p.index].clip for p in picks], usd)]


def _prices(picks: list[Pick]) -> NDArray[np.float64]:
    return np.array([each.usd for each in picks], np.float64)
