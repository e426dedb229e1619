"""What befalls machines at night, for real: no room, no memory, a token that changes, Prefect killed and restarted."""

import os
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from infra.local import Endpoints, Stack, processes
from nightshift.domain.rounds import RoundKeys
from nightshift.project import Project
from nightshift.services.store import state
from tests.contract.small_disk import MOUNT, need_namespaces
from tests.live.small_project import answer, command, configure, draw_line

pytestmark = [pytest.mark.live, pytest.mark.slow]
TRAINING = "nightshift.students._train_process"
GOES_ON = "run the round again"


@pytest.fixture(scope="module")
def environment(stack: Endpoints) -> Iterator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as kept:
        for name, value in stack.environment().items():
            kept.setenv(name, value)
        yield dict(os.environ)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The configuration of a project after its backfill."""
    home = tmp_path_factory.mktemp("mishaps")
    line, name = draw_line(home / "line"), f"mishaps-{uuid.uuid4().hex[:8]}"
    path = configure(home, line, name, student={"steps": 24}, budget={"usd_per_night": 0.8})
    assert start("backfill", path, environment).wait(400) == 0, said(path)
    return path


@pytest.fixture
def config(project: Path) -> Path:
    """The project with new answers: its next night has something to train on."""
    assert answer(project, project.parent / "line") > 0
    return project


def start(name: str, config: Path, environment: Mapping[str, str], *before: str) -> "psutil.Popen":
    """A command that writes a new log; `before` are words before it."""
    with (config.parent / "log").open("wb") as log:
        return psutil.Popen(
            [*before, *command(name, config)], env=dict(environment), stdout=log, stderr=subprocess.STDOUT
        )


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


def head(config: Path) -> int:
    number = state.read_head(Project.load(config).store)
    assert number is not None
    return number


def stops(night: "psutil.Popen", config: Path, number: int, *words: str) -> None:
    """It ends with our own error, which says these words, and the round stays open."""
    assert night.wait(500) == 2, said(config)
    for word in words:
        assert word in said(config), said(config)
    assert head(config) == number - 1
    assert not Project.load(config).store.exists(RoundKeys(number).key("round.json"))


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
    number = head(config) + 1
    cache = config.parent / "small"
    cache.mkdir()
    small = ("unshare", "-rm", "sh", "-c", MOUNT, "sh", "256k", str(cache))
    night = start("round", config, environment | {"NIGHTSHIFT_CACHE": str(cache)}, *small)
    stops(night, config, number, "the disk has no room left", str(cache), "NIGHTSHIFT_CACHE", GOES_ON)

    night = start("round", config, environment)
    kill_twice(night)
    stops(night, config, number, "because memory ran out", "student.batch smaller", GOES_ON)

    night = start("round", config, environment)
    training_of(night, set())
    with another_token(local_stack.folder, stack.label_studio_token):
        stops(night, config, number, "the token is not accepted", "LABEL_STUDIO_API_KEY")

    assert start("round", config, environment).wait(400) == 0, said(config)
    assert head(config) == number
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
    number = head(config) + 1
    night = start("round", config, environment)
    training_of(night, set())
    _restart_prefect(local_stack, lambda: time.sleep(5))
    code = night.wait(500)
    if code:
        assert code in {1, 2}, said(config)
        assert start("round", config, environment).wait(400) == 0, said(config)
    assert head(config) == number
