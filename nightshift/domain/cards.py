"""What is known of a model before it is opened: the line of `nightshift models`, and of the table in the docs."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a model is used as."""

    TEACHER = "teacher"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model that a family can open.

    Args:
        name: what is written in nightshift.yaml: `checkpoint` of a teacher, `model` of a student.
        family: the file that opens it: `name` in nightshift.yaml.
        role: teacher or student.
        licence: of the weights, and of the code where that differs, such as "Apache-2.0".
        input_size: what the model sees of a frame, such as "800 px, shorter side".
        parameters: millions; None where nobody says.
        prompts: how it is told what to look for: "phrases", "class names", "none: it knows its classes".
        threshold: a lowest score to begin with; None where it gives no scores.
        weights: where they come from: a name on the hub, or a file; empty where none are needed.
        advice: when to take it, in one line.

    Raises:
        ValueError: a field that everybody reads is empty.
    """

    name: str
    family: str
    role: Role
    licence: str
    input_size: str
    parameters: float | None
    prompts: str
    threshold: float | None
    weights: str
    advice: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))
        if not all((self.name, self.family, self.licence, self.input_size, self.advice)):
            raise ValueError(f"the card of '{self.name}' leaves something out")

    @property
    def gigabytes(self) -> float | None:
        """What the weights alone take in memory as float32, GB."""
        return None if self.parameters is None else self.parameters * 4 / 1000
