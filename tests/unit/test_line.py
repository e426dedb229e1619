"""The procedural factory line: the same seed is the same line, and its truth is where the parts are."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nightshift.simulation.line import CLASSES, Scene, layout, render_clip, write_line
from nightshift.simulation.line.metal import Lamp
from nightshift.simulation.line.parts import MAKERS
from nightshift.simulation.line.scene import HEIGHT, WIDTH, _truth

RARE = CLASSES.index("bearing")


@pytest.mark.parametrize("shift", ["day", "night"])
def test_the_same_seed_renders_the_same_clip(shift: str) -> None:
    for first, second in zip(render_clip(5, shift, 3), render_clip(5, shift, 3), strict=True):
        assert np.array_equal(first.image, second.image)
        assert first.truth == second.truth


def test_another_seed_or_another_shift_is_another_clip() -> None:
    base = render_clip(5, "day", 1)[0]
    assert not np.array_equal(base.image, render_clip(6, "day", 1)[0].image)
    assert not np.array_equal(base.image, render_clip(5, "night", 1)[0].image)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31), shift=st.sampled_from(["day", "night"]))
def test_boxes_lie_inside_frames_of_the_promised_kind(seed: int, shift: str) -> None:
    for scene in render_clip(seed, shift, 2):
        boxes = scene.truth.boxes
        assert scene.image.shape == (HEIGHT, WIDTH, 3)
        assert scene.image.dtype == np.uint8
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, 2:] <= (WIDTH, HEIGHT)).all()
        assert set(scene.truth.classes.tolist()) <= set(range(len(CLASSES)))


@pytest.mark.slow
def test_nearly_every_frame_shows_three_to_nine_parts() -> None:
    counts = np.array([len(scene.truth) for seed in range(24) for scene in render_clip(seed, "day", 2)])
    assert counts.max() <= 10
    assert np.mean((counts >= 3) & (counts <= 9)) >= 0.9


def test_bearings_are_as_rare_as_asked() -> None:
    def share(asked: float) -> float:
        rng = np.random.default_rng(0)
        strip = layout.lay(6_000, 360, 30, Lamp(0.3), asked, rng)
        return float(np.mean([each.kind == RARE for each in strip.placed]))

    assert share(0) == 0
    assert share(1) == 1
    assert share(0.2) == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize("seed", [1, 4, 11])
def test_parts_ride_with_the_belt_all_by_the_same_step(seed: int) -> None:
    clip = render_clip(seed, "day", 3)
    steps = [_step(before, after) for before, after in pairwise(clip)]
    assert len({round(step) for step in steps}) == 1
    assert steps[0] >= 18


@pytest.mark.parametrize("kind", range(len(CLASSES)))
def test_a_box_is_the_extent_of_the_part_s_own_pixels(kind: int) -> None:
    rng = np.random.default_rng(kind)
    strip = layout.lay(2_000, 360, 30, Lamp(1.0), float(kind == RARE), rng)
    mine = [each for each in strip.placed if each.kind == kind]
    assert mine
    for part in mine:
        rows, columns = np.nonzero(part.mask)
        seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        expected = np.add(seen, (part.left, part.top, part.left, part.top))
        assert np.abs(np.array(part.box) - expected).max() <= 1.0


@pytest.mark.parametrize("make", MAKERS)
def test_every_part_is_solid_and_stays_within_the_strip_s_margin(make: object) -> None:
    for seed in range(20):
        part = make(np.random.default_rng(seed))  # type: ignore[operator]
        assert np.abs(part.outline()).max() < layout.MARGIN
        grid = np.arange(-70, 71, dtype=np.float32)
        relief = part.relief(*np.meshgrid(grid, grid))
        assert relief.coverage.sum() > 500
        assert np.isfinite(relief.height).all()


@pytest.mark.parametrize(("column", "labelled"), [(0, 1), (33, 1), (37, 1), (68, 0), (-1, 1)])
def test_a_part_of_which_little_is_left_in_the_frame_is_not_labelled(column: int, labelled: int) -> None:
    """A square of 100 columns that starts 100 into the strip: the frame begins `column` columns into it."""
    truth = _truth(_square(), start=100 + column, occluded=np.zeros((HEIGHT, WIDTH), np.float32))
    assert len(truth) == labelled
    if labelled:
        assert truth.boxes.tolist() == [[max(-column, 0), 50, 100 - column, 150]]


@pytest.mark.parametrize(("covered", "labelled"), [(0, 1), (59, 1), (61, 0), (100, 0)])
def test_a_part_mostly_covered_is_not_labelled_and_else_has_its_whole_box(covered: int, labelled: int) -> None:
    occluded = np.zeros((HEIGHT, WIDTH), np.float32)
    occluded[50 : 50 + covered] = 1
    boxes = _truth(_square(), start=50, occluded=occluded).boxes.tolist()
    assert boxes == [[50, 50, 150, 150]] * labelled


@pytest.mark.parametrize(("covered", "labelled"), [(50, 1), (70, 0)])
def test_a_part_under_another_is_not_labelled_when_little_of_it_shows(covered: int, labelled: int) -> None:
    strip = _square()
    strip.owner[50 : 50 + covered, 100:200] = 1
    assert len(_truth(strip, start=50, occluded=np.zeros((HEIGHT, WIDTH), np.float32))) == labelled


def test_the_night_is_darker_and_noisier_than_the_day() -> None:
    day, night = (np.stack([render_clip(seed, shift, 1)[0].image for seed in range(6)]) for shift in ("day", "night"))
    assert night.mean() < 0.6 * day.mean()
    assert _noise(night) / night.mean() > _noise(day) / day.mean()


def test_the_folder_holds_the_frames_and_their_truth_as_coco(tmp_path: Path) -> None:
    write_line(tmp_path, clips_day=2, clips_night=1, frames_per_clip=2, seed=3)
    coco = json.loads((tmp_path / "coco.json").read_text())
    names = [image["file_name"] for image in coco["images"]]
    assert names == [f"images/{clip}/{i:02d}.jpg" for clip in ("day-000", "day-001", "night-000") for i in (0, 1)]
    assert [each["name"] for each in coco["categories"]] == list(CLASSES)
    assert [each["id"] for each in coco["categories"]] == [1, 2, 3, 4]
    assert len({each["id"] for each in coco["annotations"]}) == len(coco["annotations"])
    scenes = [*render_clip(300_000, "day", 2), *render_clip(300_001, "day", 2), *render_clip(300_000, "night", 2)]
    for image, scene in zip(coco["images"], scenes, strict=True):
        _check_image(tmp_path, image, [a for a in coco["annotations"] if a["image_id"] == image["id"]], scene)


def test_the_same_line_is_not_written_twice_and_another_replaces_it(tmp_path: Path) -> None:
    frame = tmp_path / "images/day-000/00.jpg"
    write_line(tmp_path, 1, 0, 1, seed=3)
    written = frame.stat().st_mtime_ns
    write_line(tmp_path, 1, 0, 1, seed=3)
    assert frame.stat().st_mtime_ns == written
    first = frame.read_bytes()
    write_line(tmp_path, 1, 0, 1, seed=4)
    assert frame.read_bytes() != first


def test_a_line_that_was_interrupted_is_written_whole(tmp_path: Path) -> None:
    write_line(tmp_path, 1, 0, 1, seed=3)
    whole = (tmp_path / "coco.json").read_bytes()
    (tmp_path / "coco.json").write_bytes(whole[:40])
    (tmp_path / "images/day-000/00.jpg").unlink()
    write_line(tmp_path, 1, 0, 1, seed=3)
    assert (tmp_path / "coco.json").read_bytes() == whole
    assert (tmp_path / "images/day-000/00.jpg").exists()


def _square() -> layout.Strip:
    """A strip with one part, a square of 100 pixels at column 100, row 50."""
    owner = np.full((HEIGHT, 800), -1, np.int16)
    owner[50:150, 100:200] = 0
    part = layout.Placed(0, (100, 50, 200, 150), 100, 50, np.ones((100, 100), np.bool_))
    return layout.Strip(np.zeros((HEIGHT, 800, 3), np.float32), owner, (part,))


def _check_image(folder: Path, image: dict[str, object], annotations: list[dict[str, object]], scene: Scene) -> None:
    assert (image["width"], image["height"]) == (WIDTH, HEIGHT)
    boxes = np.array([each["bbox"] for each in annotations], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    assert np.allclose(boxes, scene.truth.boxes, atol=1e-3)
    assert [each["category_id"] - 1 for each in annotations] == scene.truth.classes.tolist()
    with Image.open(folder / str(image["file_name"])) as stored:
        assert np.abs(np.asarray(stored, np.float32) - scene.image).mean() < 12


def _step(before: Scene, after: Scene) -> float:
    """Pixels that parts wholly in both frames moved to the right; the frames must agree on one step."""
    first, second = (_whole(scene) for scene in (before, after))
    steps = second[:, None, 0] - first[None, :, 0]
    same = np.abs(second[:, None, 1:3] - first[None, :, 1:3]).max(axis=2) < 1e-3
    moved = steps[same]
    assert len(moved) > 0
    assert np.ptp(moved) < 1e-2
    return float(moved[0])


def _whole(scene: Scene) -> np.ndarray:
    """(n, 4): left edge, upper edge, width, class of the parts that the border does not cut."""
    boxes = scene.truth.boxes
    inside = (boxes[:, 0] > 0) & (boxes[:, 2] < WIDTH)
    kept = boxes[inside]
    return np.stack([kept[:, 0], kept[:, 1], kept[:, 2] - kept[:, 0], scene.truth.classes[inside]], axis=1)


def _noise(images: np.ndarray) -> float:
    return float(np.abs(np.diff(images.astype(np.float32), axis=2)).mean())
