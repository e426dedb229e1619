"""A night on masks, stage by stage, over a real store and real pictures; only Label Studio is left out."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from nightshift.config import Config
from nightshift.domain.corrections import Change, compare
from nightshift.domain.detections import Detections, overlap
from nightshift.domain.frames import Frame, FrameRecord, Split, frame_id
from nightshift.domain.masking import masked_detector
from nightshift.domain.masks import tight_boxes
from nightshift.domain.models import Detector, Image, no_progress
from nightshift.domain.review import Answer, Purpose
from nightshift.domain.rounds import Plan, Receipt, Weights
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.questions import task_of
from nightshift.services.store import rows, state
from nightshift.services.store.s3 import Store
from tasks import autolabel, calibrate, choose, evaluate, score, train
from tests.contract.past_rounds import NOW, in_memory
from tests.contract.test_yolo_seg import COLOURS, NAMES, scene

CONFIG = {
    "project": "discs",
    "task": "segment",
    "masks": {"name": "grabcut"},
    "ontology": [{"name": name} for name in NAMES],
    "frames": {"source": "f"},
    "store": {"uri": "s3://night/p"},
    "teacher": {"name": "none"},
    "student": {"model": "yolo11p-seg", "image_size": 96, "steps": 120, "batch": 8, "device": "cpu"},
    "budget": {"usd_per_night": 2.0},
}
SIZE = (96, 72)


class ColourTeacher:
    """Boxes around what is red or blue: a teacher that knows no masks."""

    version = "colours"

    def detect(self, images: Any) -> list[Detections]:
        return [self._one(image) for image in images]

    def _one(self, image: Image) -> Detections:
        near = [np.abs(image.astype(int) - colour).sum(axis=2) < 150 for colour in COLOURS]
        found = [(self._box(mark, half), i) for i, mark in enumerate(near) for half in (0, 1)]
        solid = [(box, i) for box, i in found if box]
        return Detections.of([box for box, _ in solid], [i for _, i in solid], [0.9] * len(solid))

    def _box(self, mark: Any, half: int) -> list[int]:
        rows_, columns = np.nonzero(mark[:, 48 * half : 48 * half + 48])
        if len(rows_) < 50:
            return []
        left = 48 * half + int(columns.min())
        return [left, int(rows_.min()), 48 * half + int(columns.max()) + 1, int(rows_.max()) + 1]


class DiscProject(Project):
    """A project whose teacher looks for colours."""

    def teacher(self, champion: Weights | None) -> Detector | None:  # noqa: ARG002 - the signature of the real one
        return masked_detector(ColourTeacher(), self._masker)


@pytest.fixture
def night(tmp_path: Path) -> Any:
    config = Config.model_validate(CONFIG)
    for store in in_memory():
        project = DiscProject(config, tmp_path)
        project.__dict__["store"] = store
        plan = Plan(0, None, "nightly", NOW, config.model_dump(mode="json"), config.digest, None, 7, {})
        state.create_plan(store, plan)
        yield OpenRound(project, state.read_plan(store, 0))


def registered(night: OpenRound, store: Store) -> dict[str, Detections]:
    """Frames with discs, a third of them golden, as `register` leaves them; and what is really on them."""
    rng, truth, frames = np.random.default_rng(0), {}, []
    for i in range(36):
        pixels, labels = scene(rng, SIZE)
        buffer = io.BytesIO()
        Pillow.fromarray(pixels).save(buffer, "PNG")
        name = frame_id(buffer.getvalue())
        split = Split.GOLDEN if i % 3 == 0 else Split.POOL
        frames.append(Frame(name, store.uri(f"frames/{name}.png"), *SIZE, f"clip {i}", split, f"{i}.png", 0))
        store.create(f"frames/{name}.png", buffer.getvalue())
        truth[name] = labels
    night.write("frames", [rows.frame_row(FrameRecord(each, 9, "x")) for each in frames])
    night.project.fetch(frames)
    return truth


def said(frame: Frame, truth: Detections) -> Answer:
    return Answer(
        frame.id, 0, Purpose.GOLDEN, 1, 2, "ann@x", NOW, 4.0, skipped=False, shown=Detections.empty(), said=truth
    )


def done(night: OpenRound, stage: str, summary: dict[str, Any]) -> dict[str, Any]:
    night.finish(Receipt(stage, 1.0, summary))
    return summary


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_a_night_on_masks_labels_trains_evaluates_and_asks_with_masks(night: OpenRound) -> None:
    truth = registered(night, night.store)
    golden = [f for f in night.frames if f.split is Split.GOLDEN]
    pool = [f for f in night.frames if f.split is Split.POOL]
    labelled = [rows.label_row(f.id, [said(f, truth[f.id])], truth[f.id]) for f in golden]
    bare = rows.imported_row(pool[0].id, truth[pool[0].id].unmasked, NOW)  # a label that came as boxes
    night.write("labels", [*labelled, bare])
    done(night, "ingest", {})

    night.write("detections", autolabel._label(night, pool[1:], no_progress), "autolabels/part-0000.parquet")
    found = {f: each for f, (_, each) in night.autolabels().items()}
    assert np.median(np.concatenate([overlap(truth[f], each).max(axis=1) for f, each in found.items()])) > 0.9
    done(night, "calibrate", calibrate._body(night, no_progress))

    learned = done(night, "train", train._body(night, no_progress))
    assert (learned["trained"], learned["examples_human"], learned["examples_auto"]) == (True, 1, len(pool) - 1)
    verdict = done(night, "evaluate", evaluate._body(night, no_progress))
    assert verdict["promoted"]
    assert verdict["map_by_masks"]
    assert verdict["map50"] > 0.5

    night.write("scores", score._score(night, pool, no_progress), "scores/part-0000.parquet")
    queue = done(night, "choose", choose._body(night, no_progress))
    assert queue["queue"] > 0
    asked = [each for each in choose.questions(night) if each.shown is not None and len(each.shown)]
    assert asked
    for each in asked:
        assert each.shown is not None
        assert each.shown.masks is not None
        assert np.array_equal(tight_boxes(each.shown.masks), each.shown.boxes)
        task = task_of(each, night.config.classes)
        untouched = {"id": 9, "result": task["predictions"][0]["result"], "was_cancelled": False, "lead_time": 3.0,
                     "completed_by": 1, "updated_at": NOW.isoformat()}  # fmt: skip
        (answer,), rejected = read([{"id": 8, **task, "annotations": [untouched]}], night.config.classes, 300.0)
        assert rejected == []
        assert {change.change for change in compare(each.shown, answer.said)} == {Change.KEPT}
