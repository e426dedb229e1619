"""Masks against the real Label Studio: outlines and brush strokes go out, and what people say of them comes back."""

import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from infra.local import Endpoints
from nightshift.domain.corrections import Change, compare
from nightshift.domain.detections import Detections, overlap
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.domain.masks import Masks
from nightshift.domain.ontology import Ontology, Task
from nightshift.domain.review import Purpose, Question
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.submit import ensure_reviewer, submit
from tests.live.desk_rig import CLASSES

pytestmark = pytest.mark.live

SEGMENTING = Ontology(CLASSES.classes, Task.SEGMENT)
SIZE = (640, 480)


@pytest.fixture
def desk(stack: Endpoints) -> ReviewDesk:
    return ReviewDesk.connect(stack.label_studio, stack.label_studio_token)


@pytest.fixture
def project(desk: ReviewDesk) -> Iterator[int]:
    made = desk.ensure_project(f"masks-{uuid.uuid4().hex[:8]}", SEGMENTING)
    yield made
    desk.api.delete(f"api/projects/{made}/")


def shapes() -> Detections:
    """A disc, which goes out as an outline, and a ring and a torn piece, which are painted."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    away = np.hypot(columns - 450, rows - 200)
    torn = (np.abs(rows - 400) < 30) & (np.abs(columns - 300) < 90) & (np.abs(columns - 300) > 20)
    masks = Masks.of([np.hypot(columns - 150, rows - 150) < 80, (away < 90) & (away > 40), torn], SIZE[::-1])
    return Detections.of_masks(masks, [0, 1, 3], [0.9, 0.75, 0.5])


def question(number: int, shown: Detections | None) -> Question:
    content = f"picture {number}".encode()
    frame = Frame(frame_id(content), f"s3://nowhere/{number}.png", *SIZE, "clip", Split.POOL, f"{number}.png", 0)
    purpose = Purpose.AUDIT if shown is None else Purpose.REVIEW
    return Question(frame, 1, purpose, number, 1.0, 9.0, 0.1, "masks to look at", shown, "m")


def test_outlines_and_strokes_go_out_and_come_back_as_the_same_objects(desk: ReviewDesk, project: int) -> None:
    asked = [question(0, shapes()), question(1, None)]
    desk.push(project, asked, SEGMENTING)
    told = desk.api.get(f"api/projects/{project}")["parsed_label_config"]
    assert {name: each["type"] for name, each in told.items()} == {"outline": "PolygonLabels", "brush": "BrushLabels"}

    ada, tasks = ensure_reviewer(desk.api, 1), desk.unanswered(project)
    shown = {task["data"]["key"]: task["predictions"] for task in tasks}
    kinds = [each["type"] for each in shown[asked[0].key][0]["result"]]
    assert kinds == ["polygonlabels", "brushlabels", "brushlabels"]
    assert shown[asked[1].key] == []  # blind
    for task in tasks:
        submit(desk.api, task, shapes(), 5.0, ada, SEGMENTING)

    answers, rejected = read(desk.poll(project).tasks, SEGMENTING, cap_seconds=60)
    assert rejected == []
    by_purpose = {each.purpose: each for each in answers}
    reviewed, blind = by_purpose[Purpose.REVIEW], by_purpose[Purpose.AUDIT]
    assert {each.change for each in compare(reviewed.shown, reviewed.said)} == {Change.KEPT}
    assert len(blind.shown) == 0
    for answer in answers:
        assert (overlap(shapes(), answer.said).diagonal() > 0.95).all()
        assert answer.said.classes.tolist() == [0, 1, 3]


def test_what_a_person_changes_is_read_as_changed_and_what_is_broken_is_told(desk: ReviewDesk, project: int) -> None:
    desk.push(project, [question(0, shapes())], SEGMENTING)
    (task,) = desk.unanswered(project)
    disc, ring, torn = ({k: v for k, v in each.items() if k != "score"} for each in task["predictions"][0]["result"])
    moved: dict[str, Any] = disc | {
        "value": disc["value"] | {"points": [[x + 4, y] for x, y in disc["value"]["points"]]}
    }
    broken = torn | {"value": torn["value"] | {"rle": torn["value"]["rle"][:9]}}
    body = {"result": [moved, ring, broken], "was_cancelled": False, "lead_time": 7.0}
    desk.api.post(f"api/tasks/{task['id']}/annotations/", body)

    (answer,), rejected = read(desk.poll(project).tasks, SEGMENTING, cap_seconds=60)
    assert [each.reason for each in rejected] == ["its run lengths end too soon"]
    changes = sorted(each.change for each in compare(answer.shown, answer.said))
    assert changes == [Change.DELETED, Change.KEPT, Change.MOVED]
