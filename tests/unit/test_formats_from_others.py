"""Data sets that other tools have written, or strangers: read where they hold, else returned with the reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import exif, picture

from nightshift.domain.errors import ConfigError
from nightshift.frames.datasets import Dataset, detect_format, read_dataset

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
quick = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))


def put(folder: Path, name: str, content: bytes | str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def put_picture(folder: Path, name: str, **options: Any) -> None:
    put(folder, name, picture(1, 100, 80, **options))


# -- Label Studio ----------------------------------------------------------------------------------------------------


def region(x: float, y: float, width: float, height: float, label: str = "nut", **more: Any) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": 0, "rectanglelabels": [label]} | more
    drawn = {"type": "rectanglelabels", "from_name": "kinds", "to_name": "photo", "image_rotation": 0}
    return drawn | {"original_width": 100, "original_height": 80, "value": value}


def odd_region(value: Any) -> dict[str, Any]:
    return region(1, 1, 9, 9) | {"value": value}


def answer(*regions: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "result": list(regions), "was_cancelled": False, "updated_at": "2026-11-01T00:00:00Z"} | more


def tasks(folder: Path, *annotations: Any, image: str = "/data/upload/3/1a2b3c4d-a.png", **more: Any) -> Dataset:
    put_picture(folder, "images/a.png")
    task = {"id": 7, "data": {"image": image}, "annotations": list(annotations), "predictions": []}
    put(folder, "project-3-at-2026-11-21.json", json.dumps([task | more]))
    return read_dataset(folder)


def test_another_projects_export_is_known_by_its_tasks_and_its_uploads_by_their_names(tmp_path: Path) -> None:
    found = tasks(tmp_path, answer(region(10, 50, 20, 25)))
    assert detect_format(tmp_path) == "label-studio"
    assert found.samples["images/a.png"].boxes.tolist() == [[10, 40, 30, 60]]
    assert (found.names, found.rejected, dict(found.labelled)) == (("nut",), (), {})


@pytest.mark.parametrize(
    "image", ["s3://b/line/a.png", "/data/local-files/?d=line/a.png", "https://h/a.png?sig=1", "images/a.png"]
)
def test_a_picture_is_found_by_whichever_address_it_was_shown(tmp_path: Path, image: str) -> None:
    assert list(tasks(tmp_path, answer(region(1, 1, 9, 9)), image=image).samples) == ["images/a.png"]


def test_a_turned_rectangle_becomes_the_upright_one_around_it_in_pixels_not_percent(tmp_path: Path) -> None:
    found = tasks(tmp_path, answer(region(50, 50, 20, 25, rotation=90)))
    assert found.samples["images/a.png"].boxes.round(3).tolist() == [[30, 40, 50, 60]]


def test_of_several_answers_the_latest_counts_and_the_others_are_told(tmp_path: Path) -> None:
    late = answer(region(0, 0, 50, 50), updated_at="2026-11-02T00:00:00Z", id=2)
    skipped = answer(updated_at="2026-11-03T00:00:00Z", was_cancelled=True, id=3)
    found = tasks(tmp_path, late, answer(region(1, 1, 9, 9)), skipped)
    assert found.samples["images/a.png"].boxes.tolist() == [[0, 0, 50, 40]]
    assert [each.reason for each in found.rejected] == ["a later answer to the task counts"]


def test_a_prediction_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="belongs to a picture"):
        tasks(tmp_path, predictions=[answer(region(1, 1, 9, 9))])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"type": "polygonlabels"}, "a region is of type 'polygonlabels', not a labelled rectangle"),
        ({"image_rotation": 90}, "the picture was turned under a region"),
        ({"original_width": 80}, "a region was drawn on a picture of another size"),
        ({"value": {}}, "a region is malformed"),
        ({"value": region(1, 1, 9, 9)["value"] | {"x": "1"}}, "a region has no class, or is not made of numbers"),
        ({"value": region(1, 1, -9, 9)["value"]}, "a region's width or height is negative"),
    ],
)
def test_a_region_that_cannot_be_used_is_told_and_costs_no_other(
    tmp_path: Path, wrong: dict[str, Any], reason: str
) -> None:
    found = tasks(tmp_path, answer(region(1, 1, 9, 9), region(2, 2, 9, 9) | wrong))
    assert (len(found.samples["images/a.png"]), [each.reason for each in found.rejected]) == (1, [reason])


@quick
@given(junk=st.lists(JUNK | JUNK.map(odd_region), max_size=3), whole=JUNK)
def test_junk_in_tasks_never_crashes(tmp_path_factory: pytest.TempPathFactory, junk: list[Any], whole: Any) -> None:
    folder = tmp_path_factory.mktemp("tasks")
    found = tasks(folder, answer(region(1, 1, 9, 9), *junk))
    assert len(found.samples["images/a.png"]) + len(found.rejected) == 1 + len(junk)
    put(folder, "tasks.json", json.dumps([whole, {"data": whole, "annotations": whole, "predictions": whole}]))
    with pytest.raises(ConfigError):
        read_dataset(folder, "label-studio")


# -- CVAT ------------------------------------------------------------------------------------------------------------

CVAT = '<annotations><version>1.1</version>{meta}<image id="0" name="{name}" {size}>{shapes}</image></annotations>'
CVAT_BOX = '<box label="nut" xtl="{}" ytl="{}" xbr="{}" ybr="{}" {}></box>'


def cvat(
    folder: Path, shapes: str, name: str = "a.png", size: str = 'width="100" height="80"', meta: str = ""
) -> Dataset:
    put_picture(folder, "images/a.png")
    put(folder, "annotations.xml", CVAT.format(name=name, size=size, shapes=shapes, meta=meta))
    return read_dataset(folder)


def test_cvats_boxes_are_read_and_turned_ones_by_the_box_around_them(tmp_path: Path) -> None:
    declared = "".join(f"<label><name>{each}</name></label>" for each in ("bolt", "nut"))
    meta = f"<meta><project><labels>{declared}</labels></project></meta>"
    found = cvat(
        tmp_path, CVAT_BOX.format(10, 20, 30.5, 40, "") + CVAT_BOX.format(40, 40, 60, 50, 'rotation="90"'), meta=meta
    )
    assert found.names == ("bolt", "nut")
    assert found.samples["images/a.png"].boxes.round(3).tolist() == [[10, 20, 30.5, 40], [45, 35, 55, 55]]


def test_shapes_that_are_no_boxes_are_told_and_tags_passed_over(tmp_path: Path) -> None:
    wrong = '<polygon label="nut" points="1,1;2,2"/><box label="nut" xtl="a" ytl="1" xbr="2" ybr="3"/><box xtl="1"/>'
    found = cvat(tmp_path, wrong + '<tag label="night"/>' + CVAT_BOX.format(1, 2, 3, 4, ""))
    reasons = ["it is a polygon, not a box", "a box is not four numbers", "a box has no class"]
    assert [each.reason for each in found.rejected] == reasons
    assert len(found.samples["images/a.png"]) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("<annotations>", "cannot be read"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><annotations>&e;</annotations>', "cannot be read"),
        ("<annotations><track/></annotations>", "tracks of a video"),
        ("<html/>", "not annotations"),
    ],
)
def test_xml_that_is_broken_hostile_or_of_a_video_is_refused(tmp_path: Path, said: str, reason: str) -> None:
    put(tmp_path, "annotations.xml", said)
    with pytest.raises(ConfigError, match=reason):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('name="../../a.png" width="9" height="9"', "the picture is not in the folder"),
        ('name="b.png" width="1e9" height="80"', "its width is no number"),
        ('name="b.png" width="80" height="100"', "its labels are for 80x100 pixels, but upright it has 100x80"),
    ],
)
def test_a_picture_that_cvat_says_wrong_things_of_is_told_and_costs_no_other(
    tmp_path: Path, attributes: str, reason: str
) -> None:
    put_picture(tmp_path, "a.png")
    put_picture(tmp_path, "set/images/b.png")
    found = cvat(tmp_path / "set", f"</image><image {attributes}>")
    assert list(found.samples) == ["images/a.png"]
    assert [each.reason for each in found.rejected] == [reason]


# -- FiftyOne --------------------------------------------------------------------------------------------------------


def fiftyone(
    folder: Path, fields: dict[str, Any], info: Any = None, path: str = "data/a.png", **options: Any
) -> Dataset:
    put_picture(folder, "data/a.png", **options)
    sample = {"_id": {"$oid": "0"}, "filepath": path, "tags": [], "metadata": {"width": 100, "height": 80}}
    put(folder, "metadata.json", json.dumps({"version": "1.0", "default_classes": ["nut"], "info": info}))
    put(folder, "samples.json", json.dumps({"samples": [sample | fields]}))
    return read_dataset(folder)


def detections(*boxes: Any) -> dict[str, Any]:
    found = [{"_cls": "Detection", "label": "bolt", "bounding_box": box} for box in boxes]
    return {"_cls": "Detections", "detections": found}


@pytest.mark.parametrize("path", ["data/a.png", "/home/ann/line/data/a.png", "a.png"])
def test_fiftyones_shares_become_pixels_wherever_the_pictures_were(tmp_path: Path, path: str) -> None:
    found = fiftyone(tmp_path, {"labels": detections([0.1, 0.25, 0.2, 0.5])}, path=path)
    assert found.names == ("nut", "bolt")
    assert found.samples["data/a.png"].boxes.tolist() == [[10, 20, 30, 60]]


def test_ground_truth_is_taken_where_there_are_several_fields_else_nobody_guesses(tmp_path: Path) -> None:
    two = {"ground_truth": detections([0, 0, 0.5, 0.5]), "yolo": detections([0, 0, 1, 1])}
    assert fiftyone(tmp_path, two).samples["data/a.png"].boxes.tolist() == [[0, 0, 50, 40]]
    with pytest.raises(ConfigError, match="several fields hold boxes: a, b"):
        fiftyone(tmp_path, {"a": detections(), "b": detections()})
    with pytest.raises(ConfigError, match="no field holds boxes"):
        fiftyone(tmp_path, {})


def test_labels_for_the_picture_before_exif_turned_it_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="belongs to a picture"):
        fiftyone(tmp_path, {"ground_truth": detections([0, 0, 1, 1])}, exif=exif(6))


@quick
@given(junk=st.lists(JUNK, max_size=3), info=JUNK, whole=JUNK)
def test_junk_in_samples_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, junk: list[Any], info: Any, whole: Any
) -> None:
    folder = tmp_path_factory.mktemp("samples")
    found = fiftyone(folder, {"ground_truth": detections([0, 0, 1, 1], *junk)}, info)
    assert len(found.samples["data/a.png"]) + len(found.rejected) == 1 + len(junk)
    put(folder, "samples.json", json.dumps({"samples": [whole, {"ground_truth": whole, "filepath": whole}]}))
    with pytest.raises(ConfigError):
        read_dataset(folder, "fiftyone")


# -- provenance ------------------------------------------------------------------------------------------------------


@quick
@given(
    said=st.dictionaries(st.sampled_from(["source", "model", "round", "reviewers", "score", "frame_id", "uri"]), JUNK)
)
def test_provenance_that_nobody_can_believe_counts_as_not_said(
    tmp_path_factory: pytest.TempPathFactory, said: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("said")
    put_picture(folder, "a.png")
    image = {"id": 1, "file_name": "a.png", "width": 100, "height": 80, "nightshift": said}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "attributes": said}
    content = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "nut"}]}
    put(folder, "coco.json", json.dumps(content))
    found = read_dataset(folder)
    assert len(found.samples["a.png"]) == 1
    assert found.by_people().samples.keys() == found.samples.keys() or "source" in said


def test_lines_that_were_edited_are_not_told_to_be_whose_they_were(tmp_path: Path) -> None:
    put_picture(tmp_path, "images/a.png")
    put(tmp_path, "data.yaml", "train: images\nnames: [nut]\n")
    put(tmp_path, "labels/a.txt", "0 .5 .5 .2 .2\n")
    said = {"frame_id": "a" * 64, "source": "teacher", "digest": "", "boxes": [{"source": "teacher", "score": 0.5}]}
    put(tmp_path, "provenance.json", json.dumps({"images/a.png": said}))
    found = read_dataset(tmp_path)
    assert found.labelled["images/a.png"].facts.id == "a" * 64
    assert not found.labelled["images/a.png"].by_a_model
