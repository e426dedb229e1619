import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import exif, picture

from nightshift.domain.errors import ConfigError
from nightshift.frames.datasets import Dataset, detect_format, read_dataset

VOC = "<annotation><filename>{file}</filename><size><width>{w}</width><height>{h}</height></size>{objects}</annotation>"
OBJECT = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def put(folder: Path, name: str, content: bytes | str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def coco(folder: Path, boxes: list[Any], file: str = "coco.json", name: str = "images/a b.png", **more: Any) -> None:
    put(folder, name if file == "coco.json" else f"{Path(file).parent}/{name}", picture(len(name), 100, 80))
    annotations = [{"id": i, "image_id": 7, "category_id": 3, "bbox": box, **more} for i, box in enumerate(boxes)]
    images = [{"id": 7, "file_name": name, "width": 100, "height": 80}]
    kinds = [{"id": 9, "name": "cat"}, {"id": 3, "name": "dog"}]
    put(folder, file, json.dumps({"images": images, "annotations": annotations, "categories": kinds}))


def test_coco_boxes_become_corners_and_ids_become_indices(tmp_path: Path) -> None:
    coco(tmp_path, [[10, 20, 30, 40]])
    found = read_dataset(tmp_path)
    assert found.names == ("dog", "cat")
    assert found.samples["images/a b.png"].boxes.tolist() == [[10, 20, 40, 60]]
    assert found.samples["images/a b.png"].classes.tolist() == [0]
    assert dict(found.sizes) == {"images/a b.png": (100, 80)}
    assert found.rejected == ()


def test_broken_coco_boxes_are_returned_with_their_reasons_and_the_others_kept(tmp_path: Path) -> None:
    good, twice = [1, 1, 5, 5], [2, 2, 6, 6]
    coco(tmp_path, [good, twice, twice, [4, 4, 0, 9], [200, 200, 5, 5], [1, 2, 3], [10**400, 1, 2, 3], [1, 1, -4, 4]])
    found = read_dataset(tmp_path)
    assert len(found.samples["images/a b.png"]) == 2
    reasons = Counter(each.reason for each in found.rejected)
    assert reasons == {
        "a box is there twice": 1,
        "a box has no area in the picture": 3,
        "its box is not four finite numbers": 2,
    }


def test_a_box_that_reaches_over_the_edge_is_cut_at_it(tmp_path: Path) -> None:
    coco(tmp_path, [[-10, 70, 30, 40]])
    assert read_dataset(tmp_path).samples["images/a b.png"].boxes.tolist() == [[0, 70, 20, 80]]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"image_id": 99}, "it belongs to no image of the file"),
        ({"category_id": 99}, "it has no category of the file"),
        ({"iscrowd": 1}, "it marks a crowd, not one object"),
    ],
)
def test_an_annotation_that_fits_nothing_is_returned_and_costs_no_other(
    tmp_path: Path, wrong: dict[str, int], reason: str
) -> None:
    coco(tmp_path, [[1, 1, 5, 5]], **wrong)
    found = read_dataset(tmp_path)
    assert [each.reason for each in found.rejected] == [reason]
    assert len(found.samples["images/a b.png"]) == 0


def test_split_files_are_one_data_set_and_other_json_is_passed_over(tmp_path: Path) -> None:
    coco(tmp_path, [[1, 1, 5, 5]], "train/_annotations.coco.json", "a.png")
    coco(tmp_path, [[2, 2, 5, 5]], "valid/_annotations.coco.json", "a.png")
    put(tmp_path, "annotations/captions.json", '{"images": [], "annotations": [{"caption": "x"}], "categories": []}')
    assert set(read_dataset(tmp_path).samples) == {"train/a.png", "valid/a.png"}


