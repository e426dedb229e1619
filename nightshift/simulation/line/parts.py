"""The four parts that ride on the belt: their outlines and surfaces, in their own coordinates (pixels, centred).

Knows geometry only: nothing of belts, cameras or labels. Signed distances follow the usual constructions
(union is the minimum, subtraction the maximum with the negated shape).
"""

# ruff: noqa: PLR2004 - a drawing is made of measures
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightshift.simulation.line.metal import (
    BLACK_OXIDE,
    BRASS,
    CHROME,
    STEEL,
    YELLOW_ZINC,
    ZINC,
    Field,
    Metal,
    Relief,
    bump,
)

Surface = NDArray[np.floating]  # of any precision, until it is a relief
Points = NDArray[np.float64]  # (n, 2) x, y


class Part(Protocol):
    """Something that can be drawn at any angle."""

    @property
    def metal(self) -> Metal:
        """Its finish."""

    def outline(self) -> Points:
        """Points whose extent, turned by any angle, is the extent of the part."""

    def relief(self, x: Field, y: Field) -> Relief:
        """The surface at the part's own coordinates."""


@dataclass(frozen=True, slots=True)
class Gear:
    """A spur gear: teeth, rim, recessed web with or without holes, hub, bore with keyway."""

    radius: float
    teeth: int
    holes: int
    metal: Metal

    def outline(self) -> Points:
        """The tooth profile, sampled finely."""
        angles = np.linspace(0, 2 * np.pi, 1440, endpoint=False)
        reach, _ = self._profile(angles)
        return np.stack([reach * np.cos(angles), reach * np.sin(angles)], axis=1)

    def relief(self, x: Field, y: Field) -> Relief:
        """Teeth and bore cut out; hub and rim stand proud of the web."""
        r, angle = np.hypot(x, y), np.arctan2(y, x)
        reach, slope = self._profile(angle)
        teeth = (r - reach) / np.sqrt(1 + (slope / np.maximum(r, 1)) ** 2)
        hub, rim, bore = 0.38 * self.radius, 0.68 * self.radius, 0.19 * self.radius
        solid = np.maximum(teeth, bore - r)
        solid = np.maximum(solid, -_box(x - bore, y, 0.09 * self.radius, 0.06 * self.radius))
        if self.holes:
            solid = np.maximum(solid, self._bores(r, angle, (hub + rim) / 2, (rim - hub) * 0.34))
        web = np.clip(np.minimum(r - hub, rim - r) / 2, 0, 1)
        height = bump(solid, 9, 2.6) - 3.5 * web * (solid < 0)
        return _relief(solid, height, 1 - 0.28 * web, 1 - 0.4 * web)

    def _profile(self, angle: NDArray[np.floating]) -> tuple[Field, Field]:
        """Outer radius and its slope at each angle: trapezoid teeth."""
        deep = min(0.17 * self.radius, 2.6 * self.radius / self.teeth)
        wave = 1.7 * np.cos(self.teeth * angle)
        slope = -1.7 * self.teeth * np.sin(self.teeth * angle) * (np.abs(wave) < 1)
        reach = self.radius - deep + deep * (0.5 + 0.5 * np.clip(wave, -1, 1))
        return np.asarray(reach), np.asarray(0.5 * deep * slope)

    def _bores(self, r: Field, angle: Field, at: float, size: float) -> Field:
        step = 2 * np.pi / self.holes
        folded = np.mod(angle, step) - step / 2
        away = np.hypot(r * np.cos(folded) - at, r * np.sin(folded))
        return np.asarray(size - away)


