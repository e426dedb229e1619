"""Trainings that are never done twice: the result is kept under a digest of everything it depends on.

So a backtest that was interrupted goes on where it stopped, and strategies that begin from the same labels share
their first student.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from nightshift.domain.models import Example, Hyper, Student

WEIGHTS = "weights.pt"


class Trainings:
    """A student's trainings, kept in a folder.

    Args:
        student: the family.
        folder: of the results; two processes may share it.
    """

    def __init__(self, student: Student, folder: Path) -> None:
        self.student, self._folder = student, folder
        folder.mkdir(parents=True, exist_ok=True)

    def fit(self, examples: Sequence[Example], names: Sequence[str], init: Path | None, hyper: Hyper) -> Path:
        """The weights that training gives, from the shelf where they are there.

        Args:
            examples: pictures with labels; a picture's file name stands for its content.
            names: classes by index.
            init: weights to continue from.
            hyper: how to train.
        """
        kept = self._folder / digest(examples, names, init, hyper) / WEIGHTS
        if not kept.exists():
            self._train(examples, names, init, hyper, kept)
        return kept

    def _train(
        self, examples: Sequence[Example], names: Sequence[str], init: Path | None, hyper: Hyper, kept: Path
    ) -> None:
        work = Path(tempfile.mkdtemp(prefix="training-", dir=self._folder))
        try:
            made = self.student.fit(examples, names, init, work / "student", hyper)
            kept.parent.mkdir(exist_ok=True)
            shutil.copyfile(made.path, work / WEIGHTS)
            (work / WEIGHTS).replace(kept)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def digest(examples: Sequence[Example], names: Sequence[str], init: Path | None, hyper: Hyper) -> str:
    """sha-256 of everything a training depends on, but for the machine's arithmetic; in hex."""
    content = hashlib.sha256(repr((tuple(names), astuple(hyper))).encode())
    content.update(init.read_bytes() if init else b"from nothing")
    for each in examples:
        said = each.labels
        content.update(f"{each.path.name} {each.human} {each.weight}".encode())
        content.update(said.boxes.tobytes() + said.classes.tobytes() + each.ignore.tobytes())
        content.update(b"".join(said.masks.counts if said.masks else ()))
    return content.hexdigest()
