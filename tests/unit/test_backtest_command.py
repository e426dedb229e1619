"""What the backtest command refuses at once, and what it hands on."""

from pathlib import Path

import pytest

from infra.cli._backtest import CLIPS_OF_THE_LINE, request
from nightshift.domain.errors import ConfigError, UnknownName
from tasks.backtest import Backtest


def _asked(folders: list[Path], strategies: str = "", clips: str = "") -> Backtest:
    return request(folders, Path("out"), strategies, 1, 0, "simulated", clips, quick=True)


def test_two_folders_of_one_name_are_refused_because_results_go_by_the_name() -> None:
    with pytest.raises(ConfigError, match="two folders have this name"):
        _asked([Path("a/parts"), Path("b/parts")])


def test_an_unknown_strategy_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(UnknownName, match="Known: scratch, policy, "):
        _asked([Path("parts")], "random,best")


def test_a_clip_pattern_is_handed_on_and_the_line_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "line" / "images").mkdir(parents=True)
    assert _asked([Path("parts")], clips="(?P<clip>.)").request.clip_pattern == "(?P<clip>.)"
    assert _asked([Path("parts")]).request.clip_pattern == ""
    assert _asked([tmp_path / "line"]).request.clip_pattern == CLIPS_OF_THE_LINE
