"""Students: small models trained on tonight's labels, one family per file, found by the file's name.

A family is a module of this package whose name has no leading underscore. It offers

    def family() -> nightshift.domain.models.Student

which must be cheap: heavy libraries are imported when a model is trained or opened, never at import. It may name its
smallest model as SMALLEST, for the contract tests to train.
Adding a family is adding such a file; configuration, contract tests and error messages find it by themselves.
This module knows no family.
"""

import pkgutil
from importlib import import_module

from nightshift.domain.errors import UnknownName
from nightshift.domain.models import Student


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
