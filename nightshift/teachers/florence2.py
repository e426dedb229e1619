"""Florence-2, asked to locate one prompt after the other ("open-vocabulary detection").

It gives no scores: what stands for one is how probable the four location tokens of a box were. Knows no store and no
round.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="florence2",
    role=Role.TEACHER,
    licence="MIT",
    input_size="768 px, square",
    prompts="phrases, one at a time",
    threshold=None,
)

CARDS: tuple[ModelCard, ...] = (
    _card(
        name="florence-community/Florence-2-base-ft",
        parameters=230,
        weights="florence-community/Florence-2-base-ft",
        advice="Small and free to use; time grows with the number of prompts.",
    ),
    _card(
        name="florence-community/Florence-2-large-ft",
        parameters=770,
        weights="florence-community/Florence-2-large-ft",
        advice="As the base one, better boxes at about three times the memory.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint with one question for each of the ontology's prompts.

    Raises:
        ConfigError: a prompt has no word or is too long, or the device is not there.
        ModelError: the weights cannot be had, or are not Florence-2's.
    """
    from nightshift.teachers._florence2 import detection, open_florence  # noqa: PLC0415 - heavy

    return open_florence(spec, ontology, detection)
