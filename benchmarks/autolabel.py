"""Auto-labelling against the bare batched forward of the same model on the same pictures.

Ours adds reading the scores back into boxes, merging prompts, clipping and checking; the bare forward stops at the
model's raw output.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

from benchmarks.measure import Result, in_turns, rate
from infra.demo.configuration import PROMPTS, TEACHER
from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.simulation.line.scene import render_clip
from nightshift.teachers import open_teacher

FRAMES, BATCH, RUNS = 96, 16, 7


def measure() -> Result:
    """Frames a second of both."""
    images = pictures(FRAMES)
    ontology = Ontology(tuple(ObjectClass(name, tuple(prompts), "#000000") for name, prompts in PROMPTS.items()))
    teacher = open_teacher(TeacherSpec("transformers", str(TEACHER), 0.05, BATCH, "cpu"), ontology, None)
    assert teacher is not None
    bare = _Bare([prompt for prompts in PROMPTS.values() for prompt in prompts])
    seconds = in_turns(lambda: teacher.detect(images), lambda: bare.forward(images), RUNS)
    return rate("auto-label", seconds, FRAMES, "frames/s", "bare batched forward", RUNS)


def pictures(count: int) -> list[Image]:
    """Frames of the factory line by day."""
    return [scene.image for clip in range(-(-count // 6)) for scene in render_clip(clip, "day", 6)][:count]


class _Bare:
    """The model as its model card shows it."""

    def __init__(self, prompts: list[str]) -> None:
        self.processor: Any = AutoProcessor.from_pretrained(TEACHER)  # type: ignore[no-untyped-call]
        self.model = AutoModelForZeroShotObjectDetection.from_pretrained(TEACHER).eval()
        self.prompts = prompts

    @torch.inference_mode()
    def forward(self, images: Sequence[Image]) -> None:
        for i in range(0, len(images), BATCH):
            batch = list(images[i : i + BATCH])
            inputs = self.processor(text=[self.prompts] * len(batch), images=batch, return_tensors="pt")
            self.model(**inputs)
