"""The review desk against the real Label Studio and the real S3 server."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event
from typing import Any

import httpx
import numpy as np
import pytest

from infra.local import Endpoints
from nightshift.domain.consensus import consensus
from nightshift.domain.corrections import Change, compare
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ReviewError
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.review import Answer, Purpose
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.push import PushReport
from nightshift.services.label_studio.setup import queue_tab
from nightshift.services.label_studio.submit import ensure_reviewer, submit
from tests.faults.kinds import Kind, fault
from tests.faults.proxy import Fault, Request, Watcher
from tests.live.desk_rig import CLASSES, LosesImports, Rig, access, proxy, questions, rig, s3_client

pytestmark = pytest.mark.live


@pytest.fixture(name="rig")
def project_of_its_own(stack: Endpoints) -> Iterator[Rig]:
    with rig(stack) as made:
        yield made


def listed(rig: Rig, **params: object) -> list[dict[str, object]]:
    found = rig.desk.api.get("api/tasks", {"project": rig.project, "resolve_uri": "false", **params})
    return list(found["tasks"])


def keys(rig: Rig) -> list[str]:
    return sorted(task["data"]["key"] for task in listed(rig, page_size=1000))


def test_pushing_twice_makes_each_task_once(rig: Rig) -> None:
    asked, told = questions(rig.frames(30)), []
    first = rig.desk.push(rig.project, asked, CLASSES, lambda done, total: told.append((done, total)))
    second = rig.desk.push(rig.project, [*asked[:10], *questions(rig.frames(3), number=2)], CLASSES)
    assert (first, second) == (PushReport(30, 0), PushReport(3, 10))
    assert len(set(keys(rig))) == len(keys(rig)) == 33
    assert told[-1] == (30, 30)


@pytest.mark.parametrize("status", [502, 504])
def test_an_answer_lost_after_the_commit_makes_no_second_task(rig: Rig, stack: Endpoints, status: int) -> None:
    asked, loses = questions(rig.frames(12)), LosesImports(2, status)
    with proxy(stack.label_studio, loses) as url:
        report = ReviewDesk.connect(url, stack.label_studio_token).push(rig.project, asked, CLASSES)
    assert loses.imports == 1  # the look afterwards found them: nothing was sent again
    assert report == PushReport(12, 0)
    assert keys(rig) == sorted(each.key for each in asked)


def test_an_import_that_commits_long_after_the_client_gave_up_leaves_one_task_each(rig: Rig, stack: Endpoints) -> None:
    asked, late = questions(rig.frames(5)), Event()
    with proxy(stack.label_studio, LosesImports(1, until=late)) as url:
        desk = ReviewDesk(Api(url, stack.label_studio_token, timeout=2.0))
        desk.push(rig.project, asked, CLASSES)
        late.set()
        deadline = time.monotonic() + 30
        while len(listed(rig)) < 10 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(listed(rig)) == 10  # the late commit has doubled them behind our back
        assert desk.push(rig.project, asked, CLASSES) == PushReport(0, 5)
    assert keys(rig) == sorted(each.key for each in asked)


class Refuses(Watcher):
    def before(self, request: Request) -> Fault:  # noqa: ARG002
        return fault(Kind.BAD_GATEWAY)


def test_when_nothing_gets_through_the_error_says_what_to_do(stack: Endpoints) -> None:
    with proxy(stack.label_studio, Refuses()) as url:
        desk = ReviewDesk(Api(url, stack.label_studio_token))
        with pytest.raises(ReviewError, match=r"answered 502.*Run it again"):
            desk.whoami()


def test_the_tab_is_sorted_by_value_whenever_the_tasks_were_made(rig: Rig) -> None:
    asked = questions(rig.frames(12))
    rig.desk.push(rig.project, asked[6:], CLASSES)  # the less valuable ones are older
    rig.desk.push(rig.project, asked[:6], CLASSES)
    tab = listed(rig, view=queue_tab(rig.desk.api, rig.project))
    assert [task["data"]["key"] for task in tab] == [each.key for each in asked]
    assert [task["data"]["key"] for task in rig.desk.unanswered(rig.project, 3)] == [q.key for q in asked[:3]]


@pytest.mark.parametrize(
    "body", [{}, {"ordering": ["-tasks:data.priority"]}], ids=["label all tasks", "label tasks as displayed"]
)
def test_the_label_stream_brings_the_most_valuable_frame_first(rig: Rig, body: dict[str, object]) -> None:
    """The browser's 'Label All Tasks' sends no order: then tasks come as they were made."""
    asked = questions(rig.frames(6))
    rig.desk.push(rig.project, [asked[i] for i in (3, 0, 5, 1, 4, 2)], CLASSES)
    ada = ensure_reviewer(rig.desk.api, 1)
    for question in asked:
        task = next_task(rig, body)
        assert task["data"]["key"] == question.key
        submit(rig.desk.api, task, question.shown, 3.0, ada, CLASSES)


def next_task(rig: Rig, body: dict[str, object]) -> dict[str, Any]:
    """What the label stream gives to a reviewer."""
    project = {"project": str(rig.project)}
    return dict(rig.desk.api.post("api/dm/actions", project | body, {"id": "next_task", **project}))


