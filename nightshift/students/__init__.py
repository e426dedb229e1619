"""Students: small models trained on tonight's labels, one family per file, found by the file's name.

A family is a module of this package whose name has no leading underscore. It offers

    def family() -> nightshift.domain.models.Student

which must be cheap: heavy libraries are imported when a model is trained or opened, never at import. It names what it
can train as CARDS, for `nightshift models`. It may name its smallest model as SMALLEST, for the contract tests, and the
family whose training loop it shares as SHARES_LOOP_OF.
Adding a family is adding such a file; configuration, contract tests and error messages find it by themselves.
This module knows no family.
"""

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nightshift.domain.cards import ModelCard
from nightshift.domain.errors import ConfigError, ModelError, UnknownName
from nightshift.domain.models import Image, Student, StudentDetector

if TYPE_CHECKING:
    from nightshift.students._bare import Exportable
    from nightshift.students._onnx import Agreement


def known_students() -> tuple[str, ...]:
    """The names that `open_student` knows, in alphabetical order."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def open_student(name: str) -> Student:
    """The family of students that a file of this package is named after.

    Raises:
        UnknownName: no file has that name; the message lists those that exist.
    """
    if name not in known_students():
        raise UnknownName(f"student '{name}'", "unknown", f"Known: {', '.join(known_students())}.")
    student: Student = import_module(f"{__name__}.{name}").family()
    return student


def family_of(weights: Path, usual: str) -> str:
    """The family that weights are of, as far as their file says so: a project may have changed its student.

    Args:
        weights: the file.
        usual: the family to name where nothing is said.
    """
    if weights.suffix == ".pt":
        return "ultralytics"
    from nightshift.students._safe_label import said_family  # noqa: PLC0415

    said = said_family(weights)
    return said if said in known_students() else usual


def export_onnx(detector: StudentDetector, names: Sequence[str], out: Path, images: Sequence[Image]) -> "Agreement":
    """Write a trained student as an ONNX file that finds what the original finds on some pictures.

    Args:
        detector: the original, as a family opened it.
        names: its classes by index.
        out: the file; replaced only by one that agrees.
        images: real pictures to compare on.

    Raises:
        ConfigError: there is nothing to compare on, the folder is not there, or the extra `export` is not installed.
        ModelError: it cannot be written as ONNX, or the file finds something else than the original.
    """
    try:
        from nightshift.students._onnx import export  # noqa: PLC0415 - heavy
    except ImportError as error:
        remedy = "Install it with the extra: pip install 'nightshift[export]'."
        raise ConfigError("ONNX", f"it is not installed ({error.name})", remedy) from error
    if not hasattr(detector, "bare"):
        raise ModelError(detector.version, "its family does not say how to export it", "Take another family.")
    return export(cast("Exportable", detector), names, out, images)


def student_cards() -> tuple[ModelCard, ...]:
    """What is known of every model that some family can train, family by family."""
    families = (import_module(f"{__name__}.{name}") for name in known_students())
    return tuple(card for each in families for card in each.CARDS)
