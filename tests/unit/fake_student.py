"""A student that learns without torch, and a small world for it; shared by the tests of what a backtest does.

It is told the truth of every picture beforehand and shows the more of it the more boxes it was taught: so that a run
has a learning curve, is the same every time, and takes no time.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pictures import scene
from PIL import Image as Pillow

from nightshift.domain.detections import Detections
from nightshift.domain.models import Checkpoint, Example, Hyper, Image, Progress, Sight, no_progress
from nightshift.frames.datasets import Dataset
from nightshift.simulation.world import World, build

NAMES = ("bolt", "nut", "ring")
HALF = 40.0  # boxes taught at which it finds half of the objects
HYPER = Hyper("fake", 64, 10, 4, 0, "cpu")


def boxes_of(seed: int, width: int, height: int) -> Detections:
    """Up to four objects on a grid, so that they do not touch."""
    chance = np.random.default_rng([seed, 1])
    places = chance.permutation(6)[: chance.integers(0, 5)]
    low = np.array([(p % 3, p // 3) for p in places], np.float32).reshape(-1, 2) * [width / 3, height / 2] + 2
    high = low + np.array([width / 4, height / 3])
    return Detections.of(np.hstack([low, high]), chance.integers(0, len(NAMES), len(places)))


def small_data(folder: Path, bursts: int, length: int = 2, width: int = 96, height: int = 64) -> Dataset:
    """Bursts of pictures that differ by a little brightness, and say so nowhere in their names."""
    samples, sizes = {}, {}
    for i in range(bursts * length):
        pixels = np.clip(scene(i % bursts, width, height).astype(int) + 6 * (i // bursts), 0, 255)
        Pillow.fromarray(pixels.astype(np.uint8)).save(folder / f"{i:03d}.png")
        samples[f"{i:03d}.png"], sizes[f"{i:03d}.png"] = boxes_of(i, width, height), (width, height)
    return Dataset(NAMES, samples, sizes)


def small_world(folder: Path, bursts: int = 14) -> World:
    return build("small", folder, small_data(folder, bursts), folder / "small", 48, 0.3, 0)


class FakeStudent:
    """A family of students.

    Args:
        world: whose truth it knows.
    """

    def __init__(self, world: World) -> None:
        self.fits = 0
        self._truth = {_key(image): world.truth[f.id] for f in world.frames for image in world.images([f])}

    def fit(
        self,
        examples: Sequence[Example],
        names: Sequence[str],
        init: Path | None,
        out: Path,
        hyper: Hyper,
        progress: Progress = no_progress,
    ) -> Checkpoint:
        del progress
        self.fits += 1
        before = json.loads(init.read_text())["taught"] if init else 0
        taught = max(before, sum(each.weight * len(each.labels) for each in examples))
        out.mkdir(parents=True)
        path = out / "weights.json"
        path.write_text(json.dumps({"taught": taught, "names": list(names), "seed": hyper.seed}))
        return Checkpoint(path, hashlib.sha256(path.read_bytes()).hexdigest(), "warm" if init else "scratch")

    def open(self, weights: Path, hyper: Hyper) -> "FakeDetector":
        del hyper
        return FakeDetector(self._truth, weights)


class FakeDetector:
    """Shows each object from the day on which its weights have been taught enough."""

    has_class_scores = True

    def __init__(self, truth: Mapping[str, Detections], weights: Path) -> None:
        said = json.loads(weights.read_text())
        self._truth, self._share = truth, said["taught"] / (said["taught"] + HALF)
        self.version = f"fake@{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self._one(each) for each in images]

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        return np.array([each.mean(axis=(0, 1)) for each in images], np.float32).reshape(len(images), 3)

    def look(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        return self.detect(images), self.embed(images)

    def inspect(self, images: Sequence[Image], *, mirrored: bool = False) -> list[Sight]:
        del mirrored
        pairs = zip(*self.look(images), strict=True)
        return [
            Sight(found, found.scores[:, None] * np.eye(3, dtype=np.float32)[found.classes], v) for found, v in pairs
        ]

    def _one(self, image: Image) -> Detections:
        truth = self._truth[_key(image)]
        rank = np.random.default_rng(int(_key(image)[:8], 16)).random(len(truth))
        sure = np.clip(0.5 + self._share - rank, 0.05, 0.95)
        return Detections.of(truth.boxes, truth.classes, sure).above(0.2)


def _key(image: Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()
