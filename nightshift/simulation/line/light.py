"""The shift's light and the camera's faults: day is bright and clean, night is sodium and noise. Knows no part."""

# ruff: noqa: PLR2004 - a drawing is made of measures
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.simulation.line.metal import Field, Picture

Shift = Literal["day", "night"]


@dataclass(frozen=True, slots=True)
class Light:
    """How one clip is lit and seen.

    Args:
        field: (h, w, 3) multiplies what is there.
        glare: (h, w, 3) is added: reflections on belt and lens.
        defocus: standard deviation of the lens blur, pixels.
        smear: length of the motion blur along the belt, pixels.
        noise: standard deviation at full white.
        floor: standard deviation in black.
        flicker: how much the brightness varies from frame to frame.
        grain: (h + 32, w + 32, 3) unit noise, cut anew each frame.
    """

    field: Picture
    glare: Picture
    defocus: float
    smear: int
    noise: float
    floor: float
    flicker: float
    grain: Picture

    def expose(self, scene: Picture, rng: np.random.Generator) -> NDArray[np.uint8]:
        """What the camera makes of a scene. (h, w, 3) float → (h, w, 3) uint8 RGB."""
        seen = scene * self.field
        seen += self.glare
        seen *= np.float32(1 + self.flicker * rng.uniform(-1, 1))
        if self.defocus > 0.3:
            seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), self.defocus))
        np.clip(seen, 0, 1, out=seen)
        seen += self._grain(rng) * (self.floor + (self.noise - self.floor) * np.sqrt(seen))
        np.clip(seen, 0, 1, out=seen)
        return np.asarray(seen * 255 + 0.5, np.uint8)

    def _grain(self, rng: np.random.Generator) -> Picture:
        height, width, _ = self.field.shape
        y, x = rng.integers(0, 32, 2)
        return self.grain[y : y + height, x : x + width]


def light(shift: Shift, width: int, height: int, speed: int, rng: np.random.Generator) -> Light:
    """The light of a clip.

    Args:
        shift: "day" or "night".
        width: pixels.
        height: pixels.
        speed: pixels the belt moves a frame; longer exposures smear more of it.
        rng: decides everything else.
    """
    grain = rng.standard_normal((height + 32, width + 32, 3), np.float32)
    grain += (grain[..., :1] + grain[..., 1:2] + grain[..., 2:]) / 6  # channels share some of it
    made = _day(width, height, rng) if shift == "day" else _night(width, height, rng)
    share = rng.uniform(0.03, 0.10) if shift == "day" else rng.uniform(0.12, 0.28)
    return replace(made, grain=grain, smear=max(1, round(share * speed)))


def _day(width: int, height: int, rng: np.random.Generator) -> Light:
    x, y = _grid(width, height)
    turn = rng.uniform(0, 2 * np.pi)
    slope = 1 + rng.uniform(0.05, 0.22) * (x * np.cos(turn) + y * np.sin(turn))
    white = (rng.uniform(0.96, 1.04, 3) * rng.uniform(0.95, 1.35)).astype(np.float32)
    field = (slope * _vignette(x, y, 0.12))[..., None] * white
    glare = np.zeros((height, width, 3), np.float32)
    if rng.random() < 0.6:
        glare += _window(x, y, rng)[..., None] * np.array((1.0, 1.0, 0.97), np.float32)
    if rng.random() < 0.35:
        glare += rng.uniform(0.2, 0.5) * _pool(x, y, rng, 0.22)[..., None]
    return _light(field, glare, rng.uniform(0, 0.8), 0.022, 0.008, 0.02)


def _night(width: int, height: int, rng: np.random.Generator) -> Light:
    x, y = _grid(width, height)
    sodium = np.array((1.0, rng.uniform(0.60, 0.74), rng.uniform(0.22, 0.38)), np.float32)
    moon = np.array((0.55, 0.70, 1.0), np.float32) * np.float32(rng.uniform(0.16, 0.26))
    pool = rng.uniform(0.45, 0.85) * _pool(x, y, rng, rng.uniform(0.7, 1.1))
    field = (pool[..., None] * sodium + moon) * _vignette(x, y, 0.28)[..., None]
    glare = 0.02 + rng.uniform(0.1, 0.35) * _pool(x, y, rng, 0.16)[..., None] * sodium
    glare = glare + rng.uniform(0, 0.10) * _window(x, y, rng)[..., None] * sodium
    floor = rng.uniform(0.02, 0.045)
    return _light(field, glare, rng.uniform(0.8, 1.8), 2.2 * floor, floor, 0.12)


def _light(field: Field, glare: Field, defocus: float, noise: float, floor: float, flicker: float) -> Light:
    dark = np.zeros((1, 1, 3), np.float32)
    lit, added = np.asarray(field, np.float32), np.asarray(glare, np.float32)
    return Light(lit, added, float(defocus), 1, float(noise), float(floor), flicker, dark)


def _grid(width: int, height: int) -> tuple[Field, Field]:
    """Coordinates in units of half the width, from the middle."""
    x = (np.arange(width, dtype=np.float32) - width / 2) / (width / 2)
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / (width / 2)
    return np.broadcast_to(x, (height, width)), np.broadcast_to(y, (height, width))


def _vignette(x: Field, y: Field, strength: float) -> Field:
    return np.asarray(1 - strength * (x * x + y * y))


def _pool(x: Field, y: Field, rng: np.random.Generator, size: float) -> Field:
    """A soft round spot somewhere over the belt."""
    dx, dy = x - rng.uniform(-0.7, 0.7), y - rng.uniform(-0.4, 0.4)
    return np.asarray(np.exp(-(dx * dx + dy * dy) / (size * size)))


def _window(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Slanted bright bars: a window mirrored on the belt."""
    turn, pitch = rng.uniform(0.6, 2.5), rng.uniform(0.28, 0.5)
    along = x * np.cos(turn) + y * np.sin(turn) + rng.uniform(-0.5, 0.5)
    bars = np.clip(5 * (np.cos(2 * np.pi * along / pitch) - 0.3), 0, 1) * (np.abs(along) < pitch)
    return np.asarray(rng.uniform(0.06, 0.22) * cv2.GaussianBlur(bars, (0, 0), 6))