def test_the_label_stream_shows_the_boxes_of_every_round_and_model_and_none_on_blind_frames(rig: Rig) -> None:
    old, new, audit = rig.frames(3)
    rig.desk.push(rig.project, questions([old], number=1, model="yolo11n@old"), CLASSES)
    rig.desk.push(rig.project, questions([new], number=2, model="yolo11n@new"), CLASSES)
    rig.desk.push(rig.project, questions([audit], number=3, purpose=lambda _: Purpose.AUDIT), CLASSES)
    boxes = {}
    ada = ensure_reviewer(rig.desk.api, 1)
    for _ in range(3):
        task = next_task(rig, {})
        boxes[task["data"]["round"]] = [len(each["result"]) for each in task["predictions"]]
        submit(rig.desk.api, task, Detections.empty(), 3.0, ada, CLASSES)
    assert boxes == {1: [len(old[1])], 2: [len(new[1])], 3: []}


def answers_of(rig: Rig, since: datetime | None = None) -> list[Answer]:
    answers, rejected = read(rig.desk.poll(rig.project, since).tasks, CLASSES, cap_seconds=60)
    assert rejected == []
    return answers


def shifted(boxes: np.ndarray, share: float) -> np.ndarray:
    """The lower right corner moved inwards by a share of the side."""
    return np.hstack([boxes[:, :2], boxes[:, 2:] - share * (boxes[:, 2:] - boxes[:, :2])])


def test_what_people_do_comes_back_as_they_did_it(rig: Rig) -> None:
    frames = [each for each in rig.frames(20) if len(each[1]) > 1][:7]
    asked = questions(frames)
    rig.desk.push(rig.project, asked, CLASSES)
    accept, move, relabel, add, delete, empty, skip = (each.shown for each in asked)
    said = [
        accept,
        Detections.of([*shifted(move.boxes[:1], 0.2), *move.boxes[1:]], move.classes),
        Detections.of(relabel.boxes, [(relabel.classes[0] + 1) % 4, *relabel.classes[1:]]),
        Detections.of([*add.boxes, [1, 1, 15, 12]], [*add.classes, 2]),
        delete.take(np.arange(1, len(delete))),
        Detections.empty(),
        None,
    ]
    ada = ensure_reviewer(rig.desk.api, 1)
    tasks = rig.desk.unanswered(rig.project)
    for seconds, (task, one) in enumerate(zip(tasks, said, strict=True), start=4):
        assert submit(rig.desk.api, task, one, seconds, ada, CLASSES)
    assert not submit(rig.desk.api, tasks[0], accept, 4, ada, CLASSES)  # once is enough
    answers = sorted(answers_of(rig), key=lambda each: each.task)
    assert [each.frame_id for each in answers] == [question.frame.id for question in asked]
    assert [each.seconds for each in answers] == [4, 5, 6, 7, 8, 9, 10]
    assert {each.annotator for each in answers} == {"simulated-reviewer-1@nightshift.invalid"}
    assert [each.skipped for each in answers] == [False] * 6 + [True]
    edits = [{c.change for c in compare(a.shown, a.said)} - {Change.KEPT} for a in answers[:6]]
    only = [set(), {Change.MOVED}, {Change.RELABELLED}, {Change.ADDED}, {Change.DELETED}, {Change.DELETED}]
    assert edits == only
    assert len(compare(answers[5].shown, answers[5].said)) == len(empty)
    assert skip is not None
    assert np.allclose(answers[6].shown.boxes, skip.boxes, atol=0.01)


def test_two_people_about_one_frame_become_one_answer(rig: Rig) -> None:
    asked = questions(rig.frames(1))
    shown = asked[0].shown
    assert shown is not None
    rig.desk.push(rig.project, asked, CLASSES)
    task = rig.desk.unanswered(rig.project)[0]
    extra = Detections.of([*shown.boxes, [1, 1, 15, 12]], [*shown.classes, 0])
    for number, said in enumerate((extra, shown, shown), start=1):
        submit(rig.desk.api, task, said, 5.0, ensure_reviewer(rig.desk.api, number), CLASSES)
    together = consensus(answers_of(rig))
    assert together is not None
    assert together.people == 3
    assert all(each.change is Change.KEPT for each in compare(shown, together.said))


def test_a_poll_from_the_watermark_brings_what_changed_and_what_was_not_answered_is_left_out(rig: Rig) -> None:
    rig.desk.push(rig.project, questions(rig.frames(4)), CLASSES)
    before = rig.desk.poll(rig.project)
    assert before.tasks == []
    assert before.watermark is not None
    task, ada = rig.desk.unanswered(rig.project)[0], ensure_reviewer(rig.desk.api, 1)
    submit(rig.desk.api, task, Detections.empty(), 5.0, ada, CLASSES)
    first = answers_of(rig, before.watermark)
    rig.desk.api.patch(f"api/annotations/{first[0].annotation}/", {"result": [], "lead_time": 9.0})
    second = answers_of(rig, before.watermark)
    assert [each.annotation for each in first] == [each.annotation for each in second]
    assert (first[0].seconds, second[0].seconds) == (5.0, 9.0)
    assert second[0].answered_at > first[0].answered_at
    assert rig.desk.poll(rig.project, datetime(2100, 1, 1, tzinfo=UTC)).tasks == []


