"""How well carried labels fit, what they save, and what the ledger says frames took."""

from datetime import UTC, datetime

import numpy as np
import pytest

from nightshift.config import Config
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.keeping import Keeping
from nightshift.domain.ledger import Asked, Entry
from nightshift.domain.review import Purpose
from nightshift.domain.tracks import PropagationSpec, Track
from nightshift.evaluation.carried import drawn_seconds, fit, review_seconds, seconds_with_and_without
from nightshift.simulation.line import render_clip
from tasks.calibrate import _seconds

TRUTH = Detections.of([[0, 0, 10, 10], [50, 50, 60, 60]], [0, 1])
SAID = {
    "project": "p",
    "ontology": [{"name": "gear"}],
    "frames": {"source": "f"},
    "store": {"uri": "s3://b/p"},
}


def test_perfect_labels_fit_perfectly() -> None:
    found = fit([TRUTH], [TRUTH])
    assert (found.iou, found.recall50, found.recall75, found.precision50, found.off) == (1, 1, 1, 1, 0)
    assert (found.frames, found.objects, found.boxes) == (1, 2, 2)


def test_a_missed_object_and_one_of_another_class_count_as_nothing() -> None:
    found = fit([Detections.of([[0, 0, 10, 10]], [1], [0.5])], [TRUTH])
    assert (found.iou, found.recall50, found.precision50, found.off) == (0, 0, 0, 0.5)


def test_nothing_fits_nothing() -> None:
    assert fit([Detections.empty()], [Detections.empty()]).iou == 0


def test_right_boxes_are_verified_and_missing_ones_drawn() -> None:
    prices = Prices(glance_seconds=1, verify_seconds=2, draw_seconds=10)
    assert drawn_seconds([TRUTH], prices) == 21
    assert review_seconds([TRUTH], [TRUTH], prices) == 5
    assert review_seconds([Detections.empty()], [TRUTH], prices) == 21


def test_the_ledger_tells_frames_with_carried_labels_from_those_without() -> None:
    models = {"propagation/flow@1~32": 4.0, "owlv2/x@1": 6.0, "": 20.0}
    entries = [
        Entry(i, f"{i}", 0, Purpose.REVIEW, "ann", datetime(2026, 11, 21, tzinfo=UTC), took, asked=Asked(model))
        for i, (model, took) in enumerate(models.items())
    ]
    found = seconds_with_and_without(entries)
    assert {name: (each.frames, each.each) for name, each in found.items()} == {
        "carried": (1, 4.0),
        "other": (1, 6.0),
        "drawn": (1, 20.0),
    }
    assert _seconds(entries) == {"seconds_carried": 4.0, "seconds_other": 6.0, "seconds_drawn": 20.0}
    assert _seconds(entries[1:]) == {}  # nothing was carried: there is nothing to compare


def test_a_film_of_the_line_moves_as_far_as_it_is_told() -> None:
    clip = render_clip(3, "day", 4, travel=[0, 5, 5, 11])
    moved = [dict(zip(each.parts, each.truth.boxes.tolist(), strict=True)) for each in clip]
    inside = [part for part, box in moved[0].items() if box[0] > 0 and box[2] < 460 and all(part in m for m in moved)]
    assert inside
    for part in inside:
        assert np.allclose([each[part][0] - moved[0][part][0] for each in moved], [0, 5, 5, 11], atol=1e-3)


@pytest.mark.parametrize("travel", [[1, 2], [0, 5, 4], [0]])
def test_a_belt_that_runs_backwards_is_refused(travel: list[int]) -> None:
    with pytest.raises(ValueError, match="runs from 0 forwards"):
        render_clip(3, "day", max(len(travel), 2), travel=travel)


def test_what_is_said_of_videos_becomes_what_is_done() -> None:
    config = Config.model_validate(SAID)
    assert config.frames.video.keeping == Keeping(1.0, 4, 2000)
    assert config.propagation.spec == PropagationSpec("none", "", "auto", 32)
    every = Config.model_validate(SAID | {"frames": {"source": "f", "video": {"keep": "all", "every_seconds": 0}}})
    assert every.frames.video.keeping == Keeping(0, 0, 2000)


@pytest.mark.parametrize(
    ("boxes", "scores"), [([[0, 0, 1, 1]], [0.5, 0.5]), ([[0, 0, 1, 1]], [1.5]), ([[0, 0, 0, 1]], [0.5])]
)
def test_a_track_that_makes_no_sense_is_refused(boxes: list[list[float]], scores: list[float]) -> None:
    with pytest.raises(ValueError, match=r"score|area|boxes|x1"):
        Track(0, np.array(boxes, np.float32), np.array(scores, np.float32))


def test_labels_are_carried_at_least_one_frame() -> None:
    with pytest.raises(ValueError, match="cannot be carried"):
        PropagationSpec("flow", reach=0)
