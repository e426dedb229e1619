"""Hostile pictures through the real door, and what it cost: `python -m tests.faults.hostile_images 500 0`.

A child of its own registers a folder of them, another decodes them all with four threads; whatever either dies of is
counted. Memory is that of the child and all its processes together, sampled every few milliseconds, and at least the
peak that the kernel noted for any one of them.
"""

import json
import os
import pickle
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from nightshift.domain.errors import FrameError
from nightshift.domain.frames import SourceFile, frame_id
from nightshift.frames.clips import ClipRules
from nightshift.frames.decode import decode
from nightshift.frames.door import Door
from nightshift.frames.names import printable
from nightshift.frames.register import register
from nightshift.frames.scan import FolderSource
from tests.faults.hostile_bombs import named
from tests.faults.hostile_pictures import Case, corners_of, mutations

RULES = ClipRules(r"(?P<clip>.*)/[^/]*", 0.1, 40, 0)
EVERY = 0.004  # seconds between two looks at the memory
SPECIAL = ("special/pipe.jpg", "special/socket.jpg", "special/loop.jpg", "special/nowhere.png", "special/secret.png",
           "special/enormous.png", "special/closed.jpg",
           "special/vanished.jpg", "special/folder of links/")  # fmt: skip
CASES = "cases.pickle"
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
CRASHED = "decoding it ends the process that tries"


@dataclass
class Told:
    """What a child saw: verdicts by printable name (empty where a picture was used), and what went wrong."""

    verdicts: dict[str, str] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)


def run(count: int, seed: int) -> dict[str, int]:
    """Register and decode so many hostile pictures.

    Returns:
        hostile_images, and of those quarantined and used; crashes (a file lost, without a reason, with wrong pixels,
        used although it must not be or the other way round, or a process that died); peak_decode_mib.
    """
    found, crashes, peak = examine(count, seed)
    for each in crashes:
        print(each, file=sys.stderr)  # noqa: T201 - a harness
    used = sum(not reason for reason in found.values())
    return {
        "hostile_images": len(found),
        "quarantined": len(found) - used,
        "used": used,
        "crashes": len(crashes),
        "peak_decode_mib": peak,
    }


