"""A model that is served elsewhere: pictures and prompts go there, boxes come back, as docs/http-teacher.md says.

`teacher.url` is its address; a token, where it wants one, is in NIGHTSHIFT_TEACHER_TOKEN.
"""

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

CARDS = (
    ModelCard(
        name="http",
        family="http",
        role=Role.TEACHER,
        licence="the served model's",
        input_size="the served model's",
        parameters=None,
        prompts="phrases",
        threshold=0.1,
        weights="",
        advice="For a model that needs another machine, or that is not to be given away.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Ask the server which model it has.

    Raises:
        ConfigError: no address is given.
        ModelError: the server cannot be reached, or does not answer as agreed.
    """
    from nightshift.teachers._served import open_served  # noqa: PLC0415 - heavy

    return open_served(spec, ontology)
