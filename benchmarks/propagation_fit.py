"""The curve that turns what `flow` sees of a track into the overlap to expect: fitted to rendered clips.

A logistic curve on the strain of a track, how unlike it looks, and whether the border cut it off; cross-entropy with
the overlap itself as the target (a fractional logit, Papke and Wooldridge 1996).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nightshift.propagation import _flow as flow
from nightshift.propagation._meet import overlaps
from nightshift.simulation.line import Scene, render_clip

SEEDS = range(100, 108)  # others than those that are measured
FRAMES, EVERY = 61, 20
Rows = list[tuple[float, float, float, float, float]]  # 1, strain, unlikeness, cut, overlap


def fit_curve() -> tuple[float, ...]:
    """The four numbers of `_flow.CURVE`."""
    rows: Rows = []
    for seed in SEEDS:
        speed = int(np.random.default_rng(seed).integers(3, 12))
        for shift in ("day", "night"):
            clip = render_clip(seed, shift, FRAMES, travel=[speed * i for i in range(FRAMES)])  # type: ignore[arg-type]
            rows += _observed(clip)
    table = np.array(rows)
    said, overlap = table[:, :4], table[:, 4]

    def loss(weights: NDArray[np.float64]) -> float:
        at = said @ weights
        return float((np.logaddexp(0, at) - overlap * at).mean())

    return tuple(round(float(each), 2) for each in minimize(loss, np.zeros(4), method="BFGS").x)


def _observed(clip: list[Scene]) -> Rows:
    """Every box of every one-sided track, with its overlap with the truth."""
    greys = [flow._grey(each.image) for each in clip]  # noqa: SLF001 - what is fitted is inside
    rows: Rows = []
    for start in range(0, len(clip), EVERY):
        for step in (1, -1):
            rows += _along(clip, greys, start, step)
    return rows


def _along(clip: list[Scene], greys: list[NDArray[np.uint8]], start: int, step: int) -> Rows:
    rows: Rows = []
    objects = [flow._known(greys[start], box) for box in clip[start].truth.boxes.astype(np.float64)]  # noqa: SLF001
    for at in range(start + step, start + step * (EVERY + 1), step):
        if not 0 <= at < len(clip):
            break
        objects = flow._step(greys[at - step], greys[at], objects)  # noqa: SLF001
        truth = dict(zip(clip[at].parts, clip[at].truth.boxes, strict=True))
        for part, each in zip(clip[start].parts, objects, strict=True):
            if each.score > 0:
                there = part in truth
                shown = flow._shown(each, greys[at].shape)[None].astype(np.float32)  # noqa: SLF001
                overlap = float(overlaps(shown, truth[part][None])[0]) if there else 0.0
                like = flow._alike(each.look, flow._look(greys[at], each.box))  # noqa: SLF001
                rows.append((1.0, each.strain, 1 - like, float(each.cut), overlap))
    return rows
