"""The champion as teacher: tonight's student in use labels for its successor.

For domains that no foundation model knows, and for machines that reach no model hub. Knows nothing of
weights or families: it is handed a student that is already open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.detections import Detections
from nightshift.domain.models import Detector, Image, TeacherSpec
from nightshift.domain.ontology import Ontology

CARDS = (
    ModelCard(
        name="champion",
        family="champion",
        role=Role.TEACHER,
        licence="the student's",
        input_size="the student's",
        parameters=None,
        prompts="none: it knows the ontology's classes",
        threshold=0.3,
        weights="",
        advice="From the second round on, where foundation models fail on your domain or no hub is in reach.",
    ),
)


@dataclass(frozen=True, slots=True)
class ChampionTeacher:
    """A student whose surer detections serve as labels.

    Args:
        student: the champion.
        threshold: lowest score kept.
        batch: images handed over at once.
    """

    student: Detector
    threshold: float
    batch: int

    @property
    def version(self) -> str:
        """The champion's own version, marked as the one who taught."""
        return f"champion/{self.student.version}"

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """What the champion sees at or above the threshold."""
        starts = range(0, len(images), self.batch)
        seen = (each for at in starts for each in self.student.detect(images[at : at + self.batch]))
        return [each.above(self.threshold) for each in seen]


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """The champion, if there is one; without one it is a cold start and nobody labels."""
    return None if champion is None else ChampionTeacher(champion, spec.threshold, spec.batch)
