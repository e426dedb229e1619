"""The backtest as a team runs it: the command, a folder, a table; interrupted or run again it does nothing twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nightshift.simulation.line.dataset import write_line

pytestmark = [pytest.mark.live, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
LOOPS = "violated"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small labelled folder."""
    home = tmp_path_factory.mktemp("backtest")
    write_line(home / "line", clips_day=8, clips_night=4, frames_per_clip=2, seed=5)
    return home


def _run(home: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "infra.cli", "backtest", str(home / "line"), "--quick", "--seeds", "1"]
    command += ["--strategies", "scratch,gain_per_dollar", "--steps", "8", "--out", str(home / "table")]
    own = {"PREFECT_HOME": str(home / "prefect"), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    subprocess.run(command, cwd=home, env={**surroundings, **own}, check=True, timeout=500, capture_output=True)
    found: dict[str, object] = json.loads((home / "table.json").read_text())
    return found


@pytest.mark.timeout(900)
def test_the_command_writes_the_table_and_the_page_and_a_second_run_changes_no_figure(folder: Path) -> None:
    first = _run(folder)
    assert first["default"] == "gain_per_dollar"
    runs = first["runs"]
    assert isinstance(runs, list)
    assert {each["strategy"] for each in runs} == {"scratch", "gain_per_dollar"}
    for each in runs:
        assert set(each) == {"dataset", "strategy", "seed", "auc", "usd_to_90", "points"}
        assert 0 <= each["auc"] <= 1
        assert [usd for usd, _ in each["points"]] == sorted(usd for usd, _ in each["points"])
    promised = first["guarantee"]
    assert isinstance(promised, dict)
    assert {"promised", "delta", "loops", LOOPS, "accepted_share_of_oracle"} <= set(promised)
    page = (folder / "table.html").read_text()
    assert "gain_per_dollar" in page
    kept = {path: path.stat().st_mtime_ns for path in (folder / "table" / "trainings").rglob("*.pt")}
    assert kept, "trainings are kept"
    assert _run(folder)["runs"] == runs
    assert {path: path.stat().st_mtime_ns for path in (folder / "table" / "trainings").rglob("*.pt")} == kept
