"""Sizes of detection transformers, their cards, and what a file of weights says of itself."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from nightshift.domain.errors import ModelError, UnknownName
from nightshift.students import family_of, known_students, student_cards
from nightshift.students._detr_family import Family, Size

FAMILIES = [name for name in known_students() if hasattr(import_module(f"nightshift.students.{name}"), "FAMILY")]
QUERIES = {"num_queries": 100}


def family(strides: tuple[int, ...] = (16,), step: int = 32) -> Family:
    size = Size(QUERIES, "owner/model", strides, step, 320, 1.0, "For tests.")
    return Family("some", "Network", "Settings", False, "Apache-2.0", {"some-small": size})  # noqa: FBT003


def test_the_square_is_the_next_one_that_the_patches_fill() -> None:
    assert family().side("some-small", 300) == 320
    assert family().side("some-small", 320) == 320
    assert family((8, 16), 16).side("some-small", 100) == 112


def test_pictures_with_fewer_places_than_queries_are_refused_with_the_least_size() -> None:
    with pytest.raises(ModelError, match="image_size to 160"):
        family().side("some-small", 64)


def test_a_size_whose_sides_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Size(QUERIES, "", (24,), 32, 320, 1.0, "For tests.")


@pytest.mark.parametrize("name", FAMILIES)
def test_an_unknown_size_is_answered_with_the_known_ones(name: str) -> None:
    one = import_module(f"nightshift.students.{name}")
    with pytest.raises(UnknownName, match=one.SMALLEST):
        one.FAMILY.size("yolo11n")


def test_every_model_has_one_card_and_every_card_opens_with_its_family() -> None:
    cards = student_cards()
    assert len({each.name for each in cards}) == len(cards)
    assert {each.family for each in cards} == set(known_students())
    assert all(each.licence.startswith("AGPL") == (each.family == "ultralytics") for each in cards)


def header(path: Path, said: object) -> Path:
    text = json.dumps({"__metadata__": {"nightshift": json.dumps(said)}}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    return path


def test_weights_name_their_family_and_only_a_known_one_is_believed(tmp_path: Path) -> None:
    assert family_of(tmp_path / "old.pt", "d_fine") == "ultralytics"
    assert family_of(header(tmp_path / "a.safetensors", {"family": "rf_detr"}), "d_fine") == "rf_detr"
    assert family_of(header(tmp_path / "b.safetensors", {"family": "../evil"}), "d_fine") == "d_fine"
    assert family_of(header(tmp_path / "c.safetensors", ["odd"]), "d_fine") == "d_fine"
    (tmp_path / "d.safetensors").write_bytes(b"\xff" * 40)
    assert family_of(tmp_path / "d.safetensors", "d_fine") == "d_fine"


def test_opening_these_families_imports_no_heavy_library() -> None:
    code = f"import sys; from nightshift.students import *; [open_student(n) for n in {FAMILIES}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "ultralytics", "cv2", "accelerate"} & set(done.stdout.split())
