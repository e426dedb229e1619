"""What the ingest stage writes: over a real store, with a desk whose tasks lie in a list."""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, FrameRecord, Split
from nightshift.domain.models import no_progress
from nightshift.domain.review import Purpose, Question
from nightshift.domain.rounds import Plan, Receipt
from nightshift.round import OpenRound
from nightshift.services.label_studio.interface import label_config
from nightshift.services.label_studio.percent import to_regions
from nightshift.services.label_studio.poll import Polled
from nightshift.services.label_studio.questions import task_of
from nightshift.services.store import rows, state
from nightshift.services.store.past import Past
from nightshift.services.store.s3 import Store
from tasks.ingest import GONE, QUARANTINE, _body

Json = dict[str, Any]
NOW = datetime.now(UTC)
CONFIG = Config.model_validate(
    {"project": "p", "ontology": [{"name": "a"}], "frames": {"source": "f"}, "store": {"uri": "s3://b/p"}}
)
SHOWN = Detections.of([[1, 1, 20, 20]], [0], [0.5])
FRAMES = [Frame(letter * 64, f"s3://b/p/{letter}.png", 100, 80, letter, Split.POOL, letter, 0) for letter in "ab"]


@dataclass
class ListedDesk:
    """Label Studio as its client sees it: some raw tasks."""

    tasks: list[Json] = field(default_factory=list)
    xml: str = label_config(CONFIG.classes)

    def ensure_project(self, *_: object) -> int:
        return 1

    def poll(self, _: int, since: datetime | None) -> Polled:
        new = [task for task in self.tasks if since is None or _changed(task) > since]
        return Polled(copy.deepcopy(new), max(map(_changed, new), default=since))

    def gone(self, _: int, taken: set[tuple[int, int]]) -> list[tuple[int, int]]:
        return sorted(taken - {(task["id"], each["id"]) for task in self.tasks for each in task["annotations"]})

    def raw_tasks(self, _: int, wanted: list[int]) -> list[Json]:
        return copy.deepcopy([task for task in self.tasks if task["id"] in wanted])

    def interface(self, _: int) -> str:
        return self.xml


@pytest.fixture
def desk(quick_store: Store) -> ListedDesk:
    """Round 0 has asked about two frames, and one person has answered both."""
    night, asked = _night(quick_store, 0, ListedDesk()), [_question(frame) for frame in FRAMES]
    night.write("frames", [rows.frame_row(FrameRecord(frame, 9, "x")) for frame in FRAMES])
    night.write("queue", [_queued(each) for each in asked])
    night.finish(Receipt("ingest", 0.0, {}))
    return ListedDesk([_task(number, each) for number, each in enumerate(asked, 11)])


def _night(store: Store, number: int, desk: ListedDesk) -> OpenRound:
    parent = number - 1 if number else None
    opened = NOW - timedelta(hours=5 - number)
    plan = Plan(number, parent, "nightly", opened, CONFIG.model_dump(mode="json"), CONFIG.digest, None, 7, {})
    state.create_plan(store, plan)
    project: Any = SimpleNamespace(store=store, past=Past(store), config=CONFIG, desk=desk)
    return OpenRound(project, state.read_plan(store, number))


def _question(frame: Frame) -> Question:
    return Question(frame, 0, Purpose.REVIEW, 0, 1.0, 2.0, 0.1, "why", SHOWN, "m")


def _queued(asked: Question) -> Json:
    numbers = {"position": 0, "value": 1.0, "seconds": 2.0, "usd": 0.1, "opinions": 1, "hidden": 0.0, "alone": 0.0}
    text = {"purpose": "review", "reason": "why", "key": asked.key, "blind": False}
    return rows.detections_row(asked.frame.id, "m", SHOWN) | text | numbers


def _task(number: int, asked: Question) -> Json:
    at = NOW - timedelta(hours=1, minutes=number)
    return {"id": number, "updated_at": at.isoformat(), **task_of(asked, CONFIG.classes),
            "annotations": [_annotation(number + 100, at)]}  # fmt: skip


def _annotation(number: int, at: datetime, by: int = 3, said: Detections = SHOWN) -> Json:
    regions = to_regions(said, ("a",), (100, 80))
    return {"id": number, "result": regions, "was_cancelled": False, "lead_time": 6.0, "completed_by": by,
            "updated_at": at.isoformat()}  # fmt: skip


def _changed(task: Json) -> datetime:
    return datetime.fromisoformat(task["updated_at"])


def _ingest(night: OpenRound) -> Json:
    summary = _body(night, no_progress)
    night.finish(Receipt("ingest", 1.0, summary))
    return summary


def _told(night: OpenRound) -> list[tuple[str, str]]:
    return [(row["subject"], row["reason"]) for row in night.read("quarantine", QUARANTINE)]


