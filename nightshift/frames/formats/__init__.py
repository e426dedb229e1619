"""Forms of labelled data sets, one a file, found by the file's name; an underscore there is a dash in the form's name.

A form is a module of this package whose name has no leading underscore. It offers

    PRECEDENCE: int                           where several forms fit a folder, the lowest counts
    LOST: tuple[str, ...]                     what it cannot hold, in words for people
    def find(folder: Path) -> Sequence[Path]  the label files in a folder; none where it is no such data set
    def read(folder: Path) -> RawDataset      what they say, unchecked
    def write(dataset: LabelledSet, out: Path) -> Sequence[str]
                                              into an empty folder; where each frame's picture belongs

Labels are read in the form others write them; what cannot be used is returned with its reason. Adding a form is adding
such a file; configuration, commands, tests and error messages find it by themselves. This module knows none.
"""

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from nightshift.domain.errors import UnknownName
from nightshift.frames.labelled import LabelledSet
from nightshift.frames.raw import RawDataset


class Form(Protocol):
    """A module of this package."""

    PRECEDENCE: int
    LOST: tuple[str, ...]

    def find(self, folder: Path) -> Sequence[Path]:
        """The label files in a folder."""

    def read(self, folder: Path) -> RawDataset:
        """What they say."""

    def write(self, dataset: LabelledSet, out: Path) -> Sequence[str]:
        """Write them; returns where each frame's picture belongs, relative to `out`."""


def known_forms() -> tuple[str, ...]:
    """The names that `open_form` knows, in alphabetical order."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in names if not name.startswith("_")))


def open_form(name: str) -> Form:
    """The form that a file of this package is named after.

    Raises:
        UnknownName: no file has that name.
    """
    if name not in known_forms():
        raise UnknownName(f"format '{name}'", "unknown", f"Known: {', '.join(known_forms())}.")
    return cast("Form", import_module(f"{__name__}.{name.replace('-', '_')}"))
