"""Metal under a lamp: turns a relief (heights in pixels) into colours. Knows no part, no belt and no night."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]  # (h, w)
Picture = NDArray[np.float32]  # (h, w, 3), 1.0 is white


@dataclass(frozen=True, slots=True)
class Relief:
    """The surface of something seen from above.

    Args:
        distance: (h, w) signed distance to the outline, pixels, negative inside.
        height: (h, w) pixels above the belt.
        tone: (h, w) multiplies the colour; grooves and gaps are dark.
        turned: (h, w) in [0, 1]: how far a lathe has left its circular sheen.
    """

    distance: Field
    height: Field
    tone: Field
    turned: Field

    @property
    def coverage(self) -> Field:
        """(h, w) in [0, 1]: the share of each pixel that is covered."""
        return np.clip(0.5 - self.distance, 0, 1)


@dataclass(frozen=True, slots=True)
class Metal:
    """A finish: colour, and how sharply it mirrors."""

    color: tuple[float, float, float]
    gloss: float
    shine: int


STEEL = Metal((0.60, 0.63, 0.66), 0.55, 24)
ZINC = Metal((0.70, 0.72, 0.72), 0.45, 16)
YELLOW_ZINC = Metal((0.72, 0.62, 0.36), 0.45, 16)
BRASS = Metal((0.76, 0.58, 0.28), 0.55, 24)
BLACK_OXIDE = Metal((0.24, 0.24, 0.26), 0.40, 20)
CHROME = Metal((0.72, 0.75, 0.79), 0.80, 40)


@dataclass(frozen=True, slots=True)
class Lamp:
    """Where the light comes from: radians around the vertical, and how steeply."""

    azimuth: float
    elevation: float = 0.95

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit vector towards the lamp: x right, y down, z to the camera."""
        flat = np.cos(self.elevation)
        return (
            float(flat * np.cos(self.azimuth)),
            float(flat * np.sin(self.azimuth)),
            float(np.sin(self.elevation)),
        )


def shade(relief: Relief, metal: Metal, lamp: Lamp, grime: Field) -> Picture:
    """Colours of a metal relief: diffuse, mirrored surroundings, lathe sheen and highlights.

    Args:
        relief: (h, w) surface.
        metal: its finish.
        lamp: the main light.
        grime: (h, w) around 1: dirt and wear, multiplies the colour.
    """
    nx, ny, nz = _normals(relief.height)
    lx, ly, lz = lamp.direction
    lit = np.clip(nx * lx + ny * ly + nz * lz, 0, 1)
    mirrored = 0.5 + 0.5 * np.sin(2.6 * nz * (ny * ly + nx * lx) * 2 + 0.9 * nx + 0.4)
    body = (0.22 + 0.52 * lit + 0.34 * metal.gloss * mirrored) * relief.tone * grime
    body += 0.30 * metal.gloss * relief.turned * _sheen(relief.height.shape, lamp) * relief.tone
    spark = 0.75 * metal.gloss * _highlight(nx, ny, nz, lamp) ** metal.shine * relief.tone
    color = np.array(metal.color, np.float32)
    return np.asarray(body[..., None] * color + spark[..., None], np.float32)


def bump(distance: Field, height: float, bevel: float) -> Field:
    """A plateau `height` pixels high whose rim rises over `bevel` pixels inside the outline."""
    t = np.clip(-distance / bevel, 0, 1)
    return np.asarray(height * t * (2 - t), np.float32)


def _normals(height: Field) -> tuple[Field, Field, Field]:
    gy, gx = np.gradient(height)
    nz = 1 / np.sqrt(1 + gx * gx + gy * gy)
    return -gx * nz, -gy * nz, nz


def _highlight(nx: Field, ny: Field, nz: Field, lamp: Lamp) -> Field:
    """Cosine between the normal and the half vector of lamp and camera (Blinn)."""
    half = np.array(lamp.direction) + np.array((0, 0, 1))
    hx, hy, hz = (half / np.linalg.norm(half)).astype(np.float32)
    return np.asarray(np.clip(nx * hx + ny * hy + nz * hz, 0, 1))


def _sheen(shape: tuple[int, ...], lamp: Lamp) -> Field:
    """The two bright fans across a turned disc, in [-0.5, 1], centred on the picture."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    x, y = x - (shape[1] - 1) / 2, y - (shape[0] - 1) / 2
    along = x * np.cos(lamp.azimuth + 0.6) + y * np.sin(lamp.azimuth + 0.6)
    cosine = along * along / (x * x + y * y + 1e-3)
    grooves = 0.12 * np.sin(2.1 * np.sqrt(x * x + y * y))
    return np.asarray(1.5 * cosine**4 - 0.5 * (1 - cosine) + grooves, np.float32)
