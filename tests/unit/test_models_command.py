"""`nightshift models`, and the cards that it shows."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app
from nightshift.domain.cards import ModelCard, Role
from nightshift.students import known_students, student_cards
from nightshift.teachers import known_teachers, teacher_cards

CARDS = [*teacher_cards(), *student_cards()]
FIELDS = {"name", "family", "role", "licence", "input_size", "weights", "available", "advice"}


def test_every_family_has_cards_that_name_it() -> None:
    assert {each.family for each in teacher_cards()} == set(known_teachers())
    assert {each.family for each in student_cards()} == set(known_students())
    assert {each.role for each in teacher_cards()} == {Role.TEACHER}
    assert {each.role for each in student_cards()} == {Role.STUDENT}


def test_no_model_has_two_cards_in_a_family() -> None:
    assert len({(each.role, each.family, each.name) for each in CARDS}) == len(CARDS)


def test_a_card_that_leaves_something_out_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves something out"):
        ModelCard("a", "b", Role.TEACHER, "", "640", None, "", None, "", "take it")


def test_weights_take_four_bytes_a_parameter() -> None:
    card = ModelCard("a", "b", Role.TEACHER, "MIT", "640", 172.0, "", None, "", "take it")
    assert card.gigabytes == pytest.approx(0.688)


def test_programs_get_a_list_of_objects() -> None:
    done = CliRunner().invoke(app, ["models", "--json", "--offline"])
    listed = json.loads(done.output)
    assert [each["name"] for each in listed] == [each.name for each in CARDS]
    assert all(set(each) >= FIELDS for each in listed)
    assert {each["role"] for each in listed} == {"teacher", "student"}


def test_people_see_every_model_with_its_licence() -> None:
    shown = CliRunner().invoke(app, ["models", "--offline"]).output
    assert all(each.name in shown and each.licence in shown for each in CARDS)


def test_weights_in_the_folder_are_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yolo11n.pt").write_bytes(b"weights")
    monkeypatch.setenv("NIGHTSHIFT_WEIGHTS", str(tmp_path))
    listed = json.loads(CliRunner().invoke(app, ["models", "--json", "--offline"]).output)
    available = {each["name"]: each["available"] for each in listed}
    assert available["yolo11n"]
    assert not available["yolo11s"]


def test_the_docs_hold_these_tables() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    tables = CliRunner().invoke(app, ["models", "--markdown"]).output
    remedy = "put the output of `nightshift models --markdown` into docs/models.md"
    assert all(part.strip() in page for part in tables.split("## ")), remedy
