"""Label Studio's video annotations: key frames, straight lines between them, and what is none."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.services.label_studio.tracks import Key, VideoTrack, at_times, read_export, read_tracks

NAMES = ("bolt", "nut")
PERCENT = st.floats(1, 90)


def region(*keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    value = {"framesCount": 100, "duration": 4.0, "sequence": list(keys), "labels": ["nut"]} | more
    return {"type": "videorectangle", "from_name": "box", "to_name": "video", "value": value}


def key(frame: Any, x: Any = 10, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "enabled": True, "x": x, "y": 20, "width": 10, "height": 10, "rotation": 0} | more


def test_boxes_lie_on_straight_lines_between_key_frames() -> None:
    (track,), rejected = read_tracks([region(key(1, 10), key(11, 30))], NAMES, "task 1")
    assert not rejected
    assert (track.label, track.rate) == (1, 25)
    found = at_times([track], [0.0, 0.2, 0.4, 1.0], (200, 100))
    assert [each.boxes[0].tolist() for each in found] == [
        [20, 20, 40, 30],
        [40, 20, 60, 30],
        [60, 20, 80, 30],
        [60, 20, 80, 30],
    ]
    assert {int(each.classes[0]) for each in found} == {1}


def test_an_object_is_gone_after_a_key_frame_that_is_not_enabled() -> None:
    (track,), _ = read_tracks([region(key(2), key(4, enabled=False), key(8))], NAMES, "task 1")
    assert [track.at(frame) is not None for frame in range(1, 10)] == [
        False,
        True,
        True,
        True,
        False,
        False,
        False,
        True,
        True,
    ]


@given(
    st.lists(st.tuples(st.integers(1, 50), PERCENT, st.booleans()), min_size=1, max_size=6, unique_by=lambda t: t[0]),
    st.floats(1, 60),
)
def test_between_two_key_frames_a_box_lies_between_theirs(keys: list[tuple[int, float, bool]], frame: float) -> None:
    ordered = sorted(keys)
    track = VideoTrack(0, tuple(Key(f, (x, x, 5.0, 5.0, 0.0), on) for f, x, on in ordered), 25)
    before, after = [k for k in ordered if k[0] <= frame], [k for k in ordered if k[0] > frame]
    there = bool(before) and (before[-1][2] or before[-1][0] == frame)
    box = track.at(frame)
    assert (box is not None) == there
    if box is not None:
        ends = [before[-1][1], (after or before[-1:])[0][1]]
        assert min(ends) - 1e-9 <= box[0] <= max(ends) + 1e-9
        if before[-1][0] == frame:
            assert box[0] == before[-1][1]


def test_a_turned_box_becomes_the_upright_one_around_it_and_is_cut_at_the_border() -> None:
    (track,), _ = read_tracks([region(key(1, 95, rotation=0))], NAMES, "t")
    assert at_times([track], [0], (100, 100))[0].boxes[0].tolist() == [95, 20, 100, 30]
    (track,), _ = read_tracks([region(key(1, 50, rotation=90))], NAMES, "t")
    assert np.allclose(at_times([track], [0], (100, 100))[0].boxes[0], [40, 20, 50, 30], atol=1e-4)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (7, "no track"),
        ({"type": "rectanglelabels", "value": {}}, "no track"),
        ({"type": "videorectangle"}, "no value"),
        (region(), "no key frame"),
        (region(key(1), labels=["gear"]), "not in the ontology"),
        (region(key(1), labels=["bolt", "nut"]), "exactly one class"),
        (region(key(1), labels="nut"), "exactly one class"),
        (region(key(0)), "has the number"),
        (region(key(1.5)), "has the number"),
        (region(key(1), key(1, 30)), "of one frame"),
        (region(key(1, "10")), "no numbers"),
        (region(key(1, float("nan"))), "no numbers"),
        (region(key(1, 1e308)), "nobody draws"),
        (region(key(1, width=0)), "nobody draws"),
        (region(key(1, enabled="yes")), "neither enabled"),
        (region("key"), "a key frame is none"),
    ],
)
def test_what_is_no_track_is_rejected_with_its_reason(given: Any, reason: str) -> None:
    tracks, rejected = read_tracks([given, region(key(1))], NAMES, "task 1")
    assert len(tracks) == 1
    assert reason in rejected[0].reason
    assert rejected[0].subject == "task 1, region 0"


@pytest.mark.parametrize("more", [{"duration": 0}, {"duration": "4"}, {"framesCount": None}, {"framesCount": True}])
def test_where_a_track_does_not_say_its_rate_somebody_must(more: dict[str, Any]) -> None:
    (track,), _ = read_tracks([region(key(1), **more)], NAMES, "t")
    with pytest.raises(ValueError, match="say `rate`"):
        at_times([track], [0], (10, 10))
    assert len(at_times([track], [0], (10, 10), rate=25)[0]) == 1


def test_of_an_export_the_newest_annotation_counts_and_the_rest_is_told() -> None:
    old = {"created_at": "2026-01-01", "result": []}
    new = {"created_at": "2026-01-02", "result": [region(key(1)), {}]}
    skipped = {"created_at": "2026-01-03", "result": [], "was_cancelled": True}
    tasks = [{"data": {"video": "s3://b/a.mp4"}, "annotations": [new, skipped, old]}, {"data": {}}, 5]
    found, rejected = read_export(json.dumps(tasks).encode(), NAMES)
    assert [len(each) for each in found.values()] == [1]
    assert list(found) == ["s3://b/a.mp4"]
    assert len(rejected) == 3
    assert read_export(b"{", NAMES)[1][0].reason == "it is no JSON"
