"""Students from Ultralytics: YOLOv8, YOLO11, YOLO12, YOLO26, RT-DETR, and yolo11p for small machines.

Their code and published weights are AGPL-3.0. A training is a process of its own over a data set folder of its own.
"""

from collections.abc import Sequence
from pathlib import Path

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
from nightshift.students import _architecture, _quiet, _training, _yolo_folder

SMALLEST = "yolo11p"
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
            data = _yolo_folder.write(out, examples, names, least)
        entries = len((out / "train.txt").read_text().splitlines())
        steps_per_epoch = -(-entries // hyper.batch)
        epochs = -(-hyper.steps // steps_per_epoch)
        return _training.train(data, init, out, hyper, epochs, progress)

    def open(self, weights: Path, hyper: Hyper) -> StudentDetector:
        """Load trained weights.

        Raises:
            ModelError: they cannot be loaded.
        """
        _quiet.silence()
        from nightshift.students._detector import UltralyticsDetector  # noqa: PLC0415 - heavy

        return UltralyticsDetector(weights, hyper)


def family() -> Student:
    """This family, for `open_student`."""
    return UltralyticsStudent()
