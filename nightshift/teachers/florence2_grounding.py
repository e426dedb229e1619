"""Florence-2, told a caption that names all prompts, and asked to locate its phrases ("phrase grounding").

One question a picture however many prompts there are; but a caption says that everything in it is there, so it finds
things that are not. Scores are those of florence2. Knows no store and no round.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="florence2_grounding",
    role=Role.TEACHER,
    licence="MIT",
    input_size="768 px, square",
    prompts="phrases, in one caption",
    threshold=None,
)

CARDS: tuple[ModelCard, ...] = (
    _card(
        name="florence-community/Florence-2-base",
        parameters=230,
        weights="florence-community/Florence-2-base",
        advice="For pictures that show every class; elsewhere take florence2.",
    ),
    _card(
        name="florence-community/Florence-2-large",
        parameters=770,
        weights="florence-community/Florence-2-large",
        advice="As the base one, better boxes at about three times the memory.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint with one caption of the ontology's prompts.

    Raises:
        ConfigError: a prompt has no word, the caption is too long, or the device is not there.
        ModelError: the weights cannot be had, or are not Florence-2's.
    """
    from nightshift.teachers._florence2 import grounding, open_florence  # noqa: PLC0415 - heavy

    return open_florence(spec, ontology, grounding)
