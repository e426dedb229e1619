"""The data set folder that Ultralytics trains on, and the conversion of boxes to YOLO lines and back."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from strategies import masked

from nightshift.domain.detections import Detections, clean
from nightshift.domain.errors import FrameError, ModelError
from nightshift.domain.masks import Masks, mask_iou, pixels_of
from nightshift.domain.models import Example
from nightshift.domain.outlines import Part, filled
from nightshift.students import _yolo_folder

ROTATED = 6  # EXIF orientation: turn a quarter clockwise to see it upright
SIZES = st.tuples(st.integers(32, 8000), st.integers(32, 8000))


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Detections, tuple[int, int]]:
    size = draw(SIZES)
    count = draw(st.integers(0, 6))
    shares = draw(st.lists(st.floats(0, 0.9), min_size=2 * count, max_size=2 * count))
    sides = draw(st.lists(st.floats(0.01, 0.5), min_size=2 * count, max_size=2 * count))
    low, side = np.array(shares).reshape(-1, 2), np.array(sides).reshape(-1, 2)
    boxes = np.concatenate([low, low + side], axis=1) * np.array([*size, *size])
    classes = np.array(draw(st.lists(st.integers(0, 80), min_size=count, max_size=count)), np.int64)
    return clean(boxes, classes, np.ones(count), size), size


@given(labelled())
def test_boxes_survive_the_way_to_yolo_lines_and_back(case: tuple[Detections, tuple[int, int]]) -> None:
    labels, size = case
    back = _yolo_folder.from_lines(_yolo_folder.to_lines(labels, size), size)
    np.testing.assert_allclose(back.boxes, labels.boxes, atol=0.01)
    np.testing.assert_array_equal(back.classes, labels.classes)


@given(labelled())
def test_every_number_in_a_line_is_a_share_of_the_picture(case: tuple[Detections, tuple[int, int]]) -> None:
    for line in _yolo_folder.to_lines(*case).splitlines():
        assert all(0 <= float(number) <= 1 for number in line.split()[1:])


def test_what_sticks_out_of_the_picture_is_cut_off() -> None:
    sticking_out = Detections.of([[-10, -10, 50, 50], [200, 0, 210, 10]], [0, 0])
    assert _yolo_folder.to_lines(sticking_out, (100, 100)) == "0 0.25000000 0.25000000 0.50000000 0.50000000\n"


def picture(path: Path, size: tuple[int, int] = (40, 20), mode: str = "RGB", orientation: int = 1) -> Path:
    exif = Image.Exif()
    exif[_yolo_folder.ORIENTATION] = orientation
    Image.new(mode, size).save(path, exif=exif)
    return path


def example(path: Path, boxes: int = 1) -> Example:
    return Example(path, Detections.of([[2, 2, 12, 12]] * boxes, [0] * boxes), human=True)


def test_a_picture_turned_by_exif_is_written_upright_with_its_boxes_in_place(tmp_path: Path) -> None:
    source = picture(tmp_path / "turned.jpg", (40, 20), orientation=ROTATED)
    _yolo_folder.write(tmp_path / "out", [example(source)], ["bolt"], 1)
    with Image.open(tmp_path / "out/images/000000.png") as upright:
        assert upright.size == (20, 40)
        assert _yolo_folder.ORIENTATION not in upright.getexif()
    line = (tmp_path / "out/labels/000000.txt").read_text()
    back = _yolo_folder.from_lines(line, (20, 40))
    np.testing.assert_allclose(back.boxes, [[2, 2, 12, 12]], atol=1e-4)


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    sources = [picture(tmp_path / "a/1.jpg", (40, 20)), picture(tmp_path / "b/1.jpg", (30, 20))]
    _yolo_folder.write(tmp_path / "out", [example(each) for each in sources], ["bolt"], 1)
    widths = []
    for path in sorted((tmp_path / "out/images").iterdir()):
        with Image.open(path) as image:
            widths.append(image.width)
    assert widths == [40, 30]


def test_a_jpeg_without_its_end_mark_is_not_linked_as_ultralytics_would_rewrite_it(tmp_path: Path) -> None:
    source = picture(tmp_path / "odd.jpg")
    source.write_bytes(source.read_bytes() + b"\0\0")
    _yolo_folder.write(tmp_path / "out", [example(source)], ["bolt"], 1)
    assert [path.suffix for path in (tmp_path / "out/images").iterdir()] == [".png"]


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGBA"), ("a.png", "P"), ("a.bmp", "RGB"), ("a.gif", "P")])
def test_pictures_that_are_read_differently_are_written_as_plain_rgb(tmp_path: Path, name: str, mode: str) -> None:
    source = tmp_path / name
    Image.new(mode, (40, 20)).save(source)
    _yolo_folder.write(tmp_path / "out", [example(source)], ["bolt"], 1)
    with Image.open(tmp_path / "out/images/000000.png") as written:
        assert (written.mode, written.size) == ("RGB", (40, 20))


def test_a_small_set_is_repeated_within_the_epoch(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.jpg")
    _yolo_folder.write(tmp_path / "out", [example(source)] * 3, ["bolt"], 8)
    entries = (tmp_path / "out/train.txt").read_text().splitlines()
    assert len(entries) == 9
    assert len(set(entries)) == 3


def test_class_names_of_any_script_reach_the_data_set(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.jpg")
    path = _yolo_folder.write(tmp_path / "out", [example(source)], ["Schraube ø", "no", "螺母"], 1)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert data["names"] == {0: "Schraube ø", 1: "no", 2: "螺母"}


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.jpg")
    with pytest.raises(ModelError, match="not empty"):
        _yolo_folder.write(tmp_path, [example(source)], ["bolt"], 1)


def test_a_set_without_any_box_is_refused(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.jpg")
    with pytest.raises(ModelError, match="none of the 1 pictures has a box"):
        _yolo_folder.write(tmp_path / "out", [example(source, boxes=0)], ["bolt"], 1)


def test_a_label_of_an_unknown_class_is_refused(tmp_path: Path) -> None:
    bad = Example(picture(tmp_path / "a.jpg"), Detections.of([[0, 0, 5, 5]], [1]), human=True)
    with pytest.raises(FrameError, match="class"):
        _yolo_folder.write(tmp_path / "out", [bad], ["bolt"], 1)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(FrameError, match=r"bad\.png"):
        _yolo_folder.write(tmp_path / "out", [example(tmp_path / "bad.png")], ["bolt"], 1)


@given(st.lists(st.floats(0.05, 20), min_size=1, max_size=30), st.integers(1, 100))
def test_every_picture_is_named_and_the_list_is_as_long_as_the_least(weights: list[float], least: int) -> None:
    times = _yolo_folder.repeats(weights, least)
    assert len(times) == len(weights)
    assert min(times) >= 1
    assert sum(times) >= least


@given(st.integers(1, 40), st.integers(0, 40), st.floats(1, _yolo_folder.MOST_OFTEN), st.integers(1, 300))
def test_groups_get_their_share_of_the_list_by_weight(heavy: int, light: int, weight: float, least: int) -> None:
    times = _yolo_folder.repeats([weight] * heavy + [1.0] * light, least)
    relative = weight if light else 1.0
    expected = relative * heavy / (relative * heavy + light)
    assert abs(sum(times[:heavy]) - expected * sum(times)) <= 1


def test_pictures_that_count_alike_are_named_alike_often() -> None:
    assert _yolo_folder.repeats([0.3] * 7, 15) == [3] * 7


def test_no_picture_counts_more_than_eight_times_as_much_as_another() -> None:
    assert _yolo_folder.repeats([8.0, 1.0, 1e-9], 1) == [8, 1, 1]


def test_a_heavier_picture_stands_more_often_in_the_list(tmp_path: Path) -> None:
    light, heavy = (picture(tmp_path / name) for name in ("a.jpg", "b.jpg"))
    labels = Detections.of([[2, 2, 12, 12]], [0])
    examples = [Example(light, labels, human=False), Example(heavy, labels, human=True, weight=3)]
    _yolo_folder.write(tmp_path / "out", examples, ["bolt"], 1)
    entries = (tmp_path / "out/train.txt").read_text().splitlines()
    assert [Path(entry).stem for entry in sorted(entries)] == ["000000", "000001", "000001", "000001"]


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_no_positive_number_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        Example(Path("a.jpg"), Detections.empty(), human=True, weight=weight)


def test_regions_to_ignore_are_grey_in_the_training_copy_alone_and_labels_stay(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png", (40, 20))
    before = source.read_bytes()
    regions = np.array([[8.5, 4, 30, 99], [-5, -5, 1, 1]], np.float32)
    labelled = Example(source, Detections.of([[2, 2, 12, 12]], [0]), human=False, ignore=regions)
    _yolo_folder.write(tmp_path / "out", [labelled], ["bolt"], 1)
    with Image.open(tmp_path / "out/images/000000.png") as copy:
        pixels = np.array(copy)
    expected = np.zeros((20, 40, 3), np.uint8)
    expected[4:, 8:30] = expected[0, 0] = _yolo_folder.GREY
    expected[2:12, 2:12] = 0
    np.testing.assert_array_equal(pixels, expected)
    assert source.read_bytes() == before


@settings(deadline=None, max_examples=30)
@given(masked())
def test_a_segmenter_s_lines_hold_the_masks_as_one_ring_each(labels: Detections) -> None:
    lines = [line.split() for line in _yolo_folder.to_rings(labels, (72, 64)).splitlines()]
    assert [int(each[0]) for each in lines] == labels.classes.tolist()
    for i, line in enumerate(lines):
        shares = np.array(line[1:], np.float64).reshape(-1, 2)
        assert len(shares) >= 3
        assert ((shares >= 0) & (shares <= 1)).all()
        ring = filled([Part(shares * (72, 64))], (64, 72))
        assert labels.masks is not None
        solid = ndimage.binary_fill_holes(pixels_of(labels.masks, i))
        assert mask_iou(ring, Masks.of([solid], (64, 72)))[0, 0] > 0.6


def test_a_box_without_a_mask_is_its_rectangle_to_a_segmenter() -> None:
    line = _yolo_folder.to_rings(Detections.of([[10, 20, 30, 60]], [4]), (100, 80)).split()
    ring = np.array(line[1:], np.float64).reshape(-1, 2) * (100, 80)
    assert line[0] == "4"
    assert [*ring.min(axis=0), *ring.max(axis=0)] == pytest.approx([10, 20, 30, 60])
