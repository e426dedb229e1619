"""How fast to learn at which step, in whichever family. Pure arithmetic."""

import math

WARM_UP = 0.05  # share of the steps
WARM_UP_MOST = 200  # steps
LAST_RATE = 0.01  # of the full learning rate, at the last step


def rate(step: int, steps: int) -> float:
    """The share of the full learning rate at a step: linear warm-up, then half a cosine (Loshchilov 2017)."""
    warm_up = min(WARM_UP_MOST, max(1, round(WARM_UP * steps)))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * min(1.0, done))) / 2
