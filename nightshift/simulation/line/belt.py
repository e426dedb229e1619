"""The belt: one long strip a clip, woven, worn and stained, that parts are laid on before it moves. Knows no part.

Everything on the belt moves together, so it is drawn once a clip and cut once a frame.
"""

# ruff: noqa: PLR2004 - a drawing is made of measures
import cv2
import numpy as np

from nightshift.simulation.line.metal import Field, Picture

COLORS = (
    (0.20, 0.21, 0.22),  # black rubber
    (0.17, 0.29, 0.25),  # green polyurethane
    (0.24, 0.30, 0.37),  # blue-grey weave
    (0.40, 0.39, 0.37),  # light food-grade grey
)


def strip(width: int, height: int, rng: np.random.Generator) -> Picture:
    """A stretch of belt without anything on it.

    Args:
        width: pixels along the belt.
        height: pixels across it.
        rng: decides colour, weave, wear, seams and swarf.
    """
    color = np.array(COLORS[int(rng.integers(len(COLORS)))], np.float32) * rng.uniform(0.85, 1.15)
    tone = 1 + 0.10 * cloud(width, height, 60, rng) + 0.06 * cloud(width, height, 14, rng)
    tone += 0.035 * rng.standard_normal((height, width), np.float32)
    tone *= _weave(width, height, rng)
    _stain(tone, rng)
    _scratch(tone, rng)
    _seam(tone, rng)
    belt = np.asarray(tone[..., None] * color, np.float32)
    _swarf(belt, rng)
    return belt


def cloud(width: int, height: int, grain: int, rng: np.random.Generator) -> Field:
    """Smooth noise of unit variance, roughly; `grain` is the size of its blotches in pixels."""
    small = rng.standard_normal((height // grain + 3, width // grain + 3)).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def _weave(width: int, height: int, rng: np.random.Generator) -> Field:
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    kind = int(rng.integers(4))
    if kind == 0:
        return np.broadcast_to(np.float32(1), (height, width))
    if kind == 1:  # cross ribs
        pitch = rng.uniform(18, 34)
        rib = np.cos(2 * np.pi * x / pitch)
        return np.asarray(1 + 0.10 * np.clip(3 * rib - 2, -0.4, 1) + 0 * y)
    pitch = rng.uniform(5, 9)
    if kind == 2:  # fabric
        return np.asarray(1 + 0.05 * np.cos(2 * np.pi * x / pitch) * np.cos(2 * np.pi * y / pitch))
    return np.asarray(1 + 0.05 * np.cos(2 * np.pi * (x + y) / pitch))  # twill


def _stain(tone: Field, rng: np.random.Generator) -> None:
    """Oil: dark, soft, a little longer along the belt."""
    height, width = tone.shape
    for _ in range(int(rng.poisson(width / 220))):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(10, 42)
        left, right = int(max(x - 2 * r, 0)), int(min(x + 2 * r, width))
        gx = (np.arange(left, right, dtype=np.float32) - x) / (1.5 * r)
        gy = (np.arange(height, dtype=np.float32)[:, None] - y) / r
        blot = np.clip(1.3 - gx * gx - gy * gy, 0, 0.5)
        tone[:, left:right] *= 1 - rng.uniform(0.2, 0.6) * blot


def _scratch(tone: Field, rng: np.random.Generator) -> None:
    height, width = tone.shape
    for _ in range(int(rng.poisson(width / 60))):
        length, x = int(rng.uniform(15, 120)), int(rng.uniform(0, width))
        y = int(rng.uniform(1, height - 2))
        tone[y, x : x + length] *= 1 + rng.uniform(0.1, 0.5) * rng.choice([-1, 1])


def _seam(tone: Field, rng: np.random.Generator) -> None:
    """Where the belt is joined: a slanted cut held by staples."""
    if rng.random() > 0.35:
        return
    height, width = tone.shape
    rows = np.arange(height)
    columns = (rng.uniform(0, width - 40) + rows * rng.uniform(0, 0.15)).astype(int)
    for offset, factor in ((0, 0.45), (1, 0.45), (2, 1.35)):
        tone[rows, np.clip(columns + offset, 0, width - 1)] *= factor
    for row in range(6, height - 6, 16):
        start = int(np.clip(columns[row] - 8, 0, width - 20))
        tone[row : row + 3, start : start + 19] = 2.1
        tone[row + 3, start : start + 19] *= 0.5


def _swarf(belt: Picture, rng: np.random.Generator) -> None:
    """Bright metal chips, too small to be parts."""
    height, width, _ = belt.shape
    for _ in range(int(rng.poisson(width / 90))):
        t = np.linspace(0, rng.uniform(1.5, 4.5), 24)
        r = rng.uniform(2, 6)
        x = rng.uniform(8, width - 8) + r * np.cos(t) + rng.uniform(-1, 1) * t
        y = rng.uniform(8, height - 8) + r * np.sin(t) + rng.uniform(-1, 1) * t
        columns = np.clip(x.astype(int), 0, width - 1)
        belt[np.clip(y.astype(int), 0, height - 1), columns] = rng.uniform(0.4, 0.75)
