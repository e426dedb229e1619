"""The whole loop against real servers, small: a backfill, people, a night that is killed in training and continued."""

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local import Endpoints
from nightshift.domain.rounds import RoundKeys
from nightshift.project import Project
from nightshift.services.store import state, tables
from tests.live.small_project import answer, command, configure, draw_line

pytestmark = [pytest.mark.live, pytest.mark.slow]
SAME = {  # columns that must not depend on what happened on the way
    "labels": ("frame_id", "purpose", "boxes", "classes"),
    "frames": ("frame_id", "width", "height", "clip", "split", "name", "state"),
    "triage": ("frame_id", "colour", "reason"),
    "queue": ("frame_id", "purpose", "position", "reason"),
}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_line(tmp_path_factory.mktemp("line"), day=9, night=3, frames=3)


@pytest.fixture
def environment(stack: Endpoints, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


def _configure(home: Path, line: Path, project: str) -> Path:
    home.mkdir()
    student, golden = {"image_size": 96, "steps": 12, "batch": 8}, {"frames": 12}
    return configure(
        home, line, project, student=student, budget={"usd_per_night": 3.0}, golden=golden, shard_frames=12
    )


def _start(name: str, config: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with (config.parent / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            command(name, config), env=dict(environment), stdout=log, stderr=log, start_new_session=True
        )


def _run(name: str, config: Path, environment: Mapping[str, str]) -> None:
    assert _start(name, config, environment).wait(400) == 0, (config.parent / f"{name}.log").read_text()[-4000:]


def _kill_in_training(config: Path, environment: Mapping[str, str]) -> None:
    process = _start("round", config, environment)
    while process.poll() is None:
        if any(config.parent.glob(".nightshift/cache/*/0001-*/student/**/*.txt")):
            break
        time.sleep(0.05)
    assert process.poll() is None, (config.parent / "round.log").read_text()[-4000:]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tables(project: Project, number: int) -> dict[str, list[dict[str, Any]]]:
    keys = RoundKeys(number)
    read = {name: tables.read_table(project.store, keys.key(f"{name}.parquet"), name).to_pylist() for name in SAME}
    return {name: [{c: row[c] for c in SAME[name]} for row in content] for name, content in read.items()}


def test_a_night_killed_in_training_and_run_again_ends_like_one_that_was_left_alone(
    tmp_path: Path, line: Path, environment: dict[str, str]
) -> None:
    name = f"round-{uuid.uuid4().hex[:8]}"
    killed = _configure(tmp_path / "killed", line, f"{name}-killed")
    quiet = _configure(tmp_path / "quiet", line, f"{name}-quiet")
    for config in (killed, quiet):
        _run("backfill", config, environment)
        assert answer(config, line) > 0
    _kill_in_training(killed, environment)
    store = Project.load(killed).store
    assert state.read_head(store) == 0, "a killed night counts for nothing"
    for config in (killed, quiet):
        _run("round", config, environment)
    assert _tables(Project.load(killed), 1) == _tables(Project.load(quiet), 1)
    sealed = state.read_sealed(store, 1)
    assert state.read_head(store) == 1
    assert sealed is not None
    undisturbed = state.read_sealed(Project.load(quiet).store, 1)
    assert undisturbed is not None
    assert sealed.champion == undisturbed.champion
    _run_again_changes_nothing(killed, sealed.metrics)


def _run_again_changes_nothing(config: Path, metrics: Mapping[str, float]) -> None:
    """What MLflow shows is what was sealed, once."""
    project = Project.load(config)
    runs = project.tracking.rounds(project.config.project)
    assert [run.number for run in runs] == [0, 1]
    assert runs[1].metrics["human_usd"] == pytest.approx(metrics["human_usd"])
    page = project.store.read(RoundKeys(1).key("report.html")).decode()
    assert "simulated" in page
    assert json.loads(project.store.read(RoundKeys(1).key("round.json")))["number"] == 1
