"""What every test may ask for: the real servers, started once for the whole run."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from infra.local import Endpoints, Stack
from infra.local.label_studio import find_label_studio
from nightshift.domain.errors import StackError

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # which of several processes that share the tests; else empty
WEIGHTS = {
    frozenset({"live", "slow"}): 3,
    frozenset({"live"}): 2,
    frozenset({"slow"}): 1,
    frozenset(): 0,
}

settings.register_profile("nightshift", deadline=None)  # a busy machine is slow, not wrong
settings.register_profile("ci", deadline=None, derandomize=True)  # the same cases each time: a landing is no lottery
settings.load_profile(os.environ.get("NIGHTSHIFT_HYPOTHESIS", "nightshift"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where files are dealt out to several processes, those that take minutes come first, so that all end together."""
    if not WORKER:
        return
    heavy: dict[Path, int] = {}
    for each in items:
        marks = {mark.name for mark in each.iter_markers()} & {"live", "slow"}
        heavy[each.path] = max(heavy.get(each.path, 0), WEIGHTS[frozenset(marks)])
    items.sort(key=lambda each: -heavy[each.path])


@pytest.fixture(scope="session")
def label_studio_bin() -> Path:
    """The `label-studio` program; a run without it fails and says how to install it, it does not skip."""
    try:
        return find_label_studio()
    except StackError as error:
        missing = str(error)
    pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def local_stack(label_studio_bin: Path) -> Iterator[Stack]:
    """A stack that is up: NIGHTSHIFT_TEST_STACK names a folder to use and keep, else it is made and deleted.

    Of several processes that run tests, each has its own: tests kill servers and change what they know.
    """
    kept = os.environ.get("NIGHTSHIFT_TEST_STACK")
    folder = Path(kept, WORKER) if kept else Path(tempfile.mkdtemp(prefix="nightshift-stack-"))
    stack = Stack(folder, label_studio_bin)
    was_running = bool(stack.running())
    try:
        stack.up()
        yield stack
    finally:
        if not was_running:
            stack.down()
        if not kept:
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def stack(local_stack: Stack) -> Endpoints:
    """Where the servers are, and their credentials."""
    return local_stack.up()
