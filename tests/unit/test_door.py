"""The processes that look at unknown pictures; a few seconds for all, as each has to start one."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pictures import corners, encoded, exif, picture
from PIL import Image as Pillow

from nightshift.domain.errors import FrameError, NightshiftError
from nightshift.frames import door as door_module
from nightshift.frames.door import Door
from nightshift.frames.refusals import Undecided


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with Door() as opened:
        yield opened


def test_a_picture_is_as_large_as_it_is_upright(door: Door) -> None:
    assert door.look(encoded(Pillow.fromarray(corners()), "JPEG", exif=exif(6)), "a.jpg") == (20, 30)


@pytest.mark.parametrize("data", [b"", b"junk", picture(1)[:60], picture(1, form="JPEG")[:300]])
def test_a_bad_picture_is_refused_by_name_and_the_next_one_is_looked_at(door: Door, data: bytes) -> None:
    with pytest.raises(FrameError, match=r"^bad\.jpg: "):
        door.look(data, "bad.jpg")
    assert door.look(picture(1), "a.png") == (12, 8)


def test_a_process_that_others_ended_is_replaced(door: Door) -> None:
    assert door.look(picture(1), "a.png") == (12, 8)
    kill(door, signal.SIGKILL)
    assert door.look(picture(1), "a.png") == (12, 8)


@pytest.mark.parametrize(("sign", "decided"), [(signal.SIGSEGV, True), (signal.SIGKILL, False)])
def test_a_crash_is_a_verdict_and_being_killed_is_none(
    door: Door, sign: signal.Signals, decided: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "TRIES", 1)
    door.look(picture(1), "a.png")
    kill(door, sign)
    with pytest.raises(FrameError, match=sign.name) as caught:
        door.look(picture(1), "a.png")
    assert isinstance(caught.value, Undecided) != decided


def test_a_door_that_cannot_be_opened_stops_the_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with Door() as shut, pytest.raises(NightshiftError, match="does not start"):
        shut.look(picture(1), "a.png")


@pytest.mark.slow
def test_a_picture_that_is_decoded_for_ever_is_refused() -> None:
    progressive = encoded(Pillow.effect_noise((2000, 2000), 90).convert("RGB"), "JPEG", progressive=True)
    at = progressive.rindex(b"\xff\xda")
    with Door(seconds=1) as impatient, pytest.raises(FrameError, match="more than 1 s"):
        impatient.look(progressive[:at] + progressive[at:-2] * 200 + b"\xff\xd9", "scans.jpg")


def kill(door: Door, sign: signal.Signals) -> None:
    process = door._idle.get()
    process._child.send_signal(sign)
    process._child.wait()
    door._idle.put(process)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux holds a process to it")
def test_the_kernel_holds_the_process_to_what_it_said_it_needs() -> None:
    script = "from nightshift.frames._door_process import _limit_memory; _limit_memory(64 << 20); bytearray(256 << 20)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert said.stderr.splitlines()[-1] == "MemoryError"
