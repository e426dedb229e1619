"""What the compare command refuses at once, and how it shows what came of it."""

from pathlib import Path

import pytest
from rich.console import Console

from infra.cli._compare import request, table
from nightshift.domain.errors import ConfigError, UnknownName

TWO = ("ultralytics/yolo11p", "d_fine/dfine-pico")


def test_two_known_students_and_a_folder_are_taken_in_their_order(tmp_path: Path) -> None:
    asked = request(tmp_path, TWO)
    assert (asked.students, asked.data) == (TWO, tmp_path.resolve())


@pytest.mark.parametrize("students", [TWO[:1], (TWO[0], TWO[0]), ()])
def test_fewer_than_two_different_students_are_refused(tmp_path: Path, students: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="two or more different students"):
        request(tmp_path, students)


def test_what_nobody_knows_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        request(tmp_path / "none", TWO)
    with pytest.raises(UnknownName, match="dfine-nano"):
        request(tmp_path, (TWO[0], "d_fine/yolo11n"))


def test_the_table_says_who_is_champion_under_which_licence() -> None:
    students = [
        {"student": name, "map50": 0.5, "map50_95": 0.25, "ms": 12.0, "millions": 0.8, "licence": licence,
         "origin": "scratch", "champion": name == TWO[1]}
        for name, licence in zip(TWO, ("AGPL-3.0", "Apache-2.0"), strict=True)
    ]  # fmt: skip
    figures = {"data": "parts", "pool": 20, "golden": 9, "steps": 60, "side": 224, "students": students}
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table(figures))
    (line,) = [each for each in shown.get().splitlines() if "champion" in each]
    assert "d_fine/dfine-pico" in line
    assert "Apache-2.0" in line
