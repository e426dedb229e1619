"""Checkpoints made on the spot, one of each kind that a teacher opens, and what is needed to ask them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.teachers import open_teacher
from tests.contract import tiny_detectors, tiny_florence2, tiny_qwen, tiny_sam3, tiny_zero_shot
from tests.contract.tiny_words import PROMPTS

CLASSES = (PROMPTS[:2], PROMPTS[2:])
LANDSCAPE, PORTRAIT = (48, 64, 3), (100, 60, 3)
FAMILIES = tuple(tiny_zero_shot.ZERO_SHOT)


class Kit(NamedTuple):
    """A kind of checkpoint.

    Args:
        make: gives model and processor.
        teachers: the families that open it.
    """

    make: Callable[[], tuple[Any, Any]]
    teachers: tuple[str, ...]


KITS = {
    **{kind: Kit(partial(tiny_zero_shot.make, kind), ("transformers",)) for kind in FAMILIES},
    **{kind: Kit(partial(tiny_detectors.make, kind), ("detector",)) for kind in tiny_detectors.DETECTORS},
    "florence2": Kit(tiny_florence2.make, ("florence2", "florence2_grounding")),
    "sam3": Kit(tiny_sam3.make, ("sam3",)),
    "qwen2_5_vl": Kit(partial(tiny_qwen.make, "qwen2_5_vl"), ("qwen_vl",)),
    "qwen3_vl": Kit(partial(tiny_qwen.make, "qwen3_vl"), ("qwen_vl",)),
}


def save(kind: str, folder: Path, seed: int = 0) -> Path:
    """A checkpoint of the kind in a folder of that name."""
    torch.manual_seed(seed)
    model, processor = KITS[kind].make()
    model.save_pretrained(folder / kind)
    processor.save_pretrained(folder / kind)
    return folder / kind


def ontology(classes: Sequence[Sequence[str]] = CLASSES) -> Ontology:
    """Classes with these prompts."""
    return Ontology(tuple(ObjectClass(f"class {i}", tuple(each), "#e6194b") for i, each in enumerate(classes)))


def teacher(
    checkpoint: Path, classes: Sequence[Sequence[str]] = CLASSES, name: str = "transformers", **spec: Any
) -> Any:
    """The checkpoint opened as a teacher that keeps every score, with these prompts a class."""
    said = {"threshold": 0.0, "batch": 4, "device": "cpu", **spec}
    return open_teacher(TeacherSpec(name, str(checkpoint), **said), ontology(classes), None)


def picture(shape: tuple[int, ...], seed: int = 0) -> Image:
    """Noise of that shape."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
