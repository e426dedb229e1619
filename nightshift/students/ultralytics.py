"""Students from Ultralytics: YOLOv8, YOLO11, YOLO12, YOLO26 (-seg: with masks), RT-DETR, yolo11p for small machines.

Their code and published weights are AGPL-3.0. A training is a process of its own over a data set folder of its own.
"""

from collections.abc import Sequence
from pathlib import Path

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import (
    Checkpoint,
    Example,
    Hyper,
    Progress,
    Student,
    StudentDetector,
    no_progress,
)
from nightshift.domain.room import room_in
from nightshift.students import _architecture, _training, _yolo_folder
from nightshift.yolo import quiet

SMALLEST = "yolo11p"
MILLIONS = {  # of parameters, counted
    "yolo11p": 0.9, "yolo11n": 2.6, "yolo11s": 9.5, "yolo11m": 20.1, "yolo11l": 25.4, "yolo11x": 57.0,
    "yolo26n": 2.6, "yolo26s": 10.0, "yolo26m": 21.9, "yolo26l": 26.3, "yolo26x": 59.0,
    "yolo12n": 2.6, "yolo12s": 9.3, "yolo12m": 20.2, "yolo12l": 26.5, "yolo12x": 59.2,
    "yolov8n": 3.2, "yolov8s": 11.2, "yolov8m": 25.9, "yolov8l": 43.7, "yolov8x": 68.2,
    "rtdetr-l": 33.0, "rtdetr-x": 67.5,
    "yolo11p-seg": 1.0, "yolo11n-seg": 2.9, "yolo11s-seg": 10.1, "yolo11m-seg": 22.4, "yolo11l-seg": 27.7,
    "yolo11x-seg": 62.1, "yolo26n-seg": 3.1, "yolo26s-seg": 11.5, "yolo26m-seg": 27.1, "yolo26l-seg": 31.5,
    "yolo26x-seg": 70.7, "yolo12n-seg": 2.9, "yolo12s-seg": 9.9, "yolo12m-seg": 22.5, "yolo12l-seg": 28.8,
    "yolo12x-seg": 64.4, "yolov8n-seg": 3.4, "yolov8s-seg": 11.8, "yolov8m-seg": 27.3, "yolov8l-seg": 46.0,
    "yolov8x-seg": 71.8,
}  # fmt: skip
UNPUBLISHED = (_architecture.PICO, *(f"yolo12{scale}-seg" for scale in "nsmlx"))
MASKS = " With masks, for task: segment."
ADVICE = {
    _architecture.PICO: "Minutes on a laptop's CPU, from scratch; for trying out.",
    "yolo11": "The usual choice; n and s for the edge, m and more for a GPU.",
    "yolo26": "As yolo11, without suppression of boxes afterwards: simpler to deploy.",
    "yolo12": "Attention instead of some convolutions; slower on a CPU.",
    "yolov8": "Where other tools ask for it.",
    "rtdetr": "A transformer; needs a GPU, and the other families have it without AGPL.",
}
CARDS = tuple(
    ModelCard(
        name=name,
        family="ultralytics",
        role=Role.STUDENT,
        licence="AGPL-3.0",
        input_size="640 px, longer side",
        parameters=millions,
        prompts="none: it is trained on your classes",
        threshold=None,
        weights="" if name.startswith(UNPUBLISHED) else f"{name}.pt",
        advice=next(said for prefix, said in ADVICE.items() if name.startswith(prefix)) + MASKS * ("-seg" in name),
    )
    for name, millions in MILLIONS.items()
)
LEAST_STEPS = 16  # of an epoch: a set of a few pictures is repeated, as each epoch has a price of its own


class UltralyticsStudent:
    """The family of students that Ultralytics trains."""

    def fit(
        self,
        examples: Sequence[Example],
        names: Sequence[str],
        init: Path | None,
        out: Path,
        hyper: Hyper,
        progress: Progress = no_progress,
    ) -> Checkpoint:
        """Train on the examples; the result lies under `out`, which must be new or empty.

        Args:
            examples: pictures with labels; at least one box among them.
            names: class names by index.
            init: weights of the same architecture to continue from (others are not used, and `origin` says so);
                without, published weights where they can be had, else random ones.
            out: gets the data set, the log (train.log) and the weights.
            hyper: how to train. At least `hyper.steps` steps, in whole epochs.
            progress: told (epochs done, epochs in all).

        Raises:
            UnknownName: the architecture is unknown.
            ModelError: nothing to train on, `out` is in use, or the training failed.
            FrameError: a picture cannot be read.
            DiskFull: there is no room under `out`.
        """
        _architecture.check(hyper.model)
        least = min(LEAST_STEPS, hyper.steps) * hyper.batch
        with room_in(out):
            data = _yolo_folder.write(out, examples, names, least, rings=_architecture.is_segmenter(hyper.model))
        entries = len((out / "train.txt").read_text().splitlines())
        steps_per_epoch = -(-entries // hyper.batch)
        epochs = -(-hyper.steps // steps_per_epoch)
        return _training.train(data, init, out, hyper, epochs, progress)

    def open(self, weights: Path, hyper: Hyper) -> StudentDetector:
        """Load trained weights.

        Raises:
            ModelError: they cannot be loaded.
        """
        quiet.silence()
        from nightshift.students._detector import UltralyticsDetector  # noqa: PLC0415 - heavy

        return UltralyticsDetector(weights, hyper)


def family() -> Student:
    """This family, for `open_student`."""
    return UltralyticsStudent()
