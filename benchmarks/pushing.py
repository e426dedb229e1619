"""Pushing questions into Label Studio against the SDK's one call a task (and one for its prediction)."""

import uuid
from typing import Any

from label_studio_sdk import LabelStudio

from benchmarks.measure import Result, in_turns, rate
from infra.local import Endpoints
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.review import Purpose, Question
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.questions import task_of

TASKS, RUNS = 60, 3
ONTOLOGY = Ontology((ObjectClass("part", ("part",), "#ff0000"),))


def measure(where: Endpoints) -> Result:
    """Tasks a second of both; ours also looks every key up before and after."""
    desk = ReviewDesk.connect(where.label_studio, where.label_studio_token)
    sdk: Any = LabelStudio(base_url=where.label_studio, api_key=where.label_studio_token)  # type: ignore[no-untyped-call]
    project = desk.ensure_project(f"bench {uuid.uuid4().hex[:8]}", ONTOLOGY)

    def one_by_one() -> None:
        for each in _questions():
            task = task_of(each, ONTOLOGY)
            made = sdk.tasks.create(project=project, data=task["data"])
            sdk.predictions.create(task=made.id, **task["predictions"][0])

    seconds = in_turns(lambda: desk.push(project, _questions(), ONTOLOGY), one_by_one, RUNS)
    return rate("push", seconds, TASKS, "tasks/s", "one SDK call a task and prediction", RUNS)


def _questions() -> list[Question]:
    run = uuid.uuid4().hex
    return [_question(frame_id(f"{run} {i}".encode()), i) for i in range(TASKS)]


def _question(identity: str, i: int) -> Question:
    frame = Frame(identity, f"s3://nightshift/frames/{identity}.jpg", 640, 480, "clip", Split.POOL, f"{i}.jpg", 1)
    shown: Any = Detections.of([[10 * k, 10, 10 * k + 9, 60] for k in range(8)], [0] * 8, [0.5] * 8)
    return Question(frame, 1, Purpose.REVIEW, i, 1.0, 10.0, 0.05, "bench", shown, "bench")
