"""What a night refused is handed to the next one through the quarantine table."""

from pathlib import Path

from nightshift.domain.errors import FrameError
from nightshift.frames.clips import ClipRules
from nightshift.frames.register import Registered, register
from nightshift.frames.scan import FolderSource
from nightshift.round import OpenRound
from nightshift.services.store.s3 import Store
from tasks.register import _refused
from tests.contract.test_open_round import _open

RULES = ClipRules(r"(?P<clip>.*)/[^/]*", 0.3, 40, 0)


def test_broken_files_are_read_once_and_counted_every_night(quick_store: Store, tmp_path: Path) -> None:
    looks: list[str] = []
    for name in ("a.jpg", "b\nc.png", "d\udcff.gif"):
        (tmp_path / name).write_bytes(name.encode("utf-8", "surrogateescape"))

    def refuse(_: bytes, name: str) -> tuple[int, int]:
        looks.append(name)
        raise FrameError(name, "it is no picture", "Remove it.")

    def take_up(night: OpenRound) -> Registered:
        source = FolderSource(tmp_path)
        return register((), source, RULES, night.number, lambda *_: "", refuse, refused=_refused(night))

    for number in range(3):
        night = _open(quick_store, number)
        assert night.quarantine("register", take_up(night).rejected) == 3
    assert sorted(looks) == ["a.jpg", r"b\x0ac.png", r"d\udcff.gif"]
    (tmp_path / "a.jpg").write_bytes(b"another")
    take_up(_open(quick_store, 3))
    assert looks[3:] == ["a.jpg"]
