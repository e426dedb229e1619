"""What to look for: classes, the prompts that find them, the colours they are drawn in; and what is said of each."""

import re
from dataclasses import dataclass
from enum import StrEnum

from nightshift.domain.errors import ConfigError, UnknownName


class Task(StrEnum):
    """What is said of each object."""

    DETECT = "detect"  # where it is: a box
    SEGMENT = "segment"  # which pixels are its: a mask, and the box around it


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """A class with the phrases that a teacher understands, and its colour as #rrggbb."""

    name: str
    prompts: tuple[str, ...]
    color: str

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.prompts or not all(p.strip() for p in self.prompts):
            raise ConfigError(f"class '{self.name}'", "it has an empty name or prompt", "Give both.")
        if not self.name.isprintable():
            shown = self.name.encode("unicode_escape").decode()
            raise ConfigError(f"class '{shown}'", "its name has characters that cannot be shown", "Leave them out.")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.color):
            raise ConfigError(f"class '{self.name}'", f"'{self.color}' is no colour", "Write it as #rrggbb.")


@dataclass(frozen=True, slots=True)
class Ontology:
    """The classes, in the order of their indices, and what is said of each object."""

    classes: tuple[ObjectClass, ...]
    task: Task = Task.DETECT

    def __post_init__(self) -> None:
        object.__setattr__(self, "task", Task(self.task))
        if not self.classes:
            raise ConfigError("ontology", "it names no class", "Add at least one class.")
        if len(set(self.names)) < len(self.classes):
            raise ConfigError("ontology", "a class is named twice", "Give each its own name.")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Class names by index."""
        return tuple(each.name for each in self.classes)

    @property
    def prompts(self) -> tuple[tuple[str, int], ...]:
        """Every (prompt, class index), class by class."""
        return tuple((p, i) for i, each in enumerate(self.classes) for p in each.prompts)

    def index(self, name: str) -> int:
        """The index of a class name.

        Raises:
            UnknownName: no class has that name.
        """
        if name not in self.names:
            raise UnknownName(f"class '{name}'", "unknown", f"Known: {', '.join(self.names)}.")
        return self.names.index(name)
