"""Answers that should not be: collected ones, by what they do, and what must become of them.

A case changes one valid raw task, as Label Studio's API returns it, with two people's answers: the first is hostile.
"""

import copy
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.review import Purpose, Question
from nightshift.services.label_studio.evidence import UNTOLD
from nightshift.services.label_studio.percent import to_regions
from nightshift.services.label_studio.questions import task_of
from nightshift.services.label_studio.record import Record

Json = dict[str, Any]
Change = Callable[[Json], None]
SCRIPT = "<script>alert('$x$')</script>"
CLASSES = Ontology((ObjectClass("bolt", ("bolt",), "#ff0000"), ObjectClass(SCRIPT, ("nut",), "#00ff00")))
SIZE = (400, 300)
ASKED = datetime(2026, 1, 4, 22, tzinfo=UTC)
READ = datetime(2026, 1, 6, 2, tzinfo=UTC)
SHOWN = Detections.of([[10, 10, 60, 60], [100, 100, 180, 160], [200, 40, 260, 90]], [0, 1, 0], [0.9, 0.6, 0.5])
HELD, TASK = "held", "task"  # the answer is set aside, or the whole task; a number is how many boxes are used


def question(number: int = 3, prefix: str = "ours", frame: str = "ab" * 32) -> Question:
    """A question about a frame of the project whose frames lie under a prefix."""
    picture = Frame(frame, f"s3://bucket/{prefix}/frames/{frame}.png", *SIZE, "clip 1", Split.POOL, "a.png", 2)
    return Question(picture, number, Purpose.REVIEW, 0, 1.5, 12.0, 0.06, "they disagree", SHOWN, "yolo11n@abc")


def record() -> Record:
    """What our rounds have asked."""
    asked = question()
    return Record({asked.key: asked}, {3: ASKED}, READ)


def regions(said: Detections = SHOWN) -> list[Json]:
    """As a person's browser sends them."""
    return [{k: v for k, v in each.items() if k != "score"} for each in to_regions(said, CLASSES.names, SIZE)]


def valid() -> Json:
    """A task of ours with two good answers."""
    return {
        "id": 11,
        **task_of(question(), CLASSES),
        "annotations": [_answer(5, "Ada ada", 2), _answer(6, "Ben ben", 4)],
    }


def _answer(number: int, name: str, user: int) -> Json:
    return {
        "id": number, "result": regions(), "was_cancelled": False, "lead_time": 7.5, "completed_by": user,
        "created_username": f"{name}@example.org, {user}", "updated_at": "2026-01-05T08:00:00.250000Z",
    }  # fmt: skip


def _value(name: str, to: object) -> Change:
    def change(task: Json) -> None:
        task["annotations"][0]["result"][0]["value"][name] = to

    return change


def _region(**changes: object) -> Change:
    def change(task: Json) -> None:
        task["annotations"][0]["result"][0].update(changes)

    return change


def _every(**changes: object) -> Change:
    def change(task: Json) -> None:
        for each in task["annotations"][0]["result"]:
            each.update(copy.deepcopy(changes))

    return change


def _beside(*more: object) -> Change:
    def change(task: Json) -> None:
        task["annotations"][0]["result"] += copy.deepcopy(list(more))

    return change


def _result(to: object) -> Change:
    def change(task: Json) -> None:
        task["annotations"][0]["result"] = copy.deepcopy(to)

    return change


def _answered(**changes: object) -> Change:
    def change(task: Json) -> None:
        task["annotations"][0].update(changes)

    return change


def _data(**changes: object) -> Change:
    def change(task: Json) -> None:
        task["data"].update(changes)

    return change


def _renamed(task: Json) -> None:
    for each in task["annotations"][0]["result"]:
        each["value"]["rectanglelabels"] = ["schraube"]


def _unlabelled(task: Json) -> None:
    del task["annotations"][0]["result"][0]["value"]["rectanglelabels"]


def _foreign(number: int, prefix: str, frame: str = "ab" * 32, **changes: object) -> Change:
    """A task of another project, copied or moved into ours."""

    def change(task: Json) -> None:
        task["data"] = task_of(question(number, prefix, frame), CLASSES)["data"] | changes

    return change


def _shape(kind: str, value: Json) -> Json:
    return {"id": "x", "type": kind, "from_name": "label", "to_name": "image", "value": value}


def _deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


