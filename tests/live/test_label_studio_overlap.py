"""A share of the queue answered by several people, in the real Label Studio, signed up and signed in as people are."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from infra.demo.configuration import PROMPTS
from infra.demo.people import answer_queue
from infra.local import Endpoints
from nightshift.config import Config
from nightshift.domain.agreement import Share, summarise
from nightshift.domain.consensus import agree
from nightshift.domain.detections import Detections
from nightshift.domain.disputes import disputes
from nightshift.domain.review import Answer, Question
from nightshift.project import Project
from nightshift.services.label_studio.answers import asked_of, read
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.overlap import people, wanted
from nightshift.services.label_studio.percent import to_regions
from nightshift.services.label_studio.push import PushReport
from nightshift.services.label_studio.setup import OPEN, SAID, queue_tab
from tests.faults.kinds import Kind, fault
from tests.faults.proxy import Fault, Request, Watcher
from tests.live.desk_rig import CLASSES, Rig, proxy, questions, rig

pytestmark = pytest.mark.live
PASSWORD = "a-Long-enough-0ne"  # noqa: S105 - of people who exist for one test
DISPLAYED = {"filters": {"conjunction": "and", "items": [OPEN]}, "ordering": ["-tasks:data.priority"]}


@dataclass
class LosesPatches(Watcher):
    """Loses the answers to the first changes, which are made all the same.

    Args:
        times: how many.
        patches: how many were sent.
    """

    times: int
    patches: int = 0

    def before(self, request: Request) -> Fault | None:
        self.patches += request.method == "PATCH"
        lost = request.method == "PATCH" and self.patches <= self.times
        return fault(Kind.COMMIT_THEN_502) if lost else None


@pytest.fixture(name="rig")
def project_of_its_own(stack: Endpoints) -> Iterator[Rig]:
    with rig(stack) as made:
        yield made


@dataclass(frozen=True)
class Person:
    """Somebody with a browser's session.

    Args:
        email: of the account.
        session: signed in.
        project: where they label.
    """

    email: str
    session: httpx.Client
    project: int

    def next_task(self, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """What the label stream gives; None when there is nothing left for this person."""
        asked = {"project": str(self.project)}
        told = self.session.post(
            "/api/dm/actions", params=asked | {"id": "next_task"}, json=asked | (body or {}), headers=self._proof
        )
        return told.json() if told.status_code == httpx.codes.OK else None

    def submit(self, task: int, said: Detections) -> None:
        """Answer it."""
        raw = self.session.get(f"/api/tasks/{task}", params={"resolve_uri": "false"}).json()
        regions = to_regions(said, CLASSES.names, (raw["data"]["width"], raw["data"]["height"]))
        answer = {"result": regions, "lead_time": 4.0}
        self.session.post(f"/api/tasks/{task}/annotations/", json=answer, headers=self._proof).raise_for_status()

    @property
    def _proof(self) -> dict[str, str]:
        return {"X-CSRFToken": self.session.cookies["csrftoken"], "Referer": str(self.session.base_url)}


@pytest.fixture
def crew(rig: Rig) -> Iterator[list[Person]]:
    """Three people who followed the invitation's link."""
    made = [sign_up(rig, name) for name in ("ada", "bob", "cyd")]
    yield made
    for each in made:
        each.session.close()


def sign_up(rig: Rig, name: str) -> Person:
    invitation = rig.desk.api.get("api/invite")["invite_url"]
    session = httpx.Client(base_url=rig.stack.label_studio, follow_redirects=True, timeout=60)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', session.get(invitation).text)
    assert token is not None
    email = f"{name}-{uuid.uuid4().hex[:8]}@example.org"
    form = {"csrfmiddlewaretoken": token[1], "email": email, "password": PASSWORD}
    session.post(invitation, data=form, headers={"Referer": rig.stack.label_studio}).raise_for_status()
    return Person(email, session, rig.project)


def shared(rig: Rig, number: int, twice: tuple[int, ...]) -> list[Question]:
    """Questions of which some go to two people."""
    return [replace(q, opinions=2) if i in twice else q for i, q in enumerate(questions(rig.frames(number)))]


def answers_of(rig: Rig) -> list[Answer]:
    answers, rejected = read(rig.desk.poll(rig.project).tasks, CLASSES, cap_seconds=60)
    assert rejected == []
    return answers


def keys(rig: Rig) -> list[str]:
    listed = rig.desk.api.get("api/tasks", {"project": rig.project, "resolve_uri": "false", "page_size": 100})
    return sorted(task["data"]["key"] for task in listed["tasks"])


