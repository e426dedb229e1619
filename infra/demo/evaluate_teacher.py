"""Measure the demo's teacher on clips it has never seen, day and night, and write the figures into its model card.

    python -m infra.demo.evaluate_teacher --teacher infra/demo/teacher --card

It asks through the product's own teacher (prompts, merging and all), so the figures are what the demo meets.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.demo.configuration import PROMPTS, TEACHER
from nightshift.domain.detections import Detections
from nightshift.domain.models import TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.evaluation.average_precision import evaluate
from nightshift.evaluation.matches import match_all
from nightshift.simulation.line import CLASSES, render_clip
from nightshift.simulation.line.light import Shift
from nightshift.teachers import open_teacher

SHIFTS: tuple[Shift, ...] = ("day", "night")
FIRST_SEED = 900_000_000  # far from every clip that training and the demo render
FRAMES = 3
LOWEST = 0.01
THRESHOLDS = (0.05, 0.10, 0.20, 0.30, 0.40, 0.45, 0.50, 0.60, 0.70)
IOU = 0.5
MARKS = ("<!-- measured -->", "<!-- /measured -->")


@dataclass(frozen=True, slots=True)
class Looked:
    """One shift's frames: what is there and what the teacher found, in the same order."""

    truth: tuple[Detections, ...]
    found: tuple[Detections, ...]


def main() -> None:
    """Render, detect, print; with --card also write."""
    options = _options()
    spec = TeacherSpec("transformers", str(options.teacher), LOWEST, 16, "cpu")
    teacher = open_teacher(spec, ontology(), None)
    if teacher is None:
        raise SystemExit(f"{options.teacher}: no teacher there")
    seen = {}
    for shift in SHIFTS:
        scenes = [scene for i in range(options.clips) for scene in render_clip(FIRST_SEED + i, shift, FRAMES)]
        found = teacher.detect([each.image for each in scenes])
        seen[shift] = Looked(tuple(each.truth for each in scenes), tuple(found))
    text = "\n".join(table(seen))
    print(text)
    if options.card:
        write_card(options.teacher / "README.md", text)


def ontology() -> Ontology:
    """The demo's classes and the phrases that the teacher was taught."""
    return Ontology(tuple(ObjectClass(name, tuple(PROMPTS[name]), "#888888") for name in CLASSES))


def table(seen: dict[Shift, Looked]) -> Iterator[str]:
    """Markdown: average precision by shift and class, then precision and recall over thresholds."""
    yield f"| shift | frames | mAP50 | mAP50-95 | {' | '.join(f'{name} AP50' for name in CLASSES)} |"
    yield f"|---|---|---|---|{'---|' * len(CLASSES)}"
    for shift, looked in seen.items():
        scores = evaluate(looked.truth, looked.found, CLASSES)
        parts = " | ".join(f"{scores.per_class50.get(name, float('nan')):.2f}" for name in CLASSES)
        yield f"| {shift} | {len(looked.truth)} | {scores.map50:.2f} | {scores.map50_95:.2f} | {parts} |"
    yield ""
    yield f"| threshold | {' | '.join(f'{shift}: precision | {shift}: recall' for shift in seen)} |"
    yield f"|---|{'---|---|' * len(seen)}"
    for threshold in THRESHOLDS:
        pairs = (precision_recall(each.truth, each.found, threshold) for each in seen.values())
        cells = " | ".join(f"{precision:.2f} | {recall:.2f}" for precision, recall in pairs)
        yield f"| {threshold:.2f} | {cells} |"


def precision_recall(truth: Sequence[Detections], found: Sequence[Detections], threshold: float) -> tuple[float, float]:
    """Over all classes and frames at IoU 0.5, of the boxes that reach the threshold; no boxes are perfectly precise."""
    kept = [each.above(threshold) for each in found]
    matches = match_all(truth, kept, len(CLASSES), IOU)
    right = sum(int(each.hits.sum()) for each in matches)
    claimed, there = sum(map(len, kept)), sum(map(len, truth))
    return right / claimed if claimed else 1.0, right / there if there else 1.0


def write_card(card: Path, text: str) -> None:
    """Put the figures between the card's two marks.

    Raises:
        ValueError: the card has no marks.
    """
    begin, end = MARKS
    content = card.read_text(encoding="utf-8")
    if begin not in content or end not in content:
        raise ValueError(f"{card} has no '{begin}' … '{end}' to write between")
    between = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    card.write_text(between.sub(lambda _: f"{begin}\n{text}\n{end}", content), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("--teacher", type=Path, default=TEACHER)
    parser.add_argument("--clips", type=int, default=100, help=f"of {FRAMES} frames, for each shift")
    parser.add_argument("--card", action="store_true", help="write the figures into the teacher's README.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
