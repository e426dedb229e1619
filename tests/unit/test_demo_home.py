from pathlib import Path

import pytest

from infra.demo.show import MARK, _clear
from nightshift.domain.errors import ConfigError


def test_a_demo_begins_anew_in_the_folder_of_an_earlier_one(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    _clear(home)
    (home / "report.html").touch()
    _clear(home)
    assert [each.name for each in home.iterdir()] == [MARK]


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="--home"):
        _clear(tmp_path)
    assert (tmp_path / "thesis.tex").exists()
