"""Every name that may be said in nightshift.yaml because a file has it: models, strategies, forms, ways."""

from nightshift.acquisition.functions import known_strategies
from nightshift.config import PLAIN
from nightshift.embedders import known_embedders
from nightshift.frames.formats import known_forms
from nightshift.maskers import known_maskers
from nightshift.propagation import known_propagations
from nightshift.students import known_students
from nightshift.teachers import known_teachers


def known_names() -> dict[str, tuple[str, ...]]:
    """What is said where → the names that are known; nothing heavy is imported to know them."""
    return {
        "teacher.name": known_teachers(),
        "student.name": known_students(),
        "acquisition.strategy": known_strategies(),
        "embedding.name": known_embedders(),
        "frames.format": (PLAIN, *known_forms()),
        "masks.name": known_maskers(),
        "propagation.name": known_propagations(),
    }
