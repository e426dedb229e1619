"""What stands around the belt and gets in the way: rails, a gantry, a gripper, a cable. Knows no part and no label."""

# ruff: noqa: PLR2004 - a drawing is made of measures
from dataclasses import dataclass

import cv2
import numpy as np

from nightshift.simulation.line.belt import cloud
from nightshift.simulation.line.metal import Field, Lamp, Metal, Picture, Relief, bump, shade

ALUMINIUM = Metal((0.62, 0.64, 0.66), 0.45, 14)
PAINT = (
    Metal((0.85, 0.48, 0.10), 0.25, 12),  # robot orange
    Metal((0.80, 0.70, 0.15), 0.25, 12),
    Metal((0.30, 0.32, 0.35), 0.30, 12),
    Metal((0.72, 0.74, 0.76), 0.30, 12),
)
RUBBER = Metal((0.10, 0.10, 0.11), 0.25, 10)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture with coverage, and the corner of the frame it starts at.

    Args:
        color: (h, w, 3).
        cover: (h, w) in [0, 1].
        x: left edge in the frame, may be outside.
        y: upper edge, likewise.
    """

    color: Picture
    cover: Field
    x: int
    y: int

    def moved(self, dx: int, dy: int) -> "Overlay":
        """The same thing elsewhere."""
        return Overlay(self.color, self.cover, self.x + dx, self.y + dy)

    def paint(self, frame: Picture, occluded: Field | None = None) -> None:
        """Draw over the frame, in place; `occluded` collects the coverage."""
        height, width = frame.shape[:2]
        tall, wide = self.cover.shape
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + wide, width), min(self.y + tall, height)
        if right <= left or bottom <= top:
            return
        here = (slice(top, bottom), slice(left, right))
        mine = (slice(top - self.y, bottom - self.y), slice(left - self.x, right - self.x))
        cover = self.cover[mine]
        frame[here] += cover[..., None] * (self.color[mine] - frame[here])
        if occluded is not None:
            np.maximum(occluded[here], cover, out=occluded[here])

    def shadow(self, reach: int) -> "Overlay":
        """The dark, soft shape it throws; `reach` is how far its edge is blurred, pixels."""
        grown = cv2.copyMakeBorder(self.cover, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
        soft = cv2.GaussianBlur(grown, (0, 0), reach / 2.5) * np.float32(0.5)
        black = np.zeros((*soft.shape, 3), np.float32)
        return Overlay(black, np.asarray(soft), self.x - reach, self.y - reach)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that does not ride on the belt.

    Args:
        rail: thickness of a rail, pixels.
        things: (what, its shadow, movement a frame), lowest first.
    """

    rail: int
    things: tuple[tuple[Overlay, Overlay, tuple[int, int]], ...]

    def paint(self, frame: Picture, index: float) -> Field:
        """Draw all of it over frame number `index`, in place; returns what is covered, (h, w)."""
        covered = np.zeros(frame.shape[:2], np.float32)
        for thing, shadow, (dx, dy) in self.things:
            by = round(dx * index), round(dy * index)
            shadow.moved(*by).paint(frame)
            thing.moved(*by).paint(frame, covered)
        return covered


def around(width: int, height: int, lamp: Lamp, rng: np.random.Generator) -> Surroundings:
    """Side rails, and sometimes something between camera and belt: a gripper, a gantry, a cable."""
    thick = int(rng.integers(24, 42))
    upper, lower = _rail(width, thick, lamp, rng), _rail(width, thick, lamp, rng)[::-1]
    cover = np.ones((thick, width), np.float32)
    still = [Overlay(upper, cover, 0, 0), Overlay(lower, cover, 0, height - thick)]
    things = [(each, (0, 0)) for each in still]
    obstacle = _obstacle(width, height, lamp, rng)
    if obstacle is not None:
        things.insert(0, obstacle)
    lx, ly, _ = lamp.direction
    away = (round(-12 * lx), round(-12 * ly))
    return Surroundings(thick, tuple((t, t.shadow(14).moved(*away), move) for t, move in things))


def _obstacle(width: int, height: int, lamp: Lamp, rng: np.random.Generator) -> tuple[Overlay, tuple[int, int]] | None:
    """Something in the way, and how it moves a frame; often nothing."""
    draw = rng.random()
    if draw < 0.25:
        gripper = _gripper(lamp, rng)
        reach = int(rng.uniform(0.25, 0.62) * height)
        start = gripper.moved(int(rng.uniform(40, width - 140)), reach - gripper.cover.shape[0])
        return start, (int(rng.integers(-14, 28)), int(rng.integers(-16, 17)))
    if draw < 0.37:
        gantry = _gantry(height, lamp, rng)
        return gantry.moved(int(rng.uniform(60, width - 100)), 0), (0, 0)
    if draw < 0.47:
        return _cable(width, height, lamp, rng), (0, 0)
    return None


