"""A dead process on this machine is known to be dead; of any other nothing is said."""

import multiprocessing
import os
import signal

import pytest

from nightshift.services.store.owner import is_gone, this_process


def _tell(pipe: "multiprocessing.connection.Connection") -> None:  # type: ignore[name-defined]
    pipe.send(this_process())
    signal.pause()


def test_a_living_process_is_not_gone() -> None:
    assert not is_gone(this_process())


def test_a_killed_process_is_gone_before_and_after_it_is_collected() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_tell, args=(theirs,))
    child.start()
    owner = ours.recv()
    assert not is_gone(owner)
    os.kill(child.pid or 0, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid or 0, os.WEXITED | os.WNOWAIT)
    assert is_gone(owner), "a zombie holds no lease"
    child.join()
    assert is_gone(owner)
    for each in (ours, theirs, child):
        each.close()


def test_another_process_under_the_same_number_does_not_keep_the_dead_alive() -> None:
    host, pid, started, place = this_process().split(":")
    assert is_gone(f"{host}:{pid}:{int(started) - 60}:{place}")


@pytest.mark.parametrize("owner", ["", "host", "host:1", "host:99999999:5:0badf00d", "a:b:c:d:e", ":::"])
def test_nothing_is_said_of_other_machines_and_unknown_texts(owner: str) -> None:
    assert not is_gone(owner)