BROKEN_NUMBERS = {
    "NaN": math.nan, "infinite": math.inf, "minus infinite": -math.inf, "1e308": 1e308, "huge integer": 10**300,
    "text": "12", "script": SCRIPT, "none": None, "true": True, "a list": [1], "a mapping": {"x": 1},
}  # fmt: skip
NO_BOX = {
    "ellipse": _shape("ellipselabels", {"x": 5, "y": 5, "radiusX": 3, "radiusY": 3, "ellipselabels": ["bolt"]}),
    "polygon": _shape("polygonlabels", {"points": [[1, 1], [9, 1], [5, 9]], "polygonlabels": ["bolt"]}),
    "brush": _shape("brushlabels", {"format": "rle", "rle": [0, 1, 2], "brushlabels": ["bolt"]}),
    "keypoint": _shape("keypointlabels", {"x": 5, "y": 5, "width": 1, "keypointlabels": ["bolt"]}),
    "rectangle without a label": _shape("rectangle", {"x": 5, "y": 5, "width": 9, "height": 9}),
    "relation": {"type": "relation", "from_id": "box0000", "to_id": "box0001", "direction": "right"},
    "choices": _shape("choices", {"choices": ["night"]}),
    "comment": _shape("textarea", {"text": [SCRIPT]}),
    "nothing": None,
    "a number": 7,
    "text": "rectangle",
    "empty": {},
}  # fmt: skip

