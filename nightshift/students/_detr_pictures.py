"""Training pictures for detection transformers: fitted as inference fits them, then varied.

Every picture is stretched into the square that the network sees by the detector's own function. Variations happen in
that square: four pictures tiled or one with a margin, a window of it enlarged or shrunk, mirrored, recoloured. Each
drawing has a seed of its own, so that how many workers draw changes nothing. Knows nothing of networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image as Pillow
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from nightshift.domain.detections import Detections
from nightshift.domain.models import Image
from nightshift.students._yolo_folder import from_lines
from nightshift.yolo.squares import GREY, fit

TILED = 0.5  # share of the varied drawings that are of four pictures
WINDOW = (0.6, 1.25)  # side of what is cut out, in sides of the square
TILED_WINDOW = (1.0, 1.8)
MARGIN = 0.25  # of grey around a single picture, in sides of the square
VISIBLE = 0.3  # least share of a box in the window for which it is still an object
VARIED = 0.75  # share of the training in which pictures are varied so; after it they are mirrored only
MOST_KEPT = 1 << 30  # bytes of fitted pictures in memory
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, which the backbones were trained with


@dataclass(frozen=True, slots=True)
class Picture:
    """A square with its objects: (side, side, 3) uint8 RGB, and boxes in its pixels."""

    square: Image
    labels: Detections


class Pictures:
    """The pictures of a training folder, as `_yolo_folder` wrote it.

    Args:
        data: path of data.yaml.
        side: of the square, pixels.
    """

    def __init__(self, data: Path, side: int) -> None:
        said = yaml.safe_load(data.read_text(encoding="utf-8"))
        folder = Path(said["path"])
        self.names = tuple(said["names"][i] for i in range(len(said["names"])))
        self.epoch = (folder / said["train"]).read_text().splitlines()
        self.side = side
        self._kept: dict[str, Picture] = {}
        self._keeps = len(set(self.epoch)) * side * side * 3 <= MOST_KEPT

    def __getitem__(self, path: str) -> Picture:
        """The picture of a file."""
        found = self._kept.get(path) or self._read(Path(path))
        if self._keeps:
            self._kept[path] = found
        return found

    def _read(self, path: Path) -> Picture:
        with Pillow.open(path) as stored:
            image = np.array(stored.convert("RGB"))
        lines = (path.parents[1] / "labels" / f"{path.stem}.txt").read_text()
        labels = from_lines(lines, (image.shape[1], image.shape[0]))
        square, way = fit(image, self.side, stretched=True)
        scale = np.array((*way.scale, *way.scale), np.float32)
        return Picture(square, Detections(labels.boxes * scale, labels.classes, labels.scores))


class Drawings(Dataset[dict[str, Any]]):
    """Everything that a training sees, in its order.

    Args:
        pictures: to draw from.
        number: of drawings, whole steps.
        seed: of order and variation.
    """

    def __init__(self, pictures: Pictures, number: int, seed: int) -> None:
        self._pictures, self._seed, self._number = pictures, seed, number
        chance = np.random.default_rng(seed)
        entries = len(pictures.epoch)
        passes = [chance.permutation(entries) for _ in range(-(-number // entries))]
        self._order = np.concatenate(passes)[:number]

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: int) -> dict[str, Any]:
        """pixel_values, (3, side, side) uint8, and labels: classes, and boxes as centre and size in shares."""
        chance = np.random.default_rng([self._seed, index])
        picture = self._pictures[self._pictures.epoch[self._order[index]]]
        if index < VARIED * self._number:
            picture = self._varied(picture, chance)
        return finished(picture, chance)

    def _varied(self, picture: Picture, chance: np.random.Generator) -> Picture:
        if chance.random() >= TILED:
            return window(with_margin(picture), self._pictures.side, WINDOW, chance)
        others = chance.integers(0, len(self._pictures.epoch), 3)
        four = [picture, *(self._pictures[self._pictures.epoch[i]] for i in others)]
        return window(tiled(four), self._pictures.side, TILED_WINDOW, chance)


def tiled(four: Sequence[Picture]) -> Picture:
    """Four squares as one of twice the side."""
    side = len(four[0].square)
    rows = [np.concatenate([four[i].square, four[i + 1].square], axis=1) for i in (0, 2)]
    moved = [each.labels.boxes + np.float32(side) * np.array((i % 2, i // 2) * 2) for i, each in enumerate(four)]
    classes, scores = (np.concatenate([getattr(each.labels, name) for each in four]) for name in ("classes", "scores"))
    return Picture(np.concatenate(rows), Detections(np.concatenate(moved), classes, scores))


def with_margin(picture: Picture) -> Picture:
    """A square with grey around it."""
    margin = round(MARGIN * len(picture.square))
    square = np.pad(picture.square, ((margin, margin), (margin, margin), (0, 0)), constant_values=GREY)
    labels = picture.labels
    return Picture(square, Detections(labels.boxes + np.float32(margin), labels.classes, labels.scores))


def window(picture: Picture, side: int, sizes: tuple[float, float], chance: np.random.Generator) -> Picture:
    """A part of a picture as a square of `side` pixels, with the objects that can still be seen in it.

    Args:
        picture: larger than any window.
        side: of the result.
        sizes: least and greatest height and width of the window, in sides.
        chance: draws the window.
    """
    full = len(picture.square)
    height, width = (chance.uniform(*sizes, 2) * side).astype(int)
    top, left = int(chance.integers(0, full - height + 1)), int(chance.integers(0, full - width + 1))
    low, high = np.array((left, top) * 2), np.array((left + width, top + height) * 2)
    cut = np.clip(picture.labels.boxes, low, high)
    share = np.prod(cut[:, 2:] - cut[:, :2], axis=1) / np.prod(
        picture.labels.boxes[:, 2:] - picture.labels.boxes[:, :2], axis=1
    )
    seen = share >= VISIBLE
    pixels = torch.from_numpy(np.ascontiguousarray(picture.square.transpose(2, 0, 1)))
    resized = functional.resized_crop(pixels, top, left, int(height), int(width), [side, side], antialias=True)
    boxes = (cut[seen] - low) * (side / np.array((width, height) * 2))
    labels = Detections(boxes, picture.labels.classes[seen], picture.labels.scores[seen])
    return Picture(resized.numpy().transpose(1, 2, 0), labels)


def finished(picture: Picture, chance: np.random.Generator) -> dict[str, Any]:
    """Mirrored or not, recoloured, as tensors."""
    pixels = tv_tensors.Image(torch.from_numpy(np.ascontiguousarray(picture.square.transpose(2, 0, 1))))
    size = picture.square.shape[:2]
    boxes = tv_tensors.BoundingBoxes(torch.from_numpy(picture.labels.boxes.copy()), format="XYXY", canvas_size=size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(chance.integers(1 << 31)))
        pixels, boxes = VARY(pixels, boxes)
    centred = functional.convert_bounding_box_format(boxes, new_format="CXCYWH").as_subclass(torch.Tensor)
    classes = torch.from_numpy(picture.labels.classes.copy())
    return {
        "pixel_values": pixels.as_subclass(torch.Tensor),
        "labels": {"class_labels": classes, "boxes": centred.float() / size[0]},
    }


VARY = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomApply([v2.ColorJitter(0.3, 0.3, 0.4, 0.02)], p=0.5)])


def together(drawn: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A batch of drawings."""
    return {
        "pixel_values": torch.stack([each["pixel_values"] for each in drawn]),
        "labels": [each["labels"] for each in drawn],
    }


def seen(pixels: torch.Tensor, *, normalised: bool) -> torch.Tensor:
    """What a network sees of (n, 3, side, side) uint8 pixels, or of float ones in [0, 255]."""
    shares = pixels.float() / 255
    if not normalised:
        return shares
    mean, deviation = (shares.new_tensor(each).view(1, 3, 1, 1) for each in (MEAN, DEVIATION))
    return (shares - mean) / deviation
