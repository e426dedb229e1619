"""SAM 3: finds every instance of a concept named by a short noun phrase. Knows no store and no round."""

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

CARDS: tuple[ModelCard, ...] = (
    ModelCard(
        name="facebook/sam3",
        family="sam3",
        role=Role.TEACHER,
        licence="SAM License",
        input_size="1008 px, square",
        parameters=848,
        prompts="short noun phrases, one at a time",
        threshold=0.3,
        weights="facebook/sam3",
        advice="The best finder of many instances; ask its owner for access, and give it a large GPU.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint and read the ontology's prompts.

    Raises:
        ConfigError: a prompt is too long for the text encoder, or the device is not there.
        ModelError: the weights cannot be had, or are not SAM 3's.
    """
    from nightshift.teachers._sam3 import open_sam3  # noqa: PLC0415 - heavy

    return open_sam3(spec, ontology)
