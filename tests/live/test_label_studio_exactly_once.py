"""The review desk against the real Label Studio, with requests and answers that get lost: everything is made once."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from infra.local import Endpoints
from nightshift.domain.errors import ReviewError, ServiceDown
from nightshift.domain.review import Question
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.overlap import wanted
from nightshift.services.label_studio.setup import STORAGE
from nightshift.services.label_studio.submit import address, ensure_reviewer, submit
from nightshift.services.patience import Patience
from tests.contract.stumbling import FAULTS, Stumbling, stumbling_proxy
from tests.live.desk_rig import CLASSES, Rig, access, questions, rig, s3_client

pytestmark = [pytest.mark.live, pytest.mark.slow]
AFTER = ("503 before", "502 after", "dropped after", "truncated after")


@pytest.fixture(scope="module")
def asked(stack: Endpoints) -> Iterator[list[Question]]:
    """Six questions, one of them put to two people."""
    with rig(stack) as lender:
        made = questions(lender.frames(6))
        yield [replace(each, opinions=2 if i == 1 else 1) for i, each in enumerate(made)]


@pytest.fixture
def proxy(stack: Endpoints) -> Iterator[tuple[ReviewDesk, Stumbling]]:
    with stumbling_proxy(stack.label_studio) as (url, stumbling):
        patience = Patience("Label Studio", sleep=lambda _: None)
        yield ReviewDesk.connect(url, stack.label_studio_token, patience), stumbling


@pytest.fixture(name="rig")
def project_of_its_own(stack: Endpoints) -> Iterator[Rig]:
    with rig(stack) as made:
        yield made


def evening(desk: ReviewDesk, stack: Endpoints, title: str, asked: list[Question]) -> None:
    """All that a night does to Label Studio."""
    project = desk.ensure_project(title, CLASSES)
    desk.ensure_storage(project, access(stack, f"{title}/"))
    desk.push(project, asked, CLASSES)
    desk.queue_url(project)


def there(stack: Endpoints, title: str) -> dict[str, Any]:
    """All that is there under a title; removed from there afterwards."""
    desk = ReviewDesk.connect(stack.label_studio, stack.label_studio_token)
    projects = [each for each in desk.api.get("api/projects", {"title": title})["results"] if each["title"] == title]
    project = projects[0]["id"]
    found = {
        "projects": len(projects),
        "storages": [each["bucket"] for each in desk.api.get("api/storages/s3", {"project": project})],
        "tabs": [each["data"]["title"] for each in desk.api.get("api/dm/views/", {"project": project})],
        "tasks": [(each["data"], len(each["predictions"]), wanted(each)) for each in desk.waiting(project)],
    }
    for each in projects:
        desk.api.delete(f"api/projects/{each['id']}/")
    return found


def new_title(stack: Endpoints) -> str:
    title = f"test-{uuid.uuid4().hex[:8]}"
    s3_client(stack).put_object(Bucket=stack.bucket, Key=f"{title}/first", Body=b"")  # an empty prefix is refused
    return title


@pytest.fixture(scope="module")
def undisturbed(stack: Endpoints, asked: list[Question]) -> dict[str, Any]:
    title = new_title(stack)
    evening(ReviewDesk.connect(stack.label_studio, stack.label_studio_token), stack, title, asked)
    found = there(stack, title)
    assert (found["projects"], len(found["tasks"]), found["tabs"]) == (1, 6, ["Queue", "Answered"])
    return found


@pytest.mark.parametrize("fault", AFTER)
def test_whichever_request_of_a_night_stumbles_everything_is_there_once(
    stack: Endpoints,
    proxy: tuple[ReviewDesk, Stumbling],
    asked: list[Question],
    undisturbed: dict[str, Any],
    fault: str,
) -> None:
    desk, stumbling = proxy
    for number in count():
        title = new_title(stack)
        stumbling.only(number, fault)
        evening(desk, stack, title, asked)
        disturbed = len(stumbling.seen) > number
        assert there(stack, title) == undisturbed, stumbling.seen[number:][:1]
        if not disturbed:
            break
    assert number > 15


@pytest.mark.parametrize("seed", range(3))
def test_a_night_in_which_every_fourth_request_stumbles_ends_as_a_quiet_one(
    stack: Endpoints,
    proxy: tuple[ReviewDesk, Stumbling],
    asked: list[Question],
    undisturbed: dict[str, Any],
    seed: int,
) -> None:
    desk, stumbling = proxy
    chance = random.Random(seed)  # noqa: S311 - no secret
    stumbling.which = lambda *_: chance.choice(FAULTS) if chance.random() < 0.25 else None
    title = new_title(stack)
    for _ in range(3):  # the same night again changes nothing
        evening(desk, stack, title, asked)
    assert there(stack, title) == undisturbed


def test_a_night_that_dies_at_any_request_is_completed_by_the_next(
    stack: Endpoints, proxy: tuple[ReviewDesk, Stumbling], asked: list[Question], undisturbed: dict[str, Any]
) -> None:
    _, stumbling = proxy
    for number in count():
        title = new_title(stack)
        with stumbling_proxy(stack.label_studio) as (url, dying):
            dying.which = lambda n, *_, last=number: (
                "dropped after" if n == last else "reset before" if n > last else None
            )
            desk = ReviewDesk.connect(url, stack.label_studio_token, Patience("x", sleep=lambda _: None))
            try:
                evening(desk, stack, title, asked)
            except (ReviewError, ServiceDown):
                evening(proxy[0], stack, title, asked)
                assert there(stack, title) == undisturbed, dying.seen[number]
            else:
                there(stack, title)
                break
    assert number > 15
    assert stumbling.seen


@pytest.mark.parametrize("fault", FAULTS)
def test_a_reviewer_is_made_once_and_answers_once(rig: Rig, proxy: tuple[ReviewDesk, Stumbling], fault: str) -> None:
    desk, stumbling = proxy
    rig.desk.push(rig.project, questions(rig.frames(1)), CLASSES)
    (task,) = rig.desk.waiting(rig.project)
    number = 1000 + uuid.uuid4().int % 10**8
    lost: list[str] = []

    def first_post(_: int, method: str, path: str) -> str | None:
        lost.append(path)
        return fault if method == "POST" and lost.count(path) == 1 else None

    stumbling.which = first_post
    ada = ensure_reviewer(desk.api, number)
    assert ensure_reviewer(desk.api, number) == ada
    assert submit(desk.api, task, None, 3.0, ada, CLASSES)
    assert not submit(desk.api, task, None, 3.0, ada, CLASSES)
    users = [each["id"] for each in rig.desk.api.get("api/users/") if each["email"] == address(number)]
    assert users == [ada.user]
    assert len(rig.desk.api.get(f"api/tasks/{task['id']}/")["annotations"]) == 1
    rig.desk.api.delete(f"api/users/{ada.user}/")


def double(rig: Rig) -> list[int]:
    """Import all open tasks a second time, as a request does that is carried out long after we gave up on it."""
    tasks = [{"data": each["data"]} for each in rig.desk.waiting(rig.project)]
    rig.desk.api.post(f"api/projects/{rig.project}/import", tasks)
    return [each["id"] for each in rig.desk.waiting(rig.project)]


def test_questions_that_were_doubled_late_are_single_again_after_the_same_push(rig: Rig) -> None:
    asked = questions(rig.frames(4))
    rig.desk.push(rig.project, asked, CLASSES)
    first = [each["id"] for each in rig.desk.waiting(rig.project)]
    assert len(double(rig)) == 8
    rig.desk.push(rig.project, asked, CLASSES)
    assert [each["id"] for each in rig.desk.waiting(rig.project)] == first


def test_questions_that_were_doubled_late_are_single_again_after_another_nights_push(rig: Rig) -> None:
    frames = rig.frames(6)
    rig.desk.push(rig.project, questions(frames[:4]), CLASSES)
    first = {each["id"] for each in rig.desk.waiting(rig.project)}
    double(rig)
    rig.desk.push(rig.project, questions(frames[4:], number=2), CLASSES)
    left = {each["id"] for each in rig.desk.waiting(rig.project)}
    assert first < left
    assert len(left) == 6


def test_tasks_that_people_keep_in_our_project_are_left_alone_even_if_they_look_alike(rig: Rig) -> None:
    for data in ({"image": "s3://theirs/a.png", "key": "a"}, {"image": "s3://theirs/a.png"}, {"key": 7, "image": "b"}):
        rig.desk.api.post(f"api/projects/{rig.project}/import", [{"data": data}] * 2)
    rig.desk.push(rig.project, questions(rig.frames(1)), CLASSES)
    listed = rig.desk.api.get("api/tasks", {"project": rig.project, "resolve_uri": "false"})["tasks"]
    assert len(listed) == 7


def test_of_doubled_questions_the_one_that_somebody_answered_or_began_stays(rig: Rig) -> None:
    asked = questions(rig.frames(3))
    rig.desk.push(rig.project, asked, CLASSES)
    tasks = double(rig)
    late = {each["data"]["key"]: each for each in rig.desk.waiting(rig.project) if each["id"] in sorted(tasks)[3:]}
    ada = ensure_reviewer(rig.desk.api, 1)
    submit(rig.desk.api, late[asked[0].key], None, 3.0, ada, CLASSES)
    begun = late[asked[1].key]["id"]
    rig.desk.api.post(f"api/tasks/{begun}/drafts", {"result": [], "lead_time": 1.0})
    rig.desk.push(rig.project, asked, CLASSES)
    listed = rig.desk.api.get("api/tasks", {"project": rig.project, "resolve_uri": "false"})["tasks"]
    left = {(each["data"]["key"], each["id"] in sorted(tasks)[3:]) for each in listed}
    assert left == {
        (asked[0].key, True),  # answered: the older one went
        (asked[1].key, False),
        (asked[1].key, True),  # begun: not taken from under somebody's hands
        (asked[2].key, False),
    }


def test_of_two_projects_the_one_with_tasks_counts_and_an_empty_one_is_removed(rig: Rig) -> None:
    told = rig.desk.api.get(f"api/projects/{rig.project}/")
    again = {key: told[key] for key in ("title", "description", "label_config")}
    later = rig.desk.api.post("api/projects/", again)["id"]
    assert rig.desk.ensure_project(rig.prefix, CLASSES) == rig.project  # the lowest id: both are empty
    later = rig.desk.api.post("api/projects/", again)["id"]
    asked = questions(rig.frames(2))
    rig.desk.push(later, asked, CLASSES)
    assert rig.desk.ensure_project(rig.prefix, CLASSES) == later
    found = rig.desk.api.get("api/projects", {"title": rig.prefix})["results"]
    assert [each["id"] for each in found] == [later]
    rig.desk.api.delete(f"api/projects/{later}/")


def test_of_two_projects_with_tasks_the_older_one_counts_and_both_stay(rig: Rig) -> None:
    told = rig.desk.api.get(f"api/projects/{rig.project}/")
    later = rig.desk.api.post("api/projects/", {k: told[k] for k in ("title", "description", "label_config")})["id"]
    for project in (later, rig.project):
        rig.desk.push(project, questions(rig.frames(1)), CLASSES)
    assert rig.desk.ensure_project(rig.prefix, CLASSES) == rig.project
    assert len(rig.desk.unanswered(later)) == 1
    rig.desk.api.delete(f"api/projects/{later}/")


def test_a_storage_and_tabs_that_are_there_twice_are_single_again(rig: Rig, stack: Endpoints) -> None:
    (storage,) = rig.desk.api.get("api/storages/s3", {"project": rig.project})
    keys = {"aws_access_key_id": stack.access_key, "aws_secret_access_key": stack.secret_key}
    kept = ("project", "title", "bucket", "prefix", "s3_endpoint", "region_name", "use_blob_urls", "presign")
    rig.desk.api.post("api/storages/s3", {key: storage[key] for key in kept} | keys)
    tabs = rig.desk.api.get("api/dm/views/", {"project": rig.project})
    for each in tabs:
        rig.desk.api.post("api/dm/views/", {"project": rig.project, "data": each["data"]})
    arranged = tabs[0]["data"] | {"columnsWidth": {"tasks:id": 50}}
    rig.desk.api.post("api/dm/views/", {"project": rig.project, "data": arranged})
    assert rig.desk.ensure_storage(rig.project, access(stack, f"{rig.prefix}/")) == storage["id"]
    assert rig.desk.ensure_project(rig.prefix, CLASSES) == rig.project
    left = rig.desk.api.get("api/storages/s3", {"project": rig.project})
    assert [(each["id"], each["title"]) for each in left] == [(storage["id"], STORAGE)]
    found = rig.desk.api.get("api/dm/views/", {"project": rig.project})
    assert [each["id"] for each in found][:2] == [each["id"] for each in tabs]
    assert [each["data"] for each in found][2:] == [arranged]  # what a person arranged is theirs
