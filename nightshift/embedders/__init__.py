"""Embedders: models that say where a frame lies among the others, one family a file, found by the file's name.

A family is a module of this package whose name has no leading underscore. It has

    HAS_TEXT: bool            whether texts can be searched for
    def open_embedder(spec: EmbedderSpec, student: StudentDetector | None) -> Embedder | None

The student is the champion, opened, for the family that uses it; None means that there is nothing to look with yet.
Adding a family is adding a file; this package imports nothing heavy.
"""

import pkgutil
from importlib import import_module
from types import ModuleType

from nightshift.domain.embedding import Embedder, EmbedderSpec
from nightshift.domain.errors import UnknownName
from nightshift.domain.models import StudentDetector


def known_embedders() -> tuple[str, ...]:
    """The names of all families, sorted; nothing is imported to know them."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def knows_text(name: str) -> bool:
    """Whether texts can be searched for with a family; nothing is opened to know it.

    Raises:
        UnknownName: no family has that name.
    """
    return bool(_family(name).HAS_TEXT)


def open_embedder(spec: EmbedderSpec, student: StudentDetector | None = None) -> Embedder | None:
    """The embedder that `spec` names; None when this family has nothing to look with yet.

    Args:
        spec: which family and checkpoint, and how to run it.
        student: the champion, if there is one.

    Raises:
        UnknownName: no family has that name.
        ConfigError: the device is not there.
        ModelError: the weights cannot be had or do not fit.
    """
    embedder: Embedder | None = _family(spec.name).open_embedder(spec, student)
    return embedder


def _family(name: str) -> ModuleType:
    if name not in known_embedders():
        raise UnknownName(f"embedding '{name}'", "unknown", f"Known: {', '.join(known_embedders())}.")
    return import_module(f"{__name__}.{name}")
