"""Foundation models that auto-label, one family a file, found by the file's name.

A family is a module here whose name does not start with an underscore and that has one function:

    def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None

It may load weights, so it is called once and its result kept; None means that there is nobody to label
tonight (cold start: a seed set goes to people first). What it raises is a ConfigError (a prompt or a
device that cannot be used) or a ModelError (weights that cannot be had). It also names the models that a team would
take as CARDS, for `nightshift models`. Adding a family is adding a file.

Nothing heavy is imported to know a family: its libraries are imported when it is opened.
"""

import importlib
import pkgutil

from nightshift.domain.cards import ModelCard
from nightshift.domain.errors import UnknownName
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology


def known_teachers() -> tuple[str, ...]:
    """The names of all families, sorted; nothing is imported to know them."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def teacher_cards() -> tuple[ModelCard, ...]:
    """What is known of the models that each family can open, family by family."""
    families = (importlib.import_module(f"{__name__}.{name}") for name in known_teachers())
    return tuple(card for each in families for card in each.CARDS)


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
    return with_second_opinion(teacher, spec, ontology) if teacher and spec.second_opinion else teacher


def with_second_opinion(teacher: Detector, spec: TeacherSpec, ontology: Ontology) -> Detector:
    """The teacher, with each of its boxes looked at again by the model that `spec.second_opinion` names.

    Raises:
        ConfigError: a prompt is too long for that model.
        ModelError: its weights cannot be had or do not fit.
    """
    from nightshift.teachers._image_text import open_image_text  # noqa: PLC0415 - heavy
    from nightshift.teachers._second import SecondOpinion  # noqa: PLC0415

    return SecondOpinion(teacher, open_image_text(spec.second_opinion, spec.device, ontology), spec.threshold)
