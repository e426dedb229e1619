"""What every family of detection transformers does when it is trained or opened; light until then.

Knows nothing of which network it is: that is said by a Family.
"""

from collections.abc import Sequence
from pathlib import Path

from nightshift.domain.models import (
    Checkpoint,
    Example,
    Hyper,
    Progress,
    StudentDetector,
    no_progress,
)
from nightshift.domain.room import room_in
from nightshift.students import _training, _yolo_folder
from nightshift.students._detr_family import Family
from nightshift.students._training import Program

PROGRAM = Program("nightshift.students._detr_process", "weights.safetensors")


class DetrStudent:
    """A family of students that transformers implements and our own loop trains.

    Args:
        family: which.
    """

    def __init__(self, family: Family) -> None:
        self._family = family

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
            out: gets the pictures, the log (train.log) and the weights.
            hyper: how to train; exactly `hyper.steps` steps.
            progress: told (epochs done, epochs in all); the last one may be short.

        Raises:
            UnknownName: the architecture is not of this family.
            ModelError: nothing to train on, `out` is in use, the pictures are too small, or the training failed.
            FrameError: a picture cannot be read.
            DiskFull: there is no room under `out`.
        """
        self._family.side(hyper.model, hyper.image_size)
        with room_in(out):
            data = _yolo_folder.write(out, examples, names, least=1)
        entries = len((out / "train.txt").read_text().splitlines())
        steps_per_epoch = -(-entries // hyper.batch)
        epochs = -(-hyper.steps // steps_per_epoch)
        return _training.train(data, init, out, hyper, epochs, progress, PROGRAM, self._family.name)

    def open(self, weights: Path, hyper: Hyper) -> StudentDetector:
        """Load trained weights.

        Raises:
            ModelError: they cannot be loaded.
        """
        from nightshift.students._detr_detector import DetrDetector  # noqa: PLC0415 - heavy

        return DetrDetector(self._family, weights, hyper)
