"""Any base model of Autodistill: `teacher.checkpoint` is module:Class, as autodistill_grounding_dino:GroundingDINO.

The model's own package is run as it is: it fetches its weights in its own way, to its own place, under its own licence.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="autodistill",
    role=Role.TEACHER,
    input_size="see its package",
    parameters=None,
    prompts="phrases",
)
CARDS = (
    _card(
        name="autodistill_grounding_dino:GroundingDINO",
        weights="autodistill_grounding_dino",
        licence="Apache-2.0",
        threshold=0.35,
        advice="The family 'transformers' runs the same model without it: take this to compare with older work.",
    ),
    _card(
        name="autodistill_detic:DETIC",
        weights="autodistill_detic",
        licence="see its page",
        threshold=0.3,
        advice="A model that 'transformers' does not have: try it where the others miss everyday objects.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Import the class and tell it the ontology's prompts.

    Raises:
        ConfigError: the checkpoint is no module:Class, or a prompt is said for two classes.
        ModelError: the package is not installed, or the model does not open.
    """
    from nightshift.teachers._autodistill import open_autodistill  # noqa: PLC0415 - heavy

    return open_autodistill(spec, ontology)
