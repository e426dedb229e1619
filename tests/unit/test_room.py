"""Full disks, dead processes' folders and failed trainings: what is said of them, and what is removed."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nightshift.domain.errors import DiskFull, ModelError
from nightshift.domain.room import FULL, room_in
from nightshift.leftovers import OLD, OWNER, sweep, working_folder
from nightshift.services.store.owner import this_process
from nightshift.students._failure import explained, kills_for_memory


@pytest.mark.parametrize("number", sorted(FULL))
def test_want_of_room_is_told_with_the_folder_and_what_is_free(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(DiskFull, match=r"not/there: the disk has no room left \([\d.]+ MiB of"),
        room_in(tmp_path / "not" / "there"),
    ):
        raise OSError(number, os.strerror(number))


def test_any_other_mistake_with_files_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), room_in(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def test_a_working_folder_is_gone_afterwards_however_it_is_left(tmp_path: Path) -> None:
    def work() -> None:
        with working_folder(tmp_path, "0007-") as folder:
            (folder / "weights.pt").touch()
            assert folder.name.startswith("0007-")
            raise ModelError("training", "it failed", "Mend it.")

    with pytest.raises(ModelError):
        work()
    assert list(tmp_path.iterdir()) == []


def test_only_what_the_dead_left_is_swept(tmp_path: Path) -> None:
    code = "from nightshift.services.store.owner import this_process; print(this_process())"
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    for name, owner in (("0001-dead", dead), ("0001-alive", this_process()), ("0001-elsewhere", f"other{dead}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / OWNER).write_text(owner if name != "0001-elsewhere" else f"{dead}0")
    (tmp_path / "0001-nobodys").mkdir()
    (tmp_path / "frames" / "ab").mkdir(parents=True)
    part = tmp_path / "frames" / "ab" / ".x.part"
    part.touch()
    assert sweep(tmp_path) == 1
    assert not (tmp_path / "0001-dead").exists()
    assert len(list(tmp_path.iterdir())) == 4
    assert sweep(tmp_path, now=part.stat().st_mtime + OLD + 1) == 1
    assert not part.exists()


MEMORY = (
    "RuntimeError: [enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory\n",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n",
    "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 1.2 GiB\n",
    "terminate called after throwing an instance of 'std::bad_alloc'\n",
    "RuntimeError: DataLoader worker (pid 12) is killed by signal: Killed.\n",
    "OSError: [Errno 12] Cannot allocate memory\n",
)


@pytest.mark.parametrize("line", MEMORY)
def test_want_of_memory_is_known_by_its_words_and_answered_with_smaller_batches(tmp_path: Path, line: str) -> None:
    error = explained(1, ["before\n", line], tmp_path, kernel_killed=False)
    assert isinstance(error, ModelError)
    assert "memory did not suffice" in error.reason
    assert "student.batch smaller" in error.remedy


@pytest.mark.parametrize(("kernel", "said"), [(True, "the kernel killed it"), (False, "signal 9), most likely")])
def test_a_training_that_was_killed_ran_out_of_memory_for_sure_or_likely(
    tmp_path: Path, *, kernel: bool, said: str
) -> None:
    error = explained(-signal.SIGKILL, [], tmp_path, kernel_killed=kernel)
    assert said in error.reason
    assert "student.batch smaller" in error.remedy


@pytest.mark.parametrize(
    "line",
    [
        "OSError: [Errno 28] No space left on device: 'last.pt'\n",
        "RuntimeError: [enforce fail at inline_container.cc:664] . PytorchStreamWriter failed writing file data/1\n",
    ],
)
def test_a_training_without_room_is_told_as_a_full_disk(tmp_path: Path, line: str) -> None:
    assert isinstance(explained(1, [line], tmp_path, kernel_killed=False), DiskFull)


def test_every_other_end_shows_the_last_lines_and_how_it_ended(tmp_path: Path) -> None:
    error = explained(-signal.SIGSEGV, ["x\n"] * 40 + ["the reason\n"], tmp_path, kernel_killed=False)
    assert "SIGSEGV" in error.reason
    assert error.reason.endswith("the reason")
    assert error.reason.count("x\n") == 11


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel that counts is Linux's")
def test_the_kernel_says_how_often_it_killed() -> None:
    assert kills_for_memory() >= 0