def _rail(width: int, thick: int, lamp: Lamp, rng: np.random.Generator) -> Picture:
    y, x = np.mgrid[:thick, :width].astype(np.float32)
    height = bump(y - thick + 1, 7, 5) - 5 * (np.abs(y - 0.45 * thick) < 3)
    pitch, start = rng.uniform(90, 150), rng.uniform(0, 90)
    folded = np.mod(x - start, pitch) - pitch / 2
    screw = np.hypot(folded, y - 0.45 * thick)
    height = np.where(screw < 6.5, 7 + bump(screw - 6.5, 3, 3) - 5 * (screw < 2.6), height)
    tone = np.where(np.abs(y - 0.45 * thick) < 3, 0.45, 1.0)
    tone = np.where(screw < 6.5, np.where(screw < 2.6, 0.3, 0.85), tone)
    brushed = 1 + 0.06 * cloud(width, thick, 3, rng).mean(axis=1, keepdims=True)
    brushed = brushed * (1 + 0.04 * rng.standard_normal((thick, 1), np.float32))
    metal = ALUMINIUM if rng.random() < 0.6 else PAINT[int(rng.integers(1, 4))]
    relief = _relief(np.full_like(x, -9), height, tone)
    color = shade(relief, metal, lamp, np.asarray(brushed, np.float32))
    if rng.random() < 0.3:
        color[-8:] = _hazard(x[-8:] + y[-8:])
    return color


def _hazard(diagonal: Field) -> Picture:
    stripe = (np.mod(diagonal, 22) < 11)[..., None]
    yellow, black = np.array((0.85, 0.68, 0.08)), np.array((0.10, 0.10, 0.10))
    return np.asarray(np.where(stripe, yellow, black), np.float32)


def _gripper(lamp: Lamp, rng: np.random.Generator) -> Overlay:
    """An arm from above with a palm and two rubber-tipped fingers."""
    wide, tall, gap = int(rng.integers(64, 104)), 420, rng.uniform(0.20, 0.32)
    y, x = np.mgrid[:tall, :wide].astype(np.float32)
    x, half = x - wide / 2, wide / 2
    arm = _slab(x, y - 170, 0.30 * half, 170, 4)
    palm = _slab(x, y - 345, half - 3, 16, 6)
    fingers = _slab(np.abs(x) - gap * wide - 6, y - 380, 6.5, 34, 4)
    tips = (y > 400) & (fingers < 1)
    whole = np.minimum(np.minimum(arm, palm), fingers)
    height = np.maximum(bump(arm, 12, 5), np.maximum(bump(palm, 16, 5), bump(fingers, 9, 3)))
    joint = np.abs(np.hypot(x, y - 345) - 8) < 1.2
    relief = _relief(whole, height, np.where(joint, 0.5, 1.0))
    color = shade(relief, PAINT[int(rng.integers(len(PAINT)))], lamp, _clean(x))
    color[tips] = shade(relief, RUBBER, lamp, _clean(x))[tips]
    return Overlay(color, relief.coverage, 0, 0)


def _gantry(height: int, lamp: Lamp, rng: np.random.Generator) -> Overlay:
    """A beam across the belt that carries a sensor."""
    wide, beam = 64, rng.uniform(8, 14)
    y, x = np.mgrid[:height, :wide].astype(np.float32)
    x = x - wide / 2
    at = rng.uniform(0.3, 0.7) * height
    sensor = _slab(x, y - at, 24, 30, 5)
    body = np.minimum(np.abs(x) - beam, sensor)
    tone = np.where(np.hypot(x, y - at) < 9, 0.15, np.where(sensor < 0, 0.8, 1))
    heights = np.maximum(bump(np.abs(x) - beam, 8, 4), bump(sensor, 14, 4))
    relief = _relief(body, heights, tone)
    color = shade(relief, PAINT[int(rng.integers(2, 4))], lamp, _clean(x))
    return Overlay(color, relief.coverage, 0, 0)


def _cable(width: int, height: int, lamp: Lamp, rng: np.random.Generator) -> Overlay:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    start, lean, sway = rng.uniform(80, width - 80), rng.uniform(-0.5, 0.5), rng.uniform(10, 40)
    phase = rng.uniform(0, 6)
    middle = start + lean * y + sway * np.sin(y / 70 + phase)
    slope = lean + sway / 70 * np.cos(y / 70 + phase)
    distance = np.abs(x - middle) / np.sqrt(1 + slope**2) - rng.uniform(4.5, 7)
    relief = _relief(distance, bump(distance, 7, 7), np.ones_like(x))
    return Overlay(shade(relief, RUBBER, lamp, _clean(x)), relief.coverage, 0, 0)


def _slab(x: Field, y: Field, half_width: float, half_height: float, corner: float) -> Field:
    dx, dy = np.abs(x) - half_width + corner, np.abs(y) - half_height + corner
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0) - corner)


def _relief(distance: Field, height: Field, tone: Field) -> Relief:
    flat = np.zeros_like(distance, np.float32)
    deep, high, dark = (np.asarray(each, np.float32) for each in (distance, height, tone))
    return Relief(deep, high, dark, flat)


def _clean(like: Field) -> Field:
    return np.ones_like(like)
