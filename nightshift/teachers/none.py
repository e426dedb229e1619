"""No teacher: nothing is auto-labelled, people answer first and the student learns from them alone."""

from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Nobody labels."""
    return None