def test_labels_for_another_size_or_for_the_picture_before_rotation_are_refused(tmp_path: Path) -> None:
    coco(tmp_path, [[1, 1, 5, 5]])
    coco(tmp_path / "b", [[1, 1, 5, 5]])
    put(tmp_path / "b", "images/a b.png", picture(1, 100, 80, exif=exif(6)))
    put(tmp_path / "b", "images/c.png", picture(2))
    with pytest.raises(ConfigError, match="belongs to a picture"):
        read_dataset(tmp_path / "b")


@pytest.mark.parametrize("name", ["../outside.png", "images/missing.png", "/etc/hostname"])
def test_a_picture_outside_the_folder_or_missing_is_never_read(tmp_path: Path, name: str) -> None:
    put(tmp_path, "outside.png", picture(1, 100, 80))
    coco(tmp_path / "set", [[1, 1, 5, 5]])
    said = json.loads((tmp_path / "set/coco.json").read_text())
    said["images"].append({"id": 8, "file_name": name, "width": 100, "height": 80})
    put(tmp_path, "set/coco.json", json.dumps(said))
    found = read_dataset(tmp_path / "set")
    assert [(each.subject, each.reason) for each in found.rejected] == [(name, "the picture is not in the folder")]


def yolo(folder: Path, lines: str | None, **options: Any) -> Dataset:
    put(folder, "data.yaml", "train: ../train/images\nval: ../valid/images\nnames: {0: dog, 1: cat}\n")
    put(folder, "train/images/deep/a.png", picture(1, 100, 80, **options))
    put(folder, "valid/images/b.png", picture(2, 100, 80))
    put(folder, "valid/labels/b.txt", "")
    if lines is not None:
        put(folder, "train/labels/deep/a.txt", lines)
    return read_dataset(folder)


def test_yolo_shares_become_pixels_of_every_split(tmp_path: Path) -> None:
    found = yolo(tmp_path, "1 0.5 0.5 0.2 0.5\n")
    assert found.samples["train/images/deep/a.png"].boxes.tolist() == [[40, 20, 60, 60]]
    assert found.samples["train/images/deep/a.png"].classes.tolist() == [1]
    assert len(found.samples["valid/images/b.png"]) == 0


def test_yolo_shares_hold_for_the_upright_picture(tmp_path: Path) -> None:
    found = yolo(tmp_path, "1 0.5 0.5 0.5 0.2\n", exif=exif(6))
    assert found.sizes["train/images/deep/a.png"] == (80, 100)
    assert found.samples["train/images/deep/a.png"].boxes.tolist() == [[20, 40, 60, 60]]


def test_a_picture_without_a_yolo_file_has_nothing_in_it(tmp_path: Path) -> None:
    assert len(yolo(tmp_path, None).samples["train/images/deep/a.png"]) == 0


def test_broken_yolo_lines_are_counted(tmp_path: Path) -> None:
    found = yolo(tmp_path, "1 0.5 0.5 0.2 0.5\n7 0.5 0.5 0.1 0.1\nnonsense\n0 0.1 0.1 0.1 0.1 0.1 0.1\n")
    assert [each.reason for each in found.rejected] == ["3 of 4 lines of its label file are broken"]
    assert len(found.samples["train/images/deep/a.png"]) == 1


@pytest.mark.parametrize("said", ["", "names: [a]\ntrain: [x, y]\n", "train: a\n", ":\n  - ["])
def test_a_wrong_data_yaml_is_a_mistake_with_a_name(tmp_path: Path, said: str) -> None:
    put(tmp_path, "data.yaml", said)
    with pytest.raises(ConfigError, match=r"data\.yaml|picture"):
        read_dataset(tmp_path, "yolo")


