"""A diverse choice within a budget: the best gain per dollar first, where what is alike brings less each time.

The gain of a frame, given those already chosen, is its worth × look × clip:

    look = max(floor, 1 − highest similarity to a chosen or labelled frame), similarities under 0 counting as 0
    clip = SPREAD ** (frames of its clip already chosen)

Neither factor ever grows while the choice grows. So the greedy choice by gain per dollar (Khuller, Moss & Naor 1999,
budgeted maximum coverage) may be lazy (Minoux 1978, accelerated greedy): an old gain is an upper bound, and only those
on top of a heap are brought up to date, here some at a time, because one product of matrices costs little more
than one of vectors. A larger budget never brings a smaller sum of gains: where two runs part, the one with more money
takes a frame that the other cannot afford and whose gain per dollar nothing after it exceeds.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.looks import Looks

SPREAD = 0.6
_AT_ONCE = 64  # gains brought up to date together


@dataclass(frozen=True, slots=True)
class Discount:
    """How much less a frame brings beside one that is like it.

    Args:
        floor: what is left of a frame that looks exactly like a known one, in [0, 1].
        clip: factor for each frame already chosen from the same clip, in [0, 1].
    """

    floor: float = 0.5
    clip: float = SPREAD

    def __post_init__(self) -> None:
        if not (0 <= self.floor <= 1 and 0 <= self.clip <= 1):
            raise ValueError("a discount lies outside [0, 1]")


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """n frames to choose from.

    Args:
        worth: (n,) float64 ≥ 0; frames without any are never chosen.
        usd: (n,) float64 > 0.
        clips: n names.
        looks: (n, d) float32, length 1 or 0; d may be 0.
        known: (n,) float32, highest similarity to a labelled frame; 0 or less where there is none.
    """

    worth: NDArray[np.float64]
    usd: NDArray[np.float64]
    clips: Sequence[str]
    looks: Looks
    known: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Indices in the order of the choice, and what each brought when it was taken."""

    indices: list[int] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Everything it brings."""
        return float(sum(self.gains))


def spread(offer: Offer, budget_usd: float, discount: Discount) -> Chosen:
    """Greedy by gain per dollar; frames dearer than what is left are passed over; ties go to the lower index."""
    state = _State(offer, discount)
    ratio = state.gains(np.arange(len(offer.worth))) / offer.usd
    heap = [(-r, i) for i, r in enumerate(ratio.tolist()) if r > 0]
    heapq.heapify(heap)
    left, cheapest = budget_usd, float(offer.usd.min(initial=np.inf))
    while heap and left >= cheapest:
        _, i = heap[0]
        if offer.usd[i] > left:
            heapq.heappop(heap)
        elif state.is_current(i):
            heapq.heappop(heap)
            left -= float(offer.usd[i])
            state.take(i)
        else:
            _update(heap, state, offer.usd, left)
    return state.chosen


def _update(heap: list[tuple[float, int]], state: "_State", usd: NDArray[np.float64], left: float) -> None:
    """Bring the outdated entries on top of the heap up to date, until one that is current lies on top."""
    rows: list[int] = []
    while heap and len(rows) < _AT_ONCE and not state.is_current(heap[0][1]):
        _, i = heapq.heappop(heap)
        if usd[i] <= left:
            rows.append(i)
    index = np.array(rows, np.intp)
    for i, ratio in zip(rows, (state.gains(index) / usd[index]).tolist(), strict=True):
        if ratio > 0:
            heapq.heappush(heap, (-ratio, i))


class _State:
    """What has been chosen, and how far each frame's gain has taken notice of it."""

    def __init__(self, offer: Offer, discount: Discount) -> None:
        self.chosen = Chosen()
        self._offer, self._discount = offer, discount
        self._similarity = np.maximum(offer.known, 0).astype(np.float32)
        self._seen = np.zeros(len(offer.worth), np.intp)
        self._clip = np.unique(np.array(offer.clips, dtype=str), return_inverse=True)[1]
        self._taken = np.zeros(len(offer.worth), np.intp)  # by clip: there are no more clips than frames
        self._looks: Looks = np.zeros((16, offer.looks.shape[1]), np.float32)  # of the chosen; grows by doubling

    def is_current(self, i: int) -> bool:
        """Whether the frame's gain was computed against the whole choice."""
        return bool(self._seen[i] == len(self.chosen.indices))

    def gains(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """(m,) indices → (m,) gains against the whole choice."""
        first, last = int(self._seen[rows].min(initial=len(self.chosen.indices))), len(self.chosen.indices)
        if last > first and self._looks.shape[1]:
            fresh = (self._offer.looks[rows] @ self._looks[first:last].T).max(axis=1)
            self._similarity[rows] = np.maximum(self._similarity[rows], fresh)
        self._seen[rows] = last
        look = np.maximum(self._discount.floor, 1 - self._similarity[rows].astype(np.float64))
        clip = self._discount.clip ** self._taken[self._clip[rows]]
        return np.asarray(self._offer.worth[rows] * look * clip, np.float64)

    def take(self, i: int) -> None:
        """Choose a frame whose gain is current."""
        self.chosen.gains.append(float(self.gains(np.array([i]))[0]))
        if len(self.chosen.indices) == len(self._looks):
            self._looks = np.concatenate([self._looks, np.zeros_like(self._looks)])
        self._looks[len(self.chosen.indices)] = self._offer.looks[i]
        self.chosen.indices.append(i)
        self._taken[self._clip[i]] += 1


def k_center(looks: Looks, known: NDArray[np.float32], usd: NDArray[np.float64], budget_usd: float) -> list[int]:
    """Always the frame farthest from everything known or chosen (Gonzalez 1985), until the budget ends.

    Args:
        looks: (n, d) of length 1 or 0; the distance is 1 − cosine.
        known: (n,) highest similarity to a labelled frame, -1 where there is none.
        usd: (n,) price, > 0; frames dearer than what is left are passed over.
        budget_usd: the chosen frames never cost more.
    """
    far = np.maximum(1 - known, 0).astype(np.float32)
    chosen: list[int] = []
    left, cheapest = budget_usd, float(usd.min(initial=np.inf))
    while left >= cheapest:
        far[usd > left] = -1
        i = int(far.argmax())
        if far[i] < 0:
            break
        chosen.append(i)
        left -= float(usd[i])
        far[i] = -1  # and stays: no distance is under 0
        np.minimum(far, np.maximum(1 - looks @ looks[i], 0), out=far)
    return chosen