def _labelled(night: OpenRound) -> set[str]:
    return {row["frame_id"][0] for row in night.read("labels")}


def test_answers_become_corrections_labels_and_dollars(quick_store: Store, desk: ListedDesk) -> None:
    night = _night(quick_store, 1, desk)
    summary = _ingest(night)
    assert (summary["frames_reviewed"], summary["human_seconds"], summary["quarantined"]) == (2, 12.0, 0)
    assert _labelled(night) == {"a", "b"}


def test_a_run_that_died_after_the_corrections_leaves_the_same_labels_and_dollars(
    quick_store: Store, desk: ListedDesk
) -> None:
    night, died = _night(quick_store, 1, desk), RuntimeError("killed")
    write = night.write

    def dies(table: str, *args: Any) -> None:
        if table == "labels":
            raise died
        write(table, *args)

    night.write = dies  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        _body(night, no_progress)
    again = _night(quick_store, 1, desk)
    summary = _ingest(again)
    assert _labelled(again) == {"a", "b"}
    assert (summary["frames_reviewed"], summary["human_seconds"]) == (2, 12.0)


def test_a_task_of_another_project_with_our_keys_changes_no_label(quick_store: Store, desk: ListedDesk) -> None:
    desk.tasks[0]["data"]["image"] = "s3://b/theirs/a.png"
    night = _night(quick_store, 1, desk)
    assert _ingest(night)["quarantined"] == 1
    assert _labelled(night) == {"b"}
    assert "another project's" in _told(night)[0][1]


def test_an_answer_that_could_not_be_used_counts_once_its_cause_is_mended(quick_store: Store, desk: ListedDesk) -> None:
    for region in desk.tasks[0]["annotations"][0]["result"]:
        region["value"]["rectanglelabels"] = ["renamed"]
    first = _night(quick_store, 1, desk)
    assert (_ingest(first)["held"], _labelled(first)) == ([11], {"b"})
    for region in desk.tasks[0]["annotations"][0]["result"]:
        region["value"]["rectanglelabels"] = ["a"]  # as if the ontology had been mended: no time changes
    second = _night(quick_store, 2, desk)
    assert (_ingest(second)["held"], _labelled(second)) == ([], {"a", "b"})


def test_a_deleted_answer_is_told_once_and_its_label_stays_until_somebody_answers_again(
    quick_store: Store, desk: ListedDesk
) -> None:
    _ingest(_night(quick_store, 1, desk))
    desk.tasks[0]["annotations"] = []
    del desk.tasks[1]
    second = _night(quick_store, 2, desk)
    _ingest(second)
    assert _told(second) == [(f"task {n}, annotation {n + 100} (deleted)", GONE) for n in (11, 12)]
    assert _labelled(second) == {"a", "b"}
    other = Detections.of([[30, 30, 60, 60]], [0])
    desk.tasks[0]["annotations"] = [_annotation(500, NOW, by=4, said=other)]
    desk.tasks[0]["updated_at"] = NOW.isoformat()
    third = _night(quick_store, 3, desk)
    _ingest(third)
    assert _told(third) == []
    assert third.labels()[FRAMES[0].id].boxes.tolist() == other.boxes.tolist()


def test_a_number_that_a_restored_database_gives_out_again_mixes_no_two_answers(
    quick_store: Store, desk: ListedDesk
) -> None:
    late = desk.tasks.pop()
    _ingest(_night(quick_store, 1, desk))
    late["annotations"][0] |= {"id": 111}  # the number of the answer to the other frame
    late["updated_at"] = late["annotations"][0]["updated_at"] = NOW.isoformat()
    desk.tasks = [late]
    night = _night(quick_store, 2, desk)
    assert _ingest(night)["human_seconds"] == 6.0
    assert _labelled(night) == {"a", "b"}
    assert len(rows.answers_from_rows(night.history("corrections"))) == 2


def test_a_server_whose_clock_ran_ahead_hides_nothing_once_it_is_set_right(
    quick_store: Store, desk: ListedDesk
) -> None:
    desk.tasks[0]["updated_at"] = (NOW + timedelta(days=400)).isoformat()
    late = desk.tasks.pop()
    _ingest(_night(quick_store, 1, desk))
    late["updated_at"] = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    desk.tasks.append(late)
    second = _night(quick_store, 2, desk)
    _ingest(second)
    assert _labelled(second) == {"a", "b"}


def test_a_label_interface_that_is_not_ours_is_told(quick_store: Store, desk: ListedDesk) -> None:
    desk.xml = "<View/>"
    night = _night(quick_store, 1, desk)
    _ingest(night)
    assert [subject for subject, _ in _told(night)] == ["the label interface"]