def examine(count: int, seed: int) -> tuple[dict[str, str], list[str], int]:
    """(printable name → reason, empty where it was used; what went wrong; MiB at the peak)."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, CASES).write_bytes(pickle.dumps(cases(count, seed)))
        registered, first = _in_child("register", Path(folder))
        decoded, second = _in_child("decode", Path(folder))
    crashes = registered.crashes + decoded.crashes
    for name, reason in decoded.verdicts.items():
        if name in registered.verdicts and bool(reason) != bool(registered.verdicts[name]):
            crashes.append(f"{name}: the door says '{registered.verdicts[name]}', the house '{reason}'")
    return registered.verdicts, crashes, max(first, second)


def cases(count: int, seed: int) -> list[Case]:
    """The named ones (a sample of them where fewer are asked for), then mutations; no two with equal content."""
    rng = np.random.default_rng(seed)
    room = max(0, count - len(SPECIAL))
    chosen = named()
    if len(chosen) > room:
        chosen = [chosen[i] for i in sorted(rng.permutation(len(chosen))[:room])]
    unlike = {each.data: each for each in reversed(chosen)}
    for each in _further(unlike, rng):
        if len(unlike) >= room:
            break
        unlike.setdefault(each.data, each)
    return sorted(unlike.values(), key=lambda each: each.name)


def _further(known: dict[bytes, Case], rng: np.random.Generator) -> Iterator[Case]:
    return (each for each in mutations(rng) if each.data not in known)


def _in_child(part: str, folder: Path) -> tuple[Told, int]:
    command = [sys.executable, "-m", "tests.faults.hostile_images", part, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as child:
        peak = _Peak(child.pid)
        said, complaint = child.communicate()
    if child.returncode:
        return Told(crashes=[f"{part} ended with {child.returncode}: {complaint[-2000:]}"]), peak.stop()
    *_, last = said.splitlines()
    told = json.loads(last)
    return Told(told["verdicts"], told["crashes"]), max(peak.stop(), told["peak"])


class _Peak:
    """The most that a process and its children held together, in MiB."""

    def __init__(self, pid: int) -> None:
        self._most, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(psutil.Process(pid),))
        self._thread.start()

    def stop(self) -> int:
        """End watching."""
        self._over.set()
        self._thread.join()
        return self._most

    def _watch(self, process: psutil.Process) -> None:
        while not self._over.wait(EVERY):
            try:
                tree = [process, *process.children(recursive=True)]
                self._most = max(self._most, sum(map(_resident, tree)) >> 20)
            except psutil.Error:
                return


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


# -- in the children ---------------------------------------------------------------------------------------------------


def register_all(wanted: Sequence[Case], folder: Path) -> Told:
    """Through the real door, from a folder."""
    source = Scattered(folder / "frames", wanted)
    kept: dict[str, int] = {}
    with Door() as door:
        found = register((), source, RULES, 0, lambda i, suffix, data: keep(kept, i, suffix, data), door.look)
    told = Told({each.frame.name: "" for each in found.new})
    told.verdicts |= {each.subject: each.reason for each in found.rejected}
    told.crashes += [f"{each}: lost" for each in source.names - told.verdicts.keys()]
    told.crashes += [f"{each.subject}: no reason" for each in found.rejected if not each.reason]
    told.crashes += [f"{each.subject}: {each.reason}" for each in found.rejected if each.reason.startswith(CRASHED)]
    told.crashes += [f"{each.frame.id}: its content was not kept" for each in found.new if each.frame.id not in kept]
    told.crashes += [f"{each!r}: hides something" for each in told.verdicts if HIDDEN.search(each)]
    for case in wanted:
        verdict = told.verdicts.get(printable(case.name), "")
        if case.usable is not None and case.usable == bool(verdict):
            told.crashes.append(f"{printable(case.name)}: should {'' if case.usable else 'not '}be used: {verdict}")
    return told


def keep(kept: dict[str, int], identity: str, suffix: str, data: bytes) -> str:
    """As the store does, without a store."""
    assert frame_id(data) == identity
    assert "/" not in suffix
    kept[identity] = len(data)
    return f"s3://night/frames/{identity}{suffix}"


def decode_all(wanted: Sequence[Case], _folder: Path) -> Told:
    """As the house does it later, in one process with four threads."""
    told = Told()

    def one(case: Case) -> str:
        try:
            pixels = decode(case.data, "x")
        except FrameError as error:
            return error.reason
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        if case.corners and np.abs(corners_of(pixels) - np.array(case.corners)).max() > case.tolerance:
            told.crashes.append(f"{printable(case.name)}: wrong pixels {corners_of(pixels).tolist()}")
        return ""

    with ThreadPoolExecutor(4) as pool:
        told.verdicts = dict(zip([printable(each.name) for each in wanted], pool.map(one, wanted), strict=True))
    return told


class Scattered(FolderSource):
    """Cases in a folder, under their own names where the file system takes them, and things that are no files."""

    def __init__(self, folder: Path, wanted: Sequence[Case]) -> None:
        folder.mkdir()
        super().__init__(folder)
        for case in wanted:
            path = folder / case.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(case.data)
        self.names = {printable(each.name) for each in wanted} | _special(folder)

    def list(self) -> Iterator[SourceFile]:
        """As the folder; a file that vanishes once it was listed."""
        yield from super().list()
        yield SourceFile("special/vanished.jpg", 100, "1")


def _special(folder: Path) -> set[str]:
    (folder / "special").mkdir()
    os.mkfifo(folder / "special/pipe.jpg")
    here = Path.cwd()
    os.chdir(folder / "special")  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
    os.chdir(here)
    (folder / "special/loop.jpg").symlink_to("loop.jpg")
    (folder / "special/nowhere.png").symlink_to("nothing.png")
    (folder / "special/secret.png").symlink_to("/etc/passwd")
    (folder / "special/folder of links").symlink_to("..")
    with (folder / "special/enormous.png").open("wb") as file:
        file.truncate(1 << 40)
    (folder / "special/closed.jpg").write_bytes(b"x")
    (folder / "special/closed.jpg").chmod(0)
    return set(SPECIAL)


def _high_water() -> int:
    """MiB: the kernel's own note of this process; ru_maxrss would be that of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10


def main(part: str, folder: str) -> None:
    """One of the two parts; its last line of output tells."""
    wanted = pickle.loads(Path(folder, CASES).read_bytes())  # noqa: S301 - our own
    told = {"register": register_all, "decode": decode_all}[part](wanted, Path(folder))
    said: dict[str, Any] = asdict(told)
    print(json.dumps(said | {"peak": _high_water()}))  # noqa: T201 - a harness


if __name__ == "__main__":
    if sys.argv[1].isdecimal():
        print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201 - a harness
    else:
        main(*sys.argv[1:])
