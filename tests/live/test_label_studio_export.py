"""What `nightshift export` writes for Label Studio goes into a real project as it is, and comes back the same."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import picture

from infra.local import Endpoints
from nightshift.domain.detections import Detections
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.frames.datasets import read_dataset
from nightshift.frames.labelled import Facts, Labelled, LabelledSet, Origin, Source
from nightshift.frames.writing import write_dataset
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.desk import ReviewDesk

pytestmark = pytest.mark.live
CLASSES = Ontology((ObjectClass('gear, "big"', ("gear",), "#e6194b"), ObjectClass("7 nuts", ("nut",), "#3cb44b")))
SIZE = (1920, 1080)
PERSON, TEACHER = Origin(Source.PERSON, round=4), Origin(Source.TEACHER, "gd-tiny@1a", 3)


@pytest.fixture
def desk(stack: Endpoints) -> ReviewDesk:
    return ReviewDesk.connect(stack.label_studio, stack.label_studio_token)


@pytest.fixture
def project(desk: ReviewDesk) -> Iterator[int]:
    """A project of its own, with the interface of Nightshift's."""
    made = desk.ensure_project(f"export-{uuid.uuid4().hex[:8]}", CLASSES)
    yield made
    desk.api.delete(f"api/projects/{made}/")


def frame(number: int, labels: Detections, origin: Origin) -> Labelled:
    name = f"cam {number}/a.png"  # one base name for all
    facts = Facts(f"{number:064x}", name, f"s3://nowhere/{number}.png", "cam", "pool", "review")
    return Labelled(facts, SIZE, labels, origin, (origin,) * len(labels))


@pytest.fixture
def dataset() -> LabelledSet:
    drawn = Detections.of([[0, 0, 1920, 1080], [10.25, 20.5, 333.125, 400]], [0, 1])
    found = Detections.of([[5, 6, 50, 60]], [1], [0.625])
    frames = [frame(1, drawn, PERSON), frame(2, Detections.empty(), PERSON), frame(3, found, TEACHER)]
    return LabelledSet("line", CLASSES.names, [each.color for each in CLASSES.classes], frames)


def write(dataset: LabelledSet, folder: Path) -> Any:
    (folder / "p.png").write_bytes(picture(1, *SIZE))
    write_dataset(dataset, "label-studio", folder / "out", lambda _: folder / "p.png")
    return json.loads((folder / "out/tasks.json").read_text())


def test_its_answers_are_read_as_those_of_our_own_questions(
    desk: ReviewDesk, project: int, dataset: LabelledSet, tmp_path: Path
) -> None:
    desk.api.post(f"api/projects/{project}/import", write(dataset, tmp_path))
    answers, rejected = read(desk.poll(project, None).tasks, CLASSES, 300.0)
    assert rejected == []
    said = {each.frame_id: each for each in answers}
    assert set(said) == {each.facts.id for each in dataset.frames if each.origin is PERSON}
    for each in dataset.frames[:2]:
        back = said[each.facts.id]
        assert np.allclose(back.said.boxes, each.labels.boxes, rtol=0, atol=1e-3)
        assert (back.said.classes.tolist(), back.round) == (each.labels.classes.tolist(), 4)


def test_what_label_studio_exports_again_is_the_same_with_who_says_so(
    desk: ReviewDesk, project: int, dataset: LabelledSet, tmp_path: Path
) -> None:
    desk.api.post(f"api/projects/{project}/import", write(dataset, tmp_path))
    query = {"exportType": "JSON", "download_all_tasks": "true"}
    exported = desk.api.get(f"api/projects/{project}/export", query)
    (tmp_path / "out/tasks.json").write_text(json.dumps(exported))
    back = {each.facts.id: each for each in read_dataset(tmp_path / "out", "label-studio").labelled.values()}
    for each in dataset.frames[:2]:
        read_ = back[each.facts.id]
        assert (read_.facts, read_.origin, read_.origins) == (each.facts, each.origin, each.origins)
        assert np.allclose(read_.labels.boxes, each.labels.boxes, rtol=0, atol=1e-3)


def test_its_interface_is_taken_and_auto_labels_are_predictions(
    desk: ReviewDesk, project: int, dataset: LabelledSet, tmp_path: Path
) -> None:
    tasks = write(dataset, tmp_path)
    desk.api.patch(f"api/projects/{project}/", {"label_config": (tmp_path / "out/label_config.xml").read_text()})
    desk.api.post(f"api/projects/{project}/import", tasks)
    listed = desk.api.get("api/tasks", {"project": project, "fields": "all", "resolve_uri": "false"})["tasks"]
    (auto,) = [each for each in listed if each["predictions"]]
    assert auto["data"]["frame_id"] == dataset.frames[2].facts.id
    assert auto["annotations"] == []
    assert auto["predictions"][0]["model_version"] == TEACHER.model