def test_what_is_broken_on_the_server_is_rejected_and_the_rest_is_read(rig: Rig) -> None:
    rig.desk.push(rig.project, questions(rig.frames(2)), CLASSES)
    rig.desk.api.post(f"api/projects/{rig.project}/import", [{"data": {"image": "s3://elsewhere/a.png"}}])
    ours, foreign = rig.desk.unanswered(rig.project)[0], max(int(task["id"]) for task in listed(rig))
    box = {"x": 1e308, "y": "up", "width": -4, "height": None, "rectanglelabels": ["cat"]}
    broken = {"id": "a", "type": "rectanglelabels", "from_name": "label", "to_name": "image", "value": box}
    for task in (ours["id"], foreign):
        rig.desk.api.post(f"api/tasks/{task}/annotations/", {"result": [broken], "lead_time": 1.0})
    answers, rejected = read(rig.desk.poll(rig.project).tasks, CLASSES, cap_seconds=60)
    assert answers == []  # it does not say that nothing is there
    useless = "1 of its 1 boxes cannot be used"
    assert sorted(each.reason for each in rejected) == [
        f"{useless}, so it says nothing of the frame; the first: the class 'cat' is not in the ontology",
        "it was not asked by Nightshift",
    ]


def test_pages_are_read_to_the_end(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightshift.services.label_studio.pages.PAGE", 4)
    rig.desk.push(rig.project, questions(rig.frames(10)), CLASSES)
    assert len(rig.desk.unanswered(rig.project)) == 10


def test_the_project_is_found_again_and_follows_the_ontology(rig: Rig, stack: Endpoints) -> None:
    grown = Ontology((*CLASSES.classes, ObjectClass("spring & coil", ("spring",), "#123456")))
    assert rig.desk.ensure_project(rig.prefix, CLASSES) == rig.project
    assert rig.desk.ensure_project(rig.prefix, grown) == rig.project
    labels = rig.desk.api.get(f"api/projects/{rig.project}")["parsed_label_config"]["label"]["labels"]
    assert labels == list(grown.names)
    storages = {rig.desk.ensure_storage(rig.project, access(stack, f"{rig.prefix}/")) for _ in range(2)}
    assert len(storages) == len(rig.desk.api.get("api/storages/s3", {"project": rig.project})) == 1
    tabs = rig.desk.api.get("api/dm/views/", {"project": rig.project})
    assert [each["data"]["title"] for each in tabs] == ["Queue", "Answered"]


def test_a_project_of_somebody_else_is_left_alone(rig: Rig) -> None:
    title = f"{rig.prefix} of Ada"
    made = rig.desk.api.post("api/projects/", {"title": title})
    with pytest.raises(ReviewError, match=r"is not Nightshift's\. Rename it"):
        rig.desk.ensure_project(title, CLASSES)
    rig.desk.api.delete(f"api/projects/{made['id']}/")


def test_label_studio_presigns_the_picture_of_a_task(rig: Rig, stack: Endpoints) -> None:
    asked = questions(rig.frames(1))
    rig.desk.push(rig.project, asked, CLASSES)
    task = rig.desk.unanswered(rig.project)[0]["id"]
    link = rig.desk.api.get(f"api/tasks/{task}")["data"]["image"]
    token = {"Authorization": f"Token {stack.label_studio_token}"}
    moved = httpx.get(httpx.URL(stack.label_studio).join(link), headers=token)
    picture = httpx.get(moved.headers["location"])
    uri = asked[0].frame.uri.removeprefix(f"s3://{stack.bucket}/")
    assert picture.content == s3_client(stack).get_object(Bucket=stack.bucket, Key=uri)["Body"].read()


def test_a_wrong_token_is_answered_with_where_to_find_the_right_one(stack: Endpoints) -> None:
    with pytest.raises(ReviewError, match=r"token is not accepted.*Account & Settings"):
        ReviewDesk.connect(stack.label_studio, "no-such-token").whoami()
    assert ReviewDesk.connect(stack.label_studio, stack.label_studio_token).whoami() == stack.label_studio_user


def test_a_server_that_is_not_there_is_answered_with_its_address() -> None:
    with pytest.raises(ReviewError, match=r"api/current-user/whoami.*LABEL_STUDIO_URL"):
        ReviewDesk(Api("http://127.0.0.1:9", "token")).whoami()


def test_the_queues_address_opens_the_sorted_tab(rig: Rig) -> None:
    tab = queue_tab(rig.desk.api, rig.project)
    assert rig.desk.queue_url(rig.project).endswith(f"/projects/{rig.project}/data?tab={tab}")
    view = rig.desk.api.get(f"api/dm/views/{tab}/")
    assert json.dumps(view["data"]["ordering"]) == '["-tasks:data.priority"]'
