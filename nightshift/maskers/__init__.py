"""Maskers: they find which pixels of a box belong to its object, one family a file, found by the file's name.

A family is a module of this package whose name has no leading underscore. It has

    def open_masker(spec: MaskerSpec) -> Masker

It may load weights, so it is called once and its result kept. A team that segments says which one in nightshift.yaml:
a real model, or explicitly something simpler. None stands in for another silently. Adding a family is adding a file;
this package imports nothing heavy.
"""

import pkgutil
from importlib import import_module

from nightshift.domain.errors import UnknownName
from nightshift.domain.masking import Masker, MaskerSpec


def known_maskers() -> tuple[str, ...]:
    """The names of all families, sorted; nothing is imported to know them."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def open_masker(spec: MaskerSpec) -> Masker:
    """The masker that `spec` names.

    Raises:
        UnknownName: no family has that name.
        ConfigError: the device is not there.
        ModelError: the weights cannot be had or do not fit.
    """
    if spec.name not in known_maskers():
        raise UnknownName(f"masks '{spec.name}'", "unknown", f"Known: {', '.join(known_maskers())}.")
    masker: Masker = import_module(f"{__name__}.{spec.name}").open_masker(spec)
    return masker
