"""Which of the ontology's prompts find what people draw, and which only make work.

Only frames count that people labelled without seeing the boxes, or labelled completely: on others, agreement is partly
politeness. The teacher keeps one box an object, the best score's, so what a weaker prompt found as well is not known:
`alone` is the most that could be lost by dropping a prompt, not what would be.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nightshift.domain.corrections import SAME_IOU, match
from nightshift.domain.detections import Detections, overlap
from nightshift.domain.ontology import Ontology

Pair = tuple[Detections, Detections]
ENOUGH = 10  # boxes, or objects, from which on a share means something
RARELY_RIGHT = 0.5
RARELY_ALONE = 0.05
TOO_FEW = 0.5  # of a class's objects found by all its prompts together


@dataclass(frozen=True, slots=True)
class PromptRow:
    """How one prompt does.

    Args:
        prompt: the phrase.
        name: of its class.
        found: boxes it drew.
        right: those over an object of its class, one box an object.
        objects: of its class, drawn by people.
        alone: of those, found by it while no other prompt of the class left a box there.
    """

    prompt: str
    name: str
    found: int
    right: int
    objects: int
    alone: int

    @property
    def precision(self) -> float | None:
        """Share of its boxes that are right; None without boxes."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of its class's objects that it found; None where there are none."""
        return self.right / self.objects if self.objects else None

    @property
    def only(self) -> float | None:
        """Share of its class's objects that no other prompt found; None where there are none."""
        return self.alone / self.objects if self.objects else None


def prompt_table(pairs: Sequence[Pair], ontology: Ontology) -> list[PromptRow]:
    """A row per prompt, in the order of the classes, the prompt that finds most first.

    Args:
        pairs: (the teacher's boxes, people's boxes) of each frame. Boxes of unknown prompts are ignored.
        ontology: the prompts, as the teacher was asked.

    Raises:
        ValueError: a box has a prompt that the ontology does not have, or of another class than its own.
    """
    found: Counter[int] = Counter()
    right: Counter[int] = Counter()
    alone: Counter[int] = Counter()
    for auto, said in pairs:
        told = auto.take(auto.prompts >= 0)
        _check(told, ontology)
        hits = _hits(told, said)
        found.update(told.prompts.tolist())
        right.update(int(told.prompts[i]) for i, _ in hits)
        alone.update(int(told.prompts[i]) for i, j in hits if _is_alone(told, i, said, j))
    objects = Counter(int(label) for _, said in pairs for label in said.classes)
    rows = [
        (label, PromptRow(prompt, ontology.names[label], found[p], right[p], objects[label], alone[p]))
        for p, (prompt, label) in enumerate(ontology.prompts)
    ]
    return [row for _, row in sorted(rows, key=lambda each: (each[0], -each[1].right, each[1].found))]


def prompt_advice(rows: Sequence[PromptRow]) -> list[str]:
    """What to do about prompts, in sentences; nothing about those that do well, or are hardly tried.

    Args:
        rows: of prompt_table.
    """
    names = list(dict.fromkeys(row.name for row in rows))
    return [line for name in names for line in _about_class([row for row in rows if row.name == name])]


def _about_class(rows: Sequence[PromptRow]) -> list[str]:
    several = len(rows) > 1
    lines = [line for row in rows if (line := _about(row, several=several))]
    objects, right = rows[0].objects, sum(row.right for row in rows)
    if objects >= ENOUGH and right < TOO_FEW * objects:
        all_of_them = "its prompts together find" if several else "its prompt finds"
        lines.append(
            f"'{rows[0].name}': {all_of_them} {right / objects:.0%} of the {objects} objects people drew; "
            "add a phrase that says what they look like."
        )
    return lines


def _about(row: PromptRow, *, several: bool) -> str | None:
    if row.objects < ENOUGH and row.found < ENOUGH:
        return None
    if not row.found:
        return f"'{row.prompt}' found none of the {row.objects} '{row.name}' people drew; {_instead(several=several)}."
    if row.found < ENOUGH or (row.precision or 0.0) >= RARELY_RIGHT:
        return None
    share = "" if row.recall is None else f"finds {row.recall:.0%} of the '{row.name}' people drew and "
    return f"'{row.prompt}' {share}is right in {row.precision:.0%} of its {row.found} boxes; {_remedy(row, several)}."


def _remedy(row: PromptRow, several: bool) -> str:  # noqa: FBT001 - private, and named where it is called
    only = row.only or 0.0
    if several and only <= RARELY_ALONE:
        return f"drop it: at most {only:.0%} would be lost"
    keep = f"it alone finds {only:.0%}, so say it more narrowly instead of dropping it"
    return keep if several else "say it more narrowly, or add a second phrase and compare"


def _instead(*, several: bool) -> str:
    return "drop it, or say it otherwise" if several else "say it otherwise"


def _hits(told: Detections, said: Detections) -> list[tuple[int, int]]:
    """(box, object) of the same class, one to one."""
    return [(i, j) for i, j, _ in match(told, said) if told.classes[i] == said.classes[j]]


def _is_alone(told: Detections, box: int, said: Detections, thing: int) -> bool:
    rivals = told.take((told.prompts != told.prompts[box]) & (told.classes == told.classes[box]))
    return not bool((overlap(rivals, said.take(np.array([thing]))) >= SAME_IOU).any())


def _check(told: Detections, ontology: Ontology) -> None:
    class_of = np.array([label for _, label in ontology.prompts], np.int64)
    if (told.prompts >= len(class_of)).any():
        raise ValueError(f"a box has prompt {int(told.prompts.max())}; the ontology has {len(class_of)}")
    if not np.array_equal(class_of[told.prompts], told.classes):
        raise ValueError("a box has a prompt of another class: the ontology has changed since it was found")