def test_voc_files_are_read_and_bad_ones_returned(tmp_path: Path) -> None:
    put(tmp_path, "JPEGImages/a.png", picture(1, 100, 80))
    objects = (
        OBJECT.format("dog", 1, 2, 30, 40) + OBJECT.format("cat", 5.5, 6, 7, 9) + OBJECT.format("dog", 9, 9, 9, 20)
    )
    put(tmp_path, "Annotations/a.xml", VOC.format(file="a.png", w=100, h=80, objects=objects))
    put(tmp_path, "Annotations/b.xml", VOC.format(file="b.png", w=100, h=80, objects=""))
    put(tmp_path, "Annotations/c.xml", "<annotation>")
    bomb = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    put(tmp_path, "Annotations/d.xml", bomb + VOC.format(file="&e;", w=1, h=1, objects=""))
    found = read_dataset(tmp_path)
    assert found.names == ("cat", "dog")
    assert found.samples["JPEGImages/a.png"].boxes.tolist() == [[1, 2, 30, 40], [5.5, 6, 7, 9]]
    assert found.samples["JPEGImages/a.png"].classes.tolist() == [1, 0]
    assert [each.subject for each in found.rejected] == ["c.xml", "d.xml", "b.xml", "JPEGImages/a.png"]


def test_the_form_is_found_out_and_its_absence_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"coco\.json"):
        detect_format(tmp_path)
    put(tmp_path, "Annotations/a.xml", "")
    assert detect_format(tmp_path) == "voc"
    put(tmp_path, "data.yaml", "")
    assert detect_format(tmp_path) == "yolo"
    coco(tmp_path, [])
    assert detect_format(tmp_path) == "coco"


def test_classes_are_renumbered_for_an_ontology_and_unknown_ones_left_out(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", picture(1, 100, 80))
    objects = OBJECT.format("dog", 1, 2, 30, 40) + OBJECT.format("cat", 5, 6, 7, 9)
    put(tmp_path, "Annotations/a.xml", VOC.format(file="a.png", w=100, h=80, objects=objects))
    found = read_dataset(tmp_path).indexed(["bird", "dog"])
    assert found.names == ("bird", "dog")
    assert found.samples["images/a.png"].classes.tolist() == [1]
    assert found.samples["images/a.png"].boxes.tolist() == [[1, 2, 30, 40]]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(boxes=st.lists(JUNK, max_size=4))
def test_junk_instead_of_boxes_never_crashes(tmp_path_factory: pytest.TempPathFactory, boxes: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("junk")
    coco(folder, [[1, 1, 5, 5], *boxes])
    found = read_dataset(folder)
    assert len(found.samples["images/a b.png"]) + len(found.rejected) == 1 + len(boxes)


def test_pictures_that_are_none_end_no_reading_of_yolo_labels(tmp_path: Path) -> None:
    """labelformat's own look at them never ends where a JPEG's segments lead backwards."""
    put(tmp_path, "data.yaml", "train: images\nnames: [cat]\n")
    files = {"good.png": picture(1), "junk.jpg": b"junk", "cut.png": picture(2)[:40], "page.jpg": b"<html></html>"}
    for name, data in files.items():
        put(tmp_path, f"images/{name}", data)
        put(tmp_path, f"labels/{Path(name).stem}.txt", "0 .5 .5 .2 .2")
    os.mkfifo(tmp_path / "images" / "pipe.jpg")
    found = read_dataset(tmp_path)
    assert set(found.samples) == {"images/good.png"}
    assert {each.subject for each in found.rejected} == {f"images/{name}" for name in files} - {"images/good.png"}


@pytest.mark.parametrize("name", ["x" * 1000, "nul\0.png", "loop.png", "half \ud800.png", "../../etc/passwd", "."])
def test_names_that_no_picture_could_have_are_returned_in_printable_form(tmp_path: Path, name: str) -> None:
    coco(tmp_path, [[1, 1, 5, 5]])
    (tmp_path / "loop.png").symlink_to("loop.png")
    content = json.loads((tmp_path / "coco.json").read_text())
    content["images"].append({"id": 8, "file_name": name, "width": 9, "height": 9})
    put(tmp_path, "coco.json", json.dumps(content))
    (rejected,) = read_dataset(tmp_path).rejected
    assert rejected.subject.isprintable()
    assert rejected.subject.encode()