@dataclass(frozen=True, slots=True)
class Bolt:
    """A hex bolt lying on its side: three visible facets, a shank, threads to the tip."""

    length: float
    head: float
    shank: float
    threaded: float
    metal: Metal

    def outline(self) -> Points:
        """Corners of head and shank, rounded as they are drawn."""
        left, right, thick = -self.length / 2, self.length / 2, self._thick
        head = _rounded(left + thick / 2, thick / 2, self.head, 2.5)
        tip = _rounded((left + right) / 2, self.length / 2, self.shank, 2.5)
        return np.concatenate([head, tip])

    def relief(self, x: Field, y: Field) -> Relief:
        """A hexagonal prism and a grooved cylinder."""
        left, thick = -self.length / 2, self._thick
        head = _box(x - left - thick / 2, y, thick / 2 - 2.5, self.head - 2.5) - 2.5
        shank = _box(x, y, self.length / 2 - 2.5, self.shank - 2.5) - 2.5
        facets = 0.87 * self.head * np.clip((self.head - np.abs(y)) / (self.head / 2), 0, 1)
        facets = np.minimum(facets, 3.2 * (x - left) + 0.45 * self.head)
        groove, thread = self._threads(x, y)
        round_ = np.sqrt(np.maximum(self.shank**2 - y * y, 0)) + groove
        on_head = head < 0.5
        height = np.where(on_head, facets, np.where(shank < 0.5, round_, 0))
        edge = np.abs(np.abs(y) - self.head / 2) < 0.8
        tone = np.where(on_head, 1 - 0.22 * edge, 1 - 0.45 * thread)
        tone = tone * np.where(np.abs(x - left - thick - 1) < 1.2, 0.55, 1)
        return _relief(np.minimum(head, shank), height, tone, np.zeros_like(x))

    @property
    def _thick(self) -> float:
        return 0.85 * self.head

    def _threads(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Height of the thread, and how deep in its root each point is, in [0, 1]."""
        pitch = max(4.2, 0.5 * self.shank)
        start = self.length / 2 - self.threaded
        turn = 0.5 - 0.5 * np.cos(2 * np.pi * (x / pitch + 0.25 * y / self.shank))
        here = np.clip((x - start) / 2, 0, 1)
        return np.asarray(-0.22 * pitch * turn * here), np.asarray(turn * here)


@dataclass(frozen=True, slots=True)
class Washer:
    """A flat ring."""

    radius: float
    bore: float
    metal: Metal

    def outline(self) -> Points:
        """The outer circle."""
        return _circle(self.radius)

    def relief(self, x: Field, y: Field) -> Relief:
        """A thin plateau with a soft rim, as punched."""
        r = np.hypot(x, y)
        solid = np.maximum(r - self.radius, self.bore - r)
        return _relief(solid, bump(solid, 3.2, 2.2), np.ones_like(r), np.full_like(r, 0.8))


@dataclass(frozen=True, slots=True)
class Bearing:
    """A deep-groove ball bearing: two rings, balls and their cage between them."""

    radius: float
    balls: int
    metal: Metal

    def outline(self) -> Points:
        """The outer circle."""
        return _circle(self.radius)

    def relief(self, x: Field, y: Field) -> Relief:
        """Rings stand high, the groove is deep and dark, the balls are domes in it."""
        r, angle = np.hypot(x, y), np.arctan2(y, x)
        outer, inner, bore = 0.80 * self.radius, 0.57 * self.radius, 0.36 * self.radius
        solid = np.maximum(r - self.radius, bore - r)
        groove = np.maximum(r - outer, inner - r)
        ball = 0.15 * self.radius
        away = self._to_ball(r, angle, (outer + inner) / 2)
        dome = np.sqrt(np.maximum(ball * ball - away * away, 0))
        rings = bump(np.maximum(solid, -groove), 9, 2.4)
        cage = np.abs(groove + 0.115 * self.radius) < 0.045 * self.radius
        tone = np.where(groove < 0, np.where(away < ball, 1.15, np.where(cage, 0.55, 0.16)), 1.0)
        height = np.where(groove < 0, dome, rings)
        return _relief(solid, height, tone, 1.0 * (groove >= 0))

    def _to_ball(self, r: Field, angle: Field, at: float) -> Field:
        step = 2 * np.pi / self.balls
        folded = np.mod(angle, step) - step / 2
        return np.asarray(np.hypot(r * np.cos(folded) - at, r * np.sin(folded)))


def gear(rng: np.random.Generator) -> Part:
    """Some gear of 68 to 124 pixels."""
    radius = rng.uniform(34, 62)
    teeth = int(rng.integers(12, 13 + int(radius / 4.2)))
    holes = int(rng.choice([0, 4, 5, 6])) if radius > 44 else 0
    return Gear(radius, teeth, holes, _finish(rng, STEEL, STEEL, BLACK_OXIDE, BRASS))


def bolt(rng: np.random.Generator) -> Part:
    """Some bolt of 76 to 136 pixels."""
    length, head = rng.uniform(76, 136), rng.uniform(15, 21)
    metal = _finish(rng, ZINC, ZINC, BLACK_OXIDE, YELLOW_ZINC, STEEL)
    shank, threaded = head * rng.uniform(0.46, 0.58), length * rng.uniform(0.45, 0.72)
    return Bolt(length, head, shank, threaded, metal)


def washer(rng: np.random.Generator) -> Part:
    """Some washer of 48 to 84 pixels."""
    radius = rng.uniform(24, 42)
    return Washer(radius, radius * rng.uniform(0.42, 0.58), _finish(rng, ZINC, STEEL, YELLOW_ZINC))


def bearing(rng: np.random.Generator) -> Part:
    """Some bearing of 60 to 100 pixels."""
    return Bearing(rng.uniform(30, 50), int(rng.integers(8, 12)), CHROME)


CLASSES = ("gear", "bolt", "washer", "bearing")
MAKERS: tuple[Callable[[np.random.Generator], Part], ...] = (gear, bolt, washer, bearing)


def _finish(rng: np.random.Generator, *metals: Metal) -> Metal:
    return metals[int(rng.integers(len(metals)))]


def _relief(distance: Surface, height: Surface, tone: Surface, turned: Surface) -> Relief:
    deep, high, dark, sheen = (np.asarray(each, np.float32) for each in (distance, height, tone, turned))
    return Relief(deep, high, dark, sheen)


def _box(x: Field, y: Field, half_width: float, half_height: float) -> Field:
    """Signed distance to a rectangle around the origin."""
    dx, dy = np.abs(x) - half_width, np.abs(y) - half_height
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0))


def _circle(radius: float, center: tuple[float, float] = (0, 0)) -> Points:
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + center


def _rounded(x: float, half_width: float, half_height: float, radius: float) -> Points:
    """A rectangle around (x, 0) with corners of the given radius."""
    dx, dy = half_width - radius, half_height - radius
    corners = [(x + i * dx, j * dy) for i in (-1, 1) for j in (-1, 1)]
    return np.concatenate([_circle(radius, corner) for corner in corners])
