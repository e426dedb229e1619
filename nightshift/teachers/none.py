"""No teacher: nothing is auto-labelled, people answer first and the student learns from them alone."""

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

CARDS = (
    ModelCard(
        name="none",
        family="none",
        role=Role.TEACHER,
        licence="none needed",
        input_size="nothing is looked at",
        parameters=None,
        prompts="none",
        threshold=None,
        weights="",
        advice="No model knows your objects yet: people answer first, the student learns from them.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Nobody labels."""
    return None