def tab(rig: Rig) -> list[str]:
    """The keys that the queue's tab lists, in its order."""
    view = {"project": rig.project, "view": queue_tab(rig.desk.api, rig.project), "resolve_uri": "false"}
    return [task["data"]["key"] for task in rig.desk.api.get("api/tasks", view)["tasks"]]


def test_pushing_again_makes_no_second_task_and_asks_nobody_more(rig: Rig) -> None:
    asked = shared(rig, 5, twice=(1, 3))
    assert rig.desk.push(rig.project, asked, CLASSES) == PushReport(5, 0, 2)
    assert rig.desk.push(rig.project, asked, CLASSES) == PushReport(0, 5, 0)
    once = [replace(each, opinions=1) for each in asked]
    assert rig.desk.push(rig.project, once, CLASSES) == PushReport(0, 5, 0)
    assert [wanted(task) for task in rig.desk.waiting(rig.project)] == [1, 2, 1, 2, 1]


def test_a_push_that_died_before_it_asked_for_second_opinions_is_completed_by_the_next(rig: Rig) -> None:
    asked = shared(rig, 3, twice=(2,))
    rig.desk.push(rig.project, [replace(each, opinions=1) for each in asked], CLASSES)
    assert rig.desk.push(rig.project, asked, CLASSES) == PushReport(0, 3, 1)


def test_a_lost_answer_to_a_change_does_no_harm(rig: Rig, stack: Endpoints) -> None:
    asked, loses = shared(rig, 2, twice=(0,)), LosesPatches(1)
    with proxy(stack.label_studio, loses) as url:
        report = ReviewDesk.connect(url, stack.label_studio_token).push(rig.project, asked, CLASSES)
    assert loses.patches == 2
    assert report == PushReport(2, 0, 1)
    assert [wanted(task) for task in rig.desk.waiting(rig.project)] == [2, 1]


@pytest.mark.parametrize("body", [{}, DISPLAYED], ids=["label all tasks", "label tasks as displayed"])
def test_the_label_stream_gives_a_share_to_two_people_in_order_and_nothing_twice_to_one(
    rig: Rig, crew: list[Person], body: dict[str, Any]
) -> None:
    """Ada works alone first, then Bob gets what still wants a second opinion, then what Ada left."""
    asked = shared(rig, 5, twice=(1, 3))
    rig.desk.push(rig.project, asked, CLASSES)
    ada, bob, _ = crew
    assert take(ada, 4, body) == [each.key for each in asked[:4]]
    assert tab(rig) == [asked[i].key for i in (1, 3, 4)]  # half answered is not done
    assert take(bob, 4, body) == [asked[i].key for i in (1, 3, 4)]
    assert ada.next_task(body) is None
    assert tab(rig) == []


def take(person: Person, most: int, body: dict[str, Any]) -> list[str]:
    """Accept what the label stream gives; each task shows the model's boxes and nobody else's answer."""
    seen = []
    for _ in range(most):
        task = person.next_task(body)
        if task is None:
            break
        assert task["annotations"] == []
        assert len(task["predictions"]) == 1
        seen.append(task["data"]["key"])
        person.submit(task["id"], asked_of(task, CLASSES)[0].shown)
    return seen


def test_consensus_and_agreement_come_out_of_what_two_people_did(rig: Rig, crew: list[Person]) -> None:
    frames = [each for each in rig.frames(20) if len(each[1]) > 1][:3]
    asked = [replace(each, opinions=2) for each in questions(frames)]
    rig.desk.push(rig.project, asked, CLASSES)
    tasks = {task["data"]["frame_id"]: task["id"] for task in rig.desk.waiting(rig.project)}
    shown = [said_of(each) for each in asked]
    less, other = shown[1].take(np.arange(1, len(shown[1]))), relabelled(shown[2])
    ada, bob, _ = crew
    for person, said in ((ada, shown), (bob, [shown[0], less])):  # bob has not come to the last one
        for question, one in zip(asked, said, strict=False):
            person.submit(tasks[question.frame.id], one)

    together = summarise(answers_of(rig))
    boxes = len(shown[0]) + len(shown[1])
    assert [each.annotator for each in together.reviewers] == [ada.email, bob.email]
    assert [each.total.precision for each in together.reviewers] == [
        Share(boxes - 1, boxes),
        Share(boxes - 1, boxes - 1),
    ]
    assert [each.total.recall for each in together.reviewers] == [Share(boxes - 1, boxes - 1), Share(boxes - 1, boxes)]
    assert (together.frames, together.objects) == (Share(1, 2), Share(boxes - 1, boxes))
    labels = [agree([a for a in answers_of(rig) if a.frame_id == each.frame.id]) for each in asked]
    assert [len(each) for each in labels] == [len(each) for each in shown]  # a tie keeps the box; one answer is enough
    assert np.allclose(labels[2].boxes, shown[2].boxes, atol=0.01)

    bob.submit(tasks[asked[2].frame.id], other)
    assert summarise(answers_of(rig)).frames == Share(1, 3)


