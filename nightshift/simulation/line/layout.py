"""Parts laid on a strip of belt: where, which, in what order, with their shadows. Knows no frame and no light."""

# ruff: noqa: PLR2004 - a drawing is made of measures
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.simulation.line import belt
from nightshift.simulation.line.metal import Field, Lamp, Picture, shade
from nightshift.simulation.line.parts import CLASSES, MAKERS, Part

MARGIN = 80  # pixels of strip beyond both ends: more than any part reaches from its middle
COMMON = (0.34, 0.36, 0.30)  # gear, bolt, washer, among the parts that are not rare
RARE = CLASSES.index("bearing")
OVERLAPS = 0.12  # share of parts dropped anywhere, on top of others too


@dataclass(frozen=True, slots=True)
class Placed:
    """A part on the strip.

    Args:
        kind: its class.
        box: x1, y1, x2, y2 of its outline on the strip, pixels.
        left: first column of its mask on the strip.
        top: first row.
        mask: (h, w) which pixels it covers.
    """

    kind: int
    box: tuple[float, float, float, float]
    left: int
    top: int
    mask: NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the mask on the strip."""
        tall, wide = self.mask.shape
        return slice(self.top, self.top + tall), slice(self.left, self.left + wide)


@dataclass(frozen=True, slots=True)
class Strip:
    """A belt with parts on it.

    Args:
        picture: (h, w, 3), lit evenly.
        owner: (h, w) index of the part on top, -1 for none.
        placed: the parts, lowest first.
    """

    picture: Picture
    owner: NDArray[np.int16]
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What laying a part changes."""

    picture: Picture
    owner: NDArray[np.int16]
    grime: Field
    lamp: Lamp


def lay(width: int, height: int, rail: int, lamp: Lamp, rare_share: float, rng: np.random.Generator) -> Strip:
    """A strip of `width` pixels, and MARGIN more at both ends, with parts between the rails.

    Args:
        width: pixels along the belt that will be seen.
        height: pixels across, rails included.
        rail: thickness of a rail, pixels.
        lamp: the light, for shading and shadows.
        rare_share: share of the rare class.
        rng: decides the rest.
    """
    whole = width + 2 * MARGIN
    bench = _Bench(
        belt.strip(whole, height, rng),
        np.full((height, whole), -1, np.int16),
        np.asarray(1 + 0.07 * belt.cloud(whole, height, 9, rng), np.float32),
        lamp,
    )
    spacing = 480 / int(rng.integers(4, 9))
    placed: list[Placed] = []
    for slot in np.arange(MARGIN / 2, whole - MARGIN, spacing):
        kind = _kind(rare_share, rng)
        part, angle = MAKERS[kind](rng), rng.uniform(0, 2 * np.pi)
        reach = _extent(part, angle)
        x = float(np.clip(slot + spacing * rng.uniform(0.1, 0.9), MARGIN, whole - MARGIN))
        y = _row(x, rail - reach[1] + 2, height - rail - reach[3] - 2, placed, rng)
        placed.append(_put(part, kind, (x, y), angle, len(placed), bench))
    return Strip(bench.picture, bench.owner, tuple(placed))


def _kind(rare_share: float, rng: np.random.Generator) -> int:
    if rng.random() < rare_share:
        return RARE
    return int(rng.choice(len(COMMON), p=COMMON))


def _extent(part: Part, angle: float) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of the outline turned by an angle, around the part's own middle."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = part.outline() @ turn
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def _row(x: float, lowest: float, highest: float, placed: list[Placed], rng: np.random.Generator) -> float:
    """A place across the belt: mostly the freest of six, sometimes just any."""
    rows = rng.uniform(lowest, highest, 6)
    if not placed or rng.random() < OVERLAPS:
        return float(rows[0])
    boxes = np.array([each.box for each in placed[-5:]])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    free = np.hypot(x - middles[:, 0], rows[:, None] - middles[:, 1]).min(axis=1)
    return float(rows[int(free.argmax())])


def _put(part: Part, kind: int, at: tuple[float, float], angle: float, index: int, bench: _Bench) -> Placed:
    """Shade the part, throw its shadow, paint it, and take the pixels over."""
    x1, y1, x2, y2 = _extent(part, angle)
    half = int(np.ceil(max(-x1, -y1, x2, y2))) + 2
    left, top = round(at[0]) - half, round(at[1]) - half
    gx = np.arange(2 * half + 1, dtype=np.float32) + np.float32(left + 0.5 - at[0])
    gy = np.arange(2 * half + 1, dtype=np.float32)[:, None] + np.float32(top + 0.5 - at[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    relief = part.relief(gx * cos + gy * sin, gy * cos - gx * sin)
    rows, columns = _inside(top, left, 2 * half + 1, bench.owner.shape)
    cut = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    cover = relief.coverage
    grime = np.ones_like(cover)
    grime[cut] = bench.grime[rows, columns]
    color = shade(relief, part.metal, bench.lamp, grime)
    _shadow(bench, cover[cut], rows, columns)
    under = bench.picture[rows, columns]
    under += cover[cut][..., None] * (color[cut] - under)
    mask = cover[cut] > 0.5
    bench.owner[rows, columns][mask] = index
    box = (at[0] + x1, at[1] + y1, at[0] + x2, at[1] + y2)
    return Placed(kind, box, columns.start, rows.start, mask)


def _inside(top: int, left: int, size: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The part of a square that lies on the strip (its blank rim may reach beyond)."""
    return (
        slice(max(top, 0), min(top + size, shape[0])),
        slice(max(left, 0), min(left + size, shape[1])),
    )


def _shadow(bench: _Bench, cover: Field, rows: slice, columns: slice) -> None:
    """Darken what lies on the far side of the lamp, and the contact line all around."""
    height, width = bench.owner.shape
    pad = 16
    grown = cv2.copyMakeBorder(cover, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    lx, ly, _ = bench.lamp.direction
    move = np.array([[1, 0, -12 * lx], [0, 1, -12 * ly]], np.float32)
    thrown = cv2.GaussianBlur(cv2.warpAffine(grown, move, grown.shape[::-1]), (0, 0), 3.2)
    contact = cv2.GaussianBlur(grown, (0, 0), 2.0)
    dark = 1 - np.clip(0.55 * thrown + 0.25 * contact, 0, 0.8)
    top, left = rows.start - pad, columns.start - pad
    r = slice(max(top, 0), min(rows.stop + pad, height))
    c = slice(max(left, 0), min(columns.stop + pad, width))
    bench.picture[r, c] *= dark[r.start - top : r.stop - top, c.start - left : c.stop - left, None]
