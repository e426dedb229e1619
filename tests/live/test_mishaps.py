"""What befalls machines at night, for real: no room, no memory, a token that changes, Prefect killed and restarted."""

import os
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from infra.demo.configuration import PROMPTS, TEACHER
from infra.demo.people import answer_queue
from infra.local import Endpoints, Stack, processes
from nightshift.domain.rounds import RoundKeys
from nightshift.frames.datasets import read_dataset
from nightshift.project import Project
from nightshift.services.store import state
from nightshift.simulation.line.dataset import write_line
from tests.contract.small_disk import MOUNT, need_namespaces

pytestmark = [pytest.mark.live, pytest.mark.slow]
TRAINING = "nightshift.students._train_process"
GOES_ON = "run the round again"


@pytest.fixture
def environment(stack: Endpoints, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


@pytest.fixture
def line(tmp_path: Path) -> Path:
    write_line(tmp_path / "line", clips_day=6, clips_night=2, frames_per_clip=2, seed=3)
    return tmp_path / "line"


@pytest.fixture
def config(tmp_path: Path, line: Path, environment: dict[str, str]) -> Path:
    """A project after its backfill, with some answers."""
    name = f"mishaps-{uuid.uuid4().hex[:8]}"
    content = {
        "project": name,
        "ontology": [{"name": each, "prompts": prompts} for each, prompts in PROMPTS.items()],
        "frames": {"source": str(line)},
        "store": {"uri": f"s3://nightshift/{name}"},
        "teacher": {"name": "transformers", "checkpoint": str(TEACHER), "threshold": 0.05},
        "student": {"model": "yolo11p", "image_size": 64, "steps": 24, "batch": 4, "device": "cpu"},
        "budget": {"usd_per_night": 2.0, "golden_share": 0.4},
        "golden": {"share": 0.3, "frames": 4},
        "shard_frames": 8,
    }
    path = tmp_path / "nightshift.yaml"
    path.write_text(yaml.safe_dump(content))
    night = start("backfill", path, environment)
    assert night.wait(400) == 0, said(path)
    assert answer(path, line) > 0
    return path


def answer(config: Path, line: Path) -> int:
    return answer_queue(Project.load(config), read_dataset(line).samples, np.random.default_rng(5))


def start(command: str, config: Path, environment: Mapping[str, str], *before: str) -> "psutil.Popen":
    """A command that writes a new log; `before` are words before it."""
    words = [*before, sys.executable, "-m", "infra.cli", command, "--config", str(config)]
    with (config.parent / "log").open("wb") as log:
        return psutil.Popen(words, env=dict(environment), stdout=log, stderr=subprocess.STDOUT)


def said(config: Path) -> str:
    """The end of the last command's log, lines joined."""
    return " ".join((config.parent / "log").read_text(errors="replace")[-6000:].split())


def training_of(night: "psutil.Popen", known: set[int]) -> psutil.Process:
    """The night's training process once it trains; one that is not known yet."""
    while night.poll() is None:
        for each in night.children(recursive=True):
            if each.pid not in known and TRAINING in _words(each):
                return each
        time.sleep(0.05)
    pytest.fail("the night ended before it trained")


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def stops(night: "psutil.Popen", config: Path, *words: str) -> None:
    """It ends with our own error, which says these words, and the round stays open."""
    assert night.wait(500) == 2, said(config)
    for word in words:
        assert word in said(config), said(config)
    store = Project.load(config).store
    assert state.read_head(store) == 0
    assert not store.exists(RoundKeys(1).key("round.json"))


def kill_twice(night: "psutil.Popen") -> None:
    """As the kernel would, in the first attempt at training and in the second."""
    killed: set[int] = set()
    for _ in range(2):
        training = training_of(night, killed)
        killed.add(training.pid)
        training.kill()


@contextmanager
def another_token(folder: Path, old: str) -> Iterator[None]:
    """Label Studio's user has got another token; the old one counts again afterwards."""
    (path,) = folder.rglob("label_studio.sqlite3")
    change = "update authtoken_token set key = ? where key = ?"
    with closing(sqlite3.connect(path, timeout=60)) as database:
        new = uuid.uuid4().hex + uuid.uuid4().hex[:8]
        assert database.execute(change, (new, old)).rowcount == 1
        database.commit()
        try:
            yield
        finally:
            database.execute(change, (old, new))
            database.commit()


def test_a_night_that_meets_every_mishap_says_each_and_is_sealed_in_the_end(
    config: Path, environment: dict[str, str], local_stack: Stack, stack: Endpoints
) -> None:
    need_namespaces()
    cache = config.parent / "small"
    cache.mkdir()
    small = ("unshare", "-rm", "sh", "-c", MOUNT, "sh", "256k", str(cache))
    night = start("round", config, environment | {"NIGHTSHIFT_CACHE": str(cache)}, *small)
    stops(night, config, "the disk has no room left", str(cache), "NIGHTSHIFT_CACHE", GOES_ON)

    night = start("round", config, environment)
    kill_twice(night)
    stops(night, config, "because memory ran out", "student.batch smaller", GOES_ON)

    night = start("round", config, environment)
    training_of(night, set())
    with another_token(local_stack.folder, stack.label_studio_token):
        stops(night, config, "the token is not accepted", "LABEL_STUDIO_API_KEY")

    assert start("round", config, environment).wait(400) == 0, said(config)
    assert state.read_head(Project.load(config).store) == 1
    folders = [each.name for each in Project.load(config).workspace.iterdir()]
    assert sorted(folders) == ["frames", "weights"], "nothing of the broken attempts stays on this machine"


def _restart_prefect(local_stack: Stack, away: Callable[[], None]) -> None:
    for each in processes.marked(f"{local_stack.folder}:prefect"):
        each.kill()
    away()
    local_stack.up()


def test_a_night_outlives_prefects_restart_or_goes_on_at_the_next_start(
    config: Path, environment: dict[str, str], local_stack: Stack
) -> None:
    night = start("round", config, environment)
    training_of(night, set())
    _restart_prefect(local_stack, lambda: time.sleep(5))
    code = night.wait(500)
    if code:
        assert code in {1, 2}, said(config)
        assert start("round", config, environment).wait(400) == 0, said(config)
    assert state.read_head(Project.load(config).store) == 1