def test_what_two_people_differ_about_goes_to_a_third_on_the_same_task(rig: Rig, crew: list[Person]) -> None:
    asked = [replace(each, opinions=2) for each in questions(rig.frames(3))]
    rig.desk.push(rig.project, asked, CLASSES)
    ada, bob, cyd = crew
    tasks = {task["data"]["frame_id"]: task["id"] for task in rig.desk.waiting(rig.project)}
    for person in (ada, bob):
        for i, question in enumerate(asked):
            odd = person is bob and i == 2
            person.submit(tasks[question.frame.id], relabelled(said_of(question)) if odd else said_of(question))
    assert tab(rig) == []

    put_to, known = {(q.frame.id, q.round): q.opinions for q in asked}, [each.email for each in crew]
    (open_,) = disputes(answers_of(rig), put_to, known)
    again = replace(asked[2], reason=open_.reason, opinions=open_.opinions, position=0)
    assert rig.desk.push(rig.project, [again], CLASSES) == PushReport(0, 1, 1)
    assert keys(rig) == sorted(each.key for each in asked)
    assert tab(rig) == [again.key]
    assert ada.next_task() is None
    assert bob.next_task() is None
    task = cyd.next_task()
    assert task is not None
    assert task["data"]["key"] == again.key
    assert task["data"]["reason"] == "2 people differ: class of 1 box"
    cyd.submit(task["id"], said_of(asked[2]))
    assert tab(rig) == []
    answers = [a for a in answers_of(rig) if a.frame_id == again.frame.id]
    assert agree(answers).classes.tolist() == sorted_classes(said_of(asked[2]))
    assert disputes(answers, {**put_to, (again.frame.id, again.round): 3}, [*known, "zoe"]) == []


def test_a_queue_made_when_everything_was_answered_once_is_brought_up_to_date(rig: Rig) -> None:
    view = queue_tab(rig.desk.api, rig.project)
    data = rig.desk.api.get(f"api/dm/views/{view}/")["data"]
    former = {"conjunction": "and", "items": [{**SAID, "operator": "equal"}]}
    rig.desk.api.patch(f"api/dm/views/{view}/", {"data": data | {"filters": former}})
    assert rig.desk.ensure_project(rig.prefix, CLASSES) == rig.project
    now = rig.desk.api.get(f"api/dm/views/{view}/")["data"]
    assert [each["filter"] for each in now["filters"]["items"]] == [OPEN["filter"]]
    assert now["ordering"] == data["ordering"]


def test_simulated_people_give_second_opinions_each_once(
    rig: Rig, stack: Endpoints, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    frames = rig.frames(4)
    asked = [replace(q, opinions=1 + i % 2) for i, q in enumerate(questions(frames))]
    rig.desk.push(rig.project, asked, CLASSES)
    content = {
        "project": rig.prefix,
        "ontology": [{"name": name, "prompts": PROMPTS[name]} for name in CLASSES.names],
        "frames": {"source": str(tmp_path)},
        "store": {"uri": f"s3://{stack.bucket}/{rig.prefix}"},
        "teacher": {"name": "none"},
    }
    project = Project(Config.model_validate(content), tmp_path)
    truth = {frame.name: said for frame, said in frames}
    assert answer_queue(project, truth, np.random.default_rng(1)) == 4
    assert answer_queue(project, truth, np.random.default_rng(1)) == 0
    tasks = rig.desk.poll(rig.project).tasks
    assert sorted(len(people(task)) for task in tasks) == [1, 1, 2, 2]
    assert len(answers_of(rig)) == 6


def said_of(question: Question) -> Detections:
    """What the model proposes, as somebody accepts it."""
    assert question.shown is not None
    return Detections.of(question.shown.boxes, question.shown.classes)


def relabelled(said: Detections) -> Detections:
    """The first box with another class."""
    return Detections.of(said.boxes, np.array([(said.classes[0] + 1) % len(CLASSES), *said.classes[1:]]))


def sorted_classes(said: Detections) -> list[int]:
    """Classes in the order of the consensus: by place."""
    order = sorted(range(len(said)), key=lambda i: said.boxes[i].tolist())
    return [int(said.classes[i]) for i in order]