REGIONS: dict[str, tuple[Change, int | str]] = {
    **{f"x is {name}": (_value("x", to), 2) for name, to in BROKEN_NUMBERS.items()},
    **{f"width is {name}": (_value("width", to), 2) for name, to in BROKEN_NUMBERS.items()},
    **{f"rotation is {name}": (_value("rotation", to), 2) for name, to in BROKEN_NUMBERS.items()},
    **{f"{name} among boxes": (_beside(each), 3) for name, each in NO_BOX.items()},
    "negative width": (_value("width", -5.0), 2),
    "negative x, mostly inside": (_value("x", -2.0), 3),
    "over 100%": (_value("x", 101.0), 2),
    "wide beyond the border": (_value("width", 150.0), 3),
    "absurdly wide": (_value("width", 5000.0), 2),
    "zero area": (_value("height", 0), 2),
    "a click": (_value("height", 0.001), 2),
    "turned": (_value("rotation", 33.0), 3),
    "turned twice round": (_value("rotation", -720), 3),
    "unknown label": (_value("rectanglelabels", ["cat"]), 2),
    "unhashable label": (_value("rectanglelabels", [["bolt"]]), 2),
    "several labels": (_value("rectanglelabels", ["bolt", SCRIPT]), 2),
    "no labels": (_value("rectanglelabels", []), 2),
    "label list missing": (_unlabelled, 2),
    "script as label": (_value("rectanglelabels", [SCRIPT]), 3),
    "unknown script as label": (_value("rectanglelabels", ['"><img src=x onerror=alert(1)>']), 2),
    "half a character as label": (_value("rectanglelabels", ["\ud800"]), 2),
    "another tool": (_region(from_name="damage"), 2),
    "another picture": (_region(to_name="image2"), 2),
    "picture turned": (_region(image_rotation=90), 2),
    "value is a list": (_region(value=[1, 2]), 2),
    "value missing": (_region(value=None), 2),
    "deeply nested": (_region(value=_deep(300)), 2),
    "a long text": (_region(type="r" * 100_000), 2),
    "every label renamed": (_renamed, HELD),
    "every tool renamed": (_every(from_name="boxes"), HELD),
    "another type of control": (_every(type="polygonlabels", value={"points": [[1, 1], [2, 2]]}), HELD),
    "10,000 regions": (_result(regions() * 3334), HELD),
    "10,000 broken regions": (_result([{}] * 10_000), HELD),
    "only rubbish": (_result([None, 7, "x"]), HELD),
    "only a polygon": (_result([NO_BOX["polygon"]]), HELD),
    "only a comment": (_result([NO_BOX["comment"]]), 0),
    "only a click": (_result([{**regions()[0], "value": {**regions()[0]["value"], "width": 0}}]), 0),
    "nothing there": (_result([]), 0),
    "the same box 900 times": (_result(regions()[:1] * 900), 900),
}  # fmt: skip
ANSWERS: dict[str, tuple[Change, int | str]] = {
    **{f"lead time is {name}": (_answered(lead_time=to), 3) for name, to in BROKEN_NUMBERS.items()},
    "negative lead time": (_answered(lead_time=-1e9), 3),
    "result is text": (_answered(result=SCRIPT), HELD),
    "result is missing": (_answered(result=None), HELD),
    "result is a mapping": (_answered(result={"0": regions()[0]}), HELD),
    "made by nobody": (_answered(completed_by=None, created_username=""), HELD),
    "made by a list": (_answered(completed_by=[2]), HELD),
    "made by script": (_answered(created_username=f'{SCRIPT} "<b>@x.org, 2', completed_by=2), 3),
    "made by half a character": (_answered(created_username="", completed_by={"email": "\udfff@x.org"}), 3),
    "made by a very long name": (_answered(created_username="@" * 50_000 + ", 2"), 3),
    "id is huge": (_answered(id=10**30), HELD),
    "id is missing": (_answered(id=None), HELD),
    "id is negative": (_answered(id=-1), HELD),
    "id is script": (_answered(id=SCRIPT), HELD),
    "no time": (_answered(updated_at=None), HELD),
    "no time zone": (_answered(updated_at="2026-01-05T08:00:00"), HELD),
    "before time began": (_answered(updated_at="0001-01-01T00:00:00+23:59"), HELD),
    "after time ended": (_answered(updated_at="9999-12-31T23:59:59-23:59"), HELD),
    "dated in the future": (_answered(updated_at=(READ + timedelta(days=30)).isoformat()), HELD),
    "dated before the question": (_answered(updated_at=(ASKED - timedelta(days=30)).isoformat()), HELD),
    "a clock some minutes ahead": (_answered(updated_at=(READ + timedelta(minutes=9)).isoformat()), 3),
    "a prediction nobody has seen": (_answered(parent_prediction=1, lead_time=None), HELD),
    "a prediction accepted by a person": (_answered(parent_prediction=1, lead_time=4.0), 3),
    "skipped by text": (_answered(was_cancelled="no"), HELD),
    "skipped with boxes": (_answered(was_cancelled=True), 0),
    "a draft beside it": (_answered(drafts=[{"result": regions()}]), 3),
}
TASKS: dict[str, tuple[Change, int | str]] = {
    "another frame's key": (_data(key="0003-" + "cd" * 32), TASK),
    "another round": (_data(round=4, key="0004-" + "ab" * 32), TASK),
    "round is huge": (_data(round=10**30, key=f"{10**30}-" + "ab" * 32), TASK),
    "round is NaN": (_data(round=math.nan), TASK),
    "another width": (_data(width=800), TASK),
    "an absurd width": (_data(width=10**9), TASK),
    "another purpose": (_data(purpose="golden"), TASK),
    "unknown purpose": (_data(purpose=SCRIPT), TASK),
    "another picture": (_data(image="s3://bucket/other.png"), TASK),
    "picture elsewhere": (_data(image="http://169.254.169.254/latest"), TASK),
    "value is NaN": (_data(value=math.nan), TASK),
    "key is a list": (_data(key=["0003"]), TASK),
    "frame is script": (_data(frame_id=SCRIPT, key=f"0003-{SCRIPT}"), TASK),
    "another project's frame": (_foreign(3, "theirs", "cd" * 32), TASK),
    "another project's, same frame and round": (_foreign(3, "theirs"), TASK),
    "another project's, same bucket": (_foreign(3, "ours", model="yolo11n@def"), TASK),
    "another project's, same bucket and model": (_foreign(3, "ours", value=0.9), TASK),
    "no data": (lambda task: task.pop("data"), TASK),
    "data is text": (lambda task: task.update(data=SCRIPT), TASK),
    "task id is huge": (lambda task: task.update(id=10**30), TASK),
    "a task that the server cannot tell": (lambda task: task.update({UNTOLD: "it answered 500"}), TASK),
    "annotations are text": (lambda task: task.update(annotations=SCRIPT), TASK),
    "reason rewritten": (_data(reason=SCRIPT, priority="first"), 3),
    "predictions rewritten": (lambda task: task.update(predictions=[{"model_version": "nightshift", "result": 1}]), 3),
    "predictions missing": (lambda task: task.pop("predictions"), 3),
}
COLLECTED = REGIONS | ANSWERS | TASKS
