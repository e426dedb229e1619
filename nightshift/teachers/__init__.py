"""Foundation models that auto-label, one family a file, found by the file's name.

A family is a module here whose name does not start with an underscore and that has one function:

    def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None

It may load weights, so it is called once and its result kept; None means that there is nobody to label
tonight (cold start: a seed set goes to people first). What it raises is a ConfigError (a prompt or a
device that cannot be used) or a ModelError (weights that cannot be had). Adding a family is adding a file.

This package imports nothing heavy: a family's libraries are imported when that family is opened.
"""

import importlib
import pkgutil

from nightshift.domain.errors import UnknownName
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology


def known_teachers() -> tuple[str, ...]:
    """The names of all families, sorted; nothing is imported to know them."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:
    """The teacher that `spec` names, ready to label; None when this family has nothing to label with.

    Args:
        spec: which family and checkpoint, and how to run it.
        ontology: the prompts and the classes they stand for.
        champion: the student in use, if there is one.

    Raises:
        UnknownName: no family has that name.
        ConfigError: a prompt cannot be used by the family.
        ModelError: the weights cannot be had or do not fit.
    """
    if spec.name not in known_teachers():
        raise UnknownName(f"teacher '{spec.name}'", "unknown", f"Known: {', '.join(known_teachers())}.")
    family = importlib.import_module(f"{__name__}.{spec.name}")
    teacher: Detector | None = family.open_teacher(spec, ontology, champion)
    return teacher
