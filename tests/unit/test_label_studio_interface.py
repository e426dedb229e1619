"""The label interface follows the ontology, whatever the classes are called."""

import xml.etree.ElementTree as ET  # only what was written here is parsed

from nightshift.domain.ontology import ObjectClass, Ontology, Task
from nightshift.services.label_studio.interface import HOTKEYS, instruction, label_config


def ontology(*names: str) -> Ontology:
    return Ontology(tuple(ObjectClass(name, (name,), f"#0000{i:02x}") for i, name in enumerate(names)))


def labels(config: str) -> list[ET.Element]:
    return list(ET.fromstring(config).iter("Label"))  # noqa: S314


def test_every_class_has_its_colour_and_a_key_of_its_own() -> None:
    found = labels(label_config(ontology("bolt", "nut")))
    assert [(each.get("value"), each.get("background"), each.get("hotkey")) for each in found] == [
        ("bolt", "#000000", "1"),
        ("nut", "#000001", "2"),
    ]


def test_names_with_markup_stay_names() -> None:
    hostile = "<script>alert('x')</script>\" onload=\"y"
    assert [each.get("value") for each in labels(label_config(ontology(hostile)))] == [hostile]


def test_after_nine_digits_come_letters_and_then_no_key_at_all() -> None:
    keys = [each.get("hotkey") for each in labels(label_config(ontology(*(f"class {i}" for i in range(40)))))]
    assert keys[:10] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "q"]
    assert [key for key in keys if key] == list(HOTKEYS)
    assert len(set(HOTKEYS)) == len(HOTKEYS)
    assert not set(HOTKEYS) & set("behkmopruvw")  # the editor's own tools


def test_the_boxes_are_drawn_on_the_picture_of_the_task() -> None:
    view = ET.fromstring(label_config(ontology("bolt")))  # noqa: S314
    picture, control = view.find("Image"), view.find(".//RectangleLabels")
    assert picture is not None
    assert control is not None
    assert picture.get("value") == "$image"
    assert control.get("toName") == picture.get("name")


def test_the_reviewer_is_told_why_the_frame_is_asked() -> None:
    assert "$reason" in label_config(ontology("bolt"))


def test_who_segments_has_outlines_and_a_brush_with_keys_of_their_own_and_no_rectangles() -> None:
    segmenting = Ontology(ontology("bolt", "nut").classes, Task.SEGMENT)
    view = ET.fromstring(label_config(segmenting))  # noqa: S314
    assert [(each.tag, each.get("toName")) for each in view.iter() if each.tag.endswith("Labels")] == [
        ("PolygonLabels", "image"), ("BrushLabels", "image"),
    ]  # fmt: skip
    assert [each.get("hotkey") for each in labels(label_config(segmenting))] == ["1", "2", "3", "4"]
    assert "outline" in instruction(segmenting)
    assert "outline" not in instruction(ontology("bolt"))
