"""Scoring the pool with the student against Ultralytics' own `YOLO.predict(stream=True)` on the same files.

Ours adds the embedding and the expected corrections of every frame.
"""

import os
import tempfile
from pathlib import Path

import torch
from PIL import Image as Picture
from ultralytics import YOLO  # type: ignore[attr-defined]

from benchmarks.autolabel import pictures
from benchmarks.measure import Result, in_turns, rate
from nightshift.domain.detections import Detections
from nightshift.domain.models import Example, Hyper, StudentDetector
from nightshift.evaluation.rates import fit_rates
from nightshift.frames.decode import decode
from nightshift.policy.worth import Scale, class_weights
from nightshift.students import open_student

FRAMES, BATCH, RUNS = 96, 16, 5
HYPER = Hyper("yolo11n", 320, 4, 4, 0, "cpu")


def measure() -> Result:
    """Frames a second of both."""
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder))
        examples = [Example(each, Detections.of([[50, 50, 150, 150]], [0]), human=True) for each in files[:8]]
        weights = open_student("ultralytics").fit(examples, ["part"], None, Path(folder) / "student", HYPER).path
        ours, other = open_student("ultralytics").open(weights, HYPER), YOLO(weights)
        _predict(other, Path(folder))  # its first call leaves torch one thread; both sides are given all of them
        torch.set_num_threads(os.cpu_count() or 1)
        seconds = in_turns(lambda: _score(ours, files), lambda: _predict(other, Path(folder)), RUNS)
    return rate("score", seconds, FRAMES, "frames/s", "YOLO.predict(stream=True)", RUNS)


def _files(folder: Path) -> list[Path]:
    files = [folder / f"{i:03d}.jpg" for i in range(FRAMES)]
    for file, image in zip(files, pictures(FRAMES), strict=True):
        Picture.fromarray(image).save(file, quality=90)
    return files


def _score(student: StudentDetector, files: list[Path]) -> None:
    scale = Scale(fit_rates([], classes=1), class_weights([0]), 0.3)
    for i in range(0, len(files), BATCH):
        found, _ = student.look([decode(each.read_bytes(), each.name) for each in files[i : i + BATCH]])
        for each in found:
            scale.weigh(each, None)


def _predict(model: YOLO, folder: Path) -> None:
    results = model.predict(str(folder / "*.jpg"), stream=True, imgsz=320, conf=0.01, batch=BATCH, verbose=False)
    assert sum(1 for _ in results) == FRAMES
