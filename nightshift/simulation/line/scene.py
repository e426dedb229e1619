"""One clip of the factory line, from a seed: a strip with parts, moved under rails and a gripper, lit and filmed.

The truth is geometry: the extent of each part's outline, and how much of it is in the frame and uncovered. A part
that is hardly to be seen is not in the truth. Knows nothing of files.
"""

# ruff: noqa: PLR2004 - a drawing is made of measures
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.models import Image
from nightshift.simulation.line import fixtures
from nightshift.simulation.line.layout import MARGIN, Placed, Strip, lay
from nightshift.simulation.line.light import Shift, light
from nightshift.simulation.line.metal import Field, Lamp, Picture

WIDTH, HEIGHT = 480, 360  # pixels
UNCOVERED = 0.40  # a part with less of it uncovered is not labelled
INSIDE = 0.35  # nor one with less of it in the frame


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame and what is on it.

    Args:
        image: (360, 480, 3) uint8 RGB.
        truth: boxes of the whole parts, clipped at the border; classes index parts.CLASSES.
        parts: which part of the clip each box is of, the same in every frame.
    """

    image: Image
    truth: Detections
    parts: tuple[int, ...] = ()


def render_clip(
    seed: int, shift: Shift, frames: int, rare_share: float = 0.05, travel: Sequence[int] | None = None
) -> list[Scene]:
    """A clip: the same parts, carried along by the belt from frame to frame.

    Args:
        seed: decides everything; the same seed gives the same clip.
        shift: "day" or "night".
        frames: how many.
        rare_share: share of bearings among the parts.
        travel: how far the belt has run by each frame, pixels from 0 on, such as a film shows it; left out, a still
            picture is taken whenever it has run 18 to 45 pixels.

    Raises:
        ValueError: `travel` does not begin at 0, runs backwards, or is not of so many frames.
    """
    rng = np.random.default_rng([seed, shift == "night"])
    lamp = Lamp(rng.uniform(0, 2 * np.pi))
    speed = int(rng.integers(18, 46))
    run = [speed * i for i in range(frames)] if travel is None else _checked(travel, frames)
    standing = fixtures.around(WIDTH, HEIGHT, lamp, rng)
    seen = light(shift, WIDTH, HEIGHT, speed if travel is None else max(run[-1] // max(frames - 1, 1), 1), rng)
    strip = lay(WIDTH + run[-1], HEIGHT, standing.rail, lamp, rare_share, rng)
    picture: Picture = np.asarray(cv2.blur(strip.picture, (seen.smear, 1)), np.float32)
    scenes = []
    for far in run:
        start = MARGIN + run[-1] - far  # the belt runs to the right
        frame = picture[:, start : start + WIDTH].copy()
        occluded = standing.paint(frame, far / speed)
        seen_by_camera = seen.expose(frame, rng)
        scenes.append(Scene(seen_by_camera, _truth(strip, start, occluded), _labelled(strip, start, occluded)))
    return scenes


def _checked(travel: Sequence[int], frames: int) -> list[int]:
    if len(travel) != frames or travel[0] != 0 or any(b < a for a, b in pairwise(travel)):
        raise ValueError(f"a belt of {frames} frames runs from 0 forwards")
    return list(travel)


def _truth(strip: Strip, start: int, occluded: Field) -> Detections:
    """What a careful person would draw on the frame that begins at column `start` of the strip."""
    labelled = [strip.placed[i] for i in _labelled(strip, start, occluded)]
    return Detections.of([_clipped(each, start) for each in labelled], [each.kind for each in labelled])


def _labelled(strip: Strip, start: int, occluded: Field) -> tuple[int, ...]:
    """Which parts that is."""
    free = np.zeros(strip.owner.shape, np.bool_)
    free[:, start : start + WIDTH] = occluded < 0.5
    parts = enumerate(strip.placed)
    return tuple(i for i, each in parts if _visible(each, strip.owner[each.window] == i, free, start))


def _visible(part: Placed, top: NDArray[np.bool_], free: NDArray[np.bool_], start: int) -> bool:
    """Whether enough of a part is in the frame, and enough of that uncovered."""
    columns = np.arange(part.window[1].start, part.window[1].stop)
    inside = part.mask[:, (columns >= start) & (columns < start + WIDTH)].sum()
    seen = (part.mask & top & free[part.window]).sum()
    return bool(inside >= INSIDE * part.mask.sum() and seen >= UNCOVERED * inside)


def _clipped(part: Placed, start: int) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = part.box
    return max(x1 - start, 0), max(y1, 0), min(x2 - start, WIDTH), min(y2, HEIGHT)
