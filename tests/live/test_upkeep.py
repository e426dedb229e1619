"""Looking after a real project: where it stands, what was damaged behind its back, and lost servers filled again."""

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from infra.cli import app
from infra.local import Endpoints
from nightshift.domain.rounds import RoundKeys
from nightshift.project import Project
from tests.live.small_project import answer, command, configure, draw_line

pytestmark = [pytest.mark.live, pytest.mark.slow]
LEFT = 3  # questions that nobody has answered when the answers are taken in


@pytest.fixture
def config(tmp_path: Path, stack: Endpoints, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    line = draw_line(tmp_path / "line", night=0)
    student = {"image_size": 96, "steps": 12, "batch": 8}
    return configure(
        tmp_path, line, f"upkeep-{uuid.uuid4().hex[:8]}",
        student=student, budget={"usd_per_night": 3.0}, shard_frames=6,
    )  # fmt: skip


def _command(*words: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def _backfill(config: Path) -> None:
    """In a process of its own, as people run it."""
    done = subprocess.run(
        command("backfill", config), env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def _tasks(project: Project) -> dict[str, dict[str, Any]]:
    """Open questions by key: what reviewers see of them."""
    number = project.desk.find_project(project.config.project)
    assert number is not None
    open_ = project.desk.waiting(number)
    keys = [task["data"]["key"] for task in open_]
    assert len(keys) == len(set(keys)), "no question is there twice"
    return {task["data"]["key"]: task["data"] for task in open_}


def _figures(project: Project) -> dict[int, dict[str, float]]:
    return {each.number: dict(each.metrics) for each in project.tracking.rounds(project.config.project)}


def _lose_everything(project: Project) -> None:
    """Both servers forget the project: Label Studio for good, MLflow under this name."""
    number = project.desk.find_project(project.config.project)
    project.desk.api.delete(f"api/projects/{number}/")
    client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    known = client.get_experiment_by_name(project.config.project)
    assert known is not None
    client.rename_experiment(known.experiment_id, f"{project.config.project}, lost")
    client.delete_experiment(known.experiment_id)


def test_what_was_damaged_is_named_and_what_was_lost_is_filled_again(config: Path) -> None:
    where = ("--config", str(config))
    assert "backfill" in _command("status", *where)["next"]
    _backfill(config)
    answer(config, config.parent / "line", leave=LEFT)
    said = _command("status", *where)
    assert (said["head"], said["open"], said["questions"]["open"]) == (0, None, LEFT)
    assert said["questions"]["answers"] > 0
    _backfill(config)  # takes the answers in, and asks about what is left of the dollars
    project = Project.load(config)
    assert _command("fsck", *where)["findings"] == []
    _damage_is_named(project, where)
    before, figures = _tasks(project), _figures(project)
    assert len(before) >= LEFT
    assert set(figures) == {0, 1}
    _lose_everything(project)
    assert "is not there" in _command("status", *where)["questions"]
    for _ in range(2):
        _command("fsck", "--quick", "--rebuild", "label-studio,mlflow", *where)
        assert _tasks(project) == before
        assert _figures(project) == figures
    _gc_leaves_it_whole(where)


def _damage_is_named(project: Project, where: tuple[str, str]) -> None:
    """One byte behind the project's back, and put right again."""
    key = RoundKeys(1).key("queue.parquet")
    there = project.store.read(key)
    project.store.write(key, bytes([*there[:-9], there[-9] ^ 1, *there[-8:]]))
    found = _command("fsck", *where, code=1)["findings"]
    assert [(each["subject"], each["verdict"]) for each in found] == [(project.store.uri(key), "damaged")]
    project.store.write(key, there)
    assert _command("fsck", *where)["findings"] == []


def _gc_leaves_it_whole(where: tuple[str, str]) -> None:
    """The first round keeps nothing that nobody reads, and fsck knows why."""
    asked = ("--keep-rounds", "1", "--keep-days", "0", *where)
    would = _command("gc", *asked)
    assert would["objects"]
    assert _command("fsck", "--quick", *where)["removed"] == 0, "telling removes nothing"
    assert _command("gc", "--delete", *asked)["objects"] == would["objects"]
    examined = _command("fsck", *where)
    assert examined["findings"] == []
    assert examined["removed"] == len(would["objects"])
