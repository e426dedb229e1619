"""Hostile answers put into the real Label Studio through its API, and read back by the real poll."""

import copy
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import Endpoints
from nightshift.domain.frames import Rejected
from nightshift.domain.review import Answer, Question
from nightshift.services.label_studio.answers import held, read
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.interface import label_config
from nightshift.services.label_studio.questions import task_of
from nightshift.services.label_studio.record import Record
from tests.faults.hostile_cases import CLASSES, HELD, REGIONS, question, regions, valid

pytestmark = [pytest.mark.live, pytest.mark.slow]
NOW = datetime.now(UTC)
UNTELLABLE = "half a character as label"  # the server stores it, and answers 500 to every page that it is on


@dataclass(frozen=True)
class Room:
    """A project of its own, and what we know of what was asked there."""

    stack: Endpoints
    desk: ReviewDesk
    project: int
    title: str
    record: Record
    tasks: dict[str, int]

    def answer(self, asked: Question, result: object, **more: object) -> httpx.Response:
        """As any client of the API could, with Python's NaN and Infinity."""
        body = {"result": result, "lead_time": 4.0, **more}
        return httpx.post(
            f"{self.stack.label_studio}/api/tasks/{self.tasks[asked.key]}/annotations/",
            content=json.dumps(body),
            headers={"Authorization": f"Token {self.stack.label_studio_token}", "Content-Type": "application/json"},
            timeout=120,
        )

    def read(self) -> tuple[list[Answer], list[Rejected]]:
        return read(self.desk.poll(self.project).tasks, CLASSES, 60.0, self.record)


@pytest.fixture
def room(stack: Endpoints, request: pytest.FixtureRequest) -> Iterator[Room]:
    """As many questions as are wanted, asked in a new project."""
    asked = [question(number) for number in range(1, getattr(request, "param", 4) + 1)]
    desk, title = ReviewDesk.connect(stack.label_studio, stack.label_studio_token), f"hostile-{uuid.uuid4().hex[:8]}"
    project = desk.ensure_project(title, CLASSES)
    try:
        desk.push(project, asked, CLASSES)
        tasks = {task["data"]["key"]: task["id"] for task in desk.unanswered(project)}
        opened = {each.round: NOW - timedelta(hours=1) for each in asked}
        yield Room(stack, desk, project, title, Record({q.key: q for q in asked}, opened, NOW), tasks)
    finally:
        desk.api.delete(f"api/projects/{project}/")


def of_case(name: str) -> Any:
    task = valid()
    REGIONS[name][0](task)
    return task["annotations"][0]["result"]


@pytest.mark.parametrize("room", [len(REGIONS)], indirect=True)
def test_what_the_real_server_takes_is_used_rightly_or_set_aside(room: Room) -> None:
    asked = dict(zip(REGIONS, room.record.questions.values(), strict=True))
    taken = {name: room.answer(asked[name], of_case(name)).status_code == httpx.codes.CREATED for name in REGIONS}
    answers, rejected = room.read()
    by_key = {f"{each.round:04d}-{each.frame_id}": each for each in answers}
    whole = {each.subject.split(",")[0] for each in rejected if ", region" not in each.subject}
    for name, (_, expected) in REGIONS.items():
        key = asked[name].key
        if name == UNTELLABLE:
            assert key not in by_key
            assert room.tasks[key] in held(rejected)
        elif not taken[name] and key not in by_key:
            continue  # refused, such as NaN; some are stored all the same, and answered with 500
        elif expected == HELD:
            assert key not in by_key, name
            assert f"task {room.tasks[key]}" in whole, name
        else:
            assert len(by_key[key].said) == expected, name
    assert sum(taken.values()) > 0.7 * len(taken), [name for name in taken if not taken[name]]


def test_a_task_that_was_edited_copied_or_moved_into_the_project_is_set_aside(room: Room) -> None:
    edited, good, *_ = room.record.questions.values()
    for each in (edited, good):
        assert room.answer(each, regions()).status_code == httpx.codes.CREATED
    data = task_of(edited, CLASSES)["data"] | {"width": 4000}
    room.desk.api.patch(f"api/tasks/{room.tasks[edited.key]}/", {"data": data})
    theirs = task_of(question(good.round, "theirs"), CLASSES)  # the same frame and round in another project
    copied = theirs | {"annotations": [{"result": regions(), "lead_time": 3.0}]}
    room.desk.api.post(f"api/projects/{room.project}/import", [copied])
    answers, rejected = room.read()
    assert [each.round for each in answers] == [good.round]
    assert sorted(each.reason.split(" are not what was asked")[0] for each in rejected) == ["its image", "its width"]


def test_predictions_turned_into_annotations_in_bulk_are_nobodys_answers(room: Room) -> None:
    body = {"project": str(room.project), "selectedItems": {"all": True, "excluded": []}, "model_version": None}
    params = {"id": "predictions_to_annotations", "project": room.project}
    room.desk.api.post("api/dm/actions", body, params)
    answers, rejected = room.read()
    assert answers == []
    assert len(rejected) == len(room.tasks)
    assert all("nobody has looked at it" in each.reason for each in rejected)


def test_what_was_deleted_after_it_was_taken_in_is_noticed(room: Room) -> None:
    kept, deleted, lost, _ = room.record.questions.values()
    room.answer(kept, [], was_cancelled=True)  # a skip is there too
    for each in (deleted, lost):
        room.answer(each, regions())
    before = {(each.task, each.annotation): each.round for each in room.read()[0]}
    assert room.desk.gone(room.project, before) == []
    by_round = {number: which for which, number in before.items()}
    room.desk.api.delete(f"api/annotations/{by_round[deleted.round][1]}/")
    room.desk.api.delete(f"api/tasks/{by_round[lost.round][0]}/")
    gone = room.desk.gone(room.project, before)
    assert [before[each] for each in gone] == [deleted.round, lost.round]


def test_a_task_is_read_again_by_its_number(room: Room) -> None:
    asked = list(room.record.questions.values())[:3]
    for each in asked:
        room.answer(each, regions())
    wanted = [room.tasks[each.key] for each in asked[:2]]
    again = room.desk.raw_tasks(room.project, [*wanted, 999_999])
    assert [task["id"] for task in again] == wanted
    assert len(read(again, CLASSES, 60.0, room.record)[0]) == 2


def test_answers_under_a_changed_label_interface_are_set_aside_and_the_night_goes_on(room: Room) -> None:
    good, bad, *_ = room.record.questions.values()
    room.answer(good, regions())
    ours = label_config(CLASSES)
    changed = ours.replace("<Label ", '<Label value="schraube" background="#123456" /><Label ', 1)
    room.desk.api.patch(f"api/projects/{room.project}/", {"label_config": changed})
    renamed = copy.deepcopy(regions())
    for each in renamed:
        each["value"]["rectanglelabels"] = ["schraube"]
    room.answer(bad, renamed)
    assert room.desk.ensure_project(room.title, CLASSES) == room.project
    assert room.desk.interface(room.project) in {ours, changed}
    answers, rejected = room.read()
    assert [each.round for each in answers] == [good.round]
    assert "'schraube' is not in the ontology" in rejected[0].reason
