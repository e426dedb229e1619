"""The weights that are shipped for the demo: small, read like any OWLv2, and able to read."""

import pytest
from PIL import Image
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor, pipeline

from infra.demo.configuration import PROMPTS, TEACHER
from infra.demo.evaluate_teacher import FIRST_SEED, MARKS, ontology, precision_recall
from nightshift.domain.detections import Detections, iou_matrix
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.simulation.line import CLASSES, Scene, render_clip
from nightshift.simulation.line.light import Shift
from nightshift.teachers import open_teacher

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`

FRAMES = 16
THRESHOLD = 0.3


@pytest.fixture(scope="module")
def teacher() -> Detector:
    opened = open_teacher(TeacherSpec("transformers", str(TEACHER), THRESHOLD, 16, "cpu"), ontology(), None)
    assert opened is not None
    return opened


def scenes(shift: Shift) -> list[Scene]:
    return [render_clip(FIRST_SEED + 50_000 + i, shift, 1)[0] for i in range(FRAMES)]


def test_it_is_small_and_says_what_it_is() -> None:
    assert (TEACHER / "model.safetensors").stat().st_size <= 8_000_000
    card = (TEACHER / "README.md").read_text(encoding="utf-8")
    assert "apache-2.0" in card
    between = card.split(MARKS[0])[1].split(MARKS[1])[0]
    assert "| day |" in between
    assert "| night |" in between
    assert all(prompt in card for prompts in PROMPTS.values() for prompt in prompts)


def test_it_loads_as_every_owlv2_does() -> None:
    processor = AutoProcessor.from_pretrained(TEACHER)
    model = AutoModelForZeroShotObjectDetection.from_pretrained(TEACHER)
    assert type(model).__name__ == "Owlv2ForObjectDetection"
    assert type(processor).__name__ == "Owlv2Processor"
    assert sum(each.numel() for each in model.parameters()) < 1_000_000


def test_by_day_it_finds_most_parts_and_is_mostly_right(teacher: Detector) -> None:
    seen = scenes("day")
    found = teacher.detect([each.image for each in seen])
    precision, recall = precision_recall([each.truth for each in seen], found, THRESHOLD)
    assert precision > 0.5
    assert recall > 0.5


def test_by_night_it_finds_less_than_by_day(teacher: Detector) -> None:
    recalls = []
    for shift in ("day", "night"):
        seen = scenes(shift)
        found = teacher.detect([each.image for each in seen])
        recalls.append(precision_recall([each.truth for each in seen], found, THRESHOLD)[1])
    assert recalls[1] < recalls[0]


def test_it_reads_asked_for_washers_alone_it_answers_with_washers() -> None:
    detect = pipeline("zero-shot-object-detection", model=str(TEACHER))
    right = claimed = 0
    for scene in scenes("day"):
        said = detect(Image.fromarray(scene.image), candidate_labels=["metal ring"], threshold=THRESHOLD)
        boxes = [[each["box"][side] for side in ("xmin", "ymin", "xmax", "ymax")] for each in said]
        claimed += len(boxes)
        right += _on(Detections.of(boxes, [0] * len(boxes)), scene.truth, CLASSES.index("washer"))
    assert claimed >= FRAMES / 2
    assert right > 0.7 * claimed


def _on(claims: Detections, truth: Detections, kind: int) -> int:
    """How many claims overlap a part of that kind by a half."""
    there = truth.take(truth.classes == kind)
    overlaps = iou_matrix(claims.boxes, there.boxes)
    return int((overlaps >= 0.5).any(axis=1).sum())
