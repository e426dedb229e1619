"""A source whose videos appear as frames; a process for each video makes most of these slow."""

import signal
from pathlib import Path

import pytest
from clips import film, moving
from pictures import picture, scene

from nightshift.domain.errors import FrameError
from nightshift.domain.frames import Rejected, frame_id
from nightshift.domain.keeping import Keeping
from nightshift.frames import films, taking_apart
from nightshift.frames.clips import ClipRules
from nightshift.frames.decode import probe_size
from nightshift.frames.films import FilmSource
from nightshift.frames.refusals import Undecided
from nightshift.frames.register import Registered, register
from nightshift.frames.scan import FolderSource

RULES = ClipRules(r"(?P<clip>.*)/[^/]*", 0.0, 1, 0)


class Shelf(dict[str, bytes]):
    """Memories in memory."""

    def recall(self, key: str) -> bytes | None:
        return self.get(key)

    def keep(self, key: str, content: bytes) -> None:
        self.setdefault(key, content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "cam1").mkdir(parents=True)
    film(tmp_path / "in" / "cam1" / "line.mp4", [scene(i, 64, 48) for i in range(3)], [0.0, 12.345, 60.0])
    (tmp_path / "in" / "still.png").write_bytes(picture(1))
    return tmp_path / "in"


def _source(folder: Path, shelf: Shelf, where: str = "cache") -> FilmSource:
    return FilmSource(FolderSource(folder), shelf, folder.parent / where, Keeping(every=0.5))


def _never(*_: object) -> None:
    raise AssertionError("a video was taken apart again")


NAMES = ["cam1/line.mp4/00000.000.png", "cam1/line.mp4/00012.345.png", "cam1/line.mp4/00060.000.png"]


def test_a_video_appears_as_frames_named_by_their_times(folder: Path) -> None:
    source = _source(folder, Shelf())
    listed = {each.name: each for each in source.list()}
    assert sorted(listed) == [*NAMES, "still.png"]
    content = source.read(NAMES[1])
    assert frame_id(content) == listed[NAMES[1]].stamp
    assert (len(content), probe_size(content)) == (listed[NAMES[1]].size, (64, 48))
    assert source.uri(NAMES[1]) is None
    assert source.read("still.png") == picture(1)


@pytest.mark.slow
def test_a_video_is_taken_apart_once_for_all_nights_and_machines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    before = list(_source(folder, shelf).list())
    elsewhere = _source(folder, shelf, "another machine")
    first = _source(folder, shelf)
    monkeypatch.setattr(films, "take_apart", _never)
    assert list(elsewhere.list()) == before
    assert list(first.list()) == before
    assert first.read(NAMES[0])[:4] == b"\x89PNG"


@pytest.mark.slow
def test_another_machine_decodes_the_same_frames_when_it_must_read_them(folder: Path) -> None:
    shelf = Shelf()
    here, there = _source(folder, shelf), _source(folder, shelf, "another machine")
    for source in (here, there):
        list(source.list())
    assert here.read(NAMES[2]) == there.read(NAMES[2])


@pytest.mark.slow
def test_a_frame_that_is_another_than_was_found_is_refused(folder: Path) -> None:
    shelf = Shelf()
    source = _source(folder, shelf)
    list(source.list())
    next((folder.parent / "cache").glob("*/00012.345.png")).write_bytes(b"something else")
    with pytest.raises(FrameError, match="another picture"):
        source.read(NAMES[1])


def _register(
    source: FilmSource, known: Registered | None, number: int, refused: tuple[Rejected, ...] = ()
) -> Registered:
    records = known.records if known else ()
    return register(records, source, RULES, number, _put, probe_size, refused=refused)


def _put(identity: str, suffix: str, content: bytes) -> str:
    assert frame_id(content) == identity
    return f"s3://b/{identity}{suffix}"


@pytest.mark.slow
def test_frames_of_videos_are_registered_once_in_the_videos_clip(folder: Path) -> None:
    shelf = Shelf()
    source = _source(folder, shelf)
    first = _register(source, None, 0)
    assert {each.frame.clip for each in first.new} == {"cam1/line.mp4", "still.png"}
    source.forget()
    film(folder / "cam1" / "new.mkv", [scene(9, 64, 48)])
    second = _register(_source(folder, shelf), first, 1)
    assert [each.frame.name for each in second.new] == ["cam1/new.mkv/00000.000.png"]
    assert not second.gone


def test_a_broken_video_is_quarantined_with_its_reason_and_not_tried_every_night(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    (folder / "bad.mp4").write_bytes(b"junk" * 100)
    rejected = _register(_source(folder, shelf), None, 0).rejected
    assert [(each.subject, "cannot be decoded" in each.reason) for each in rejected] == [("bad.mp4/", True)]
    monkeypatch.setattr(films, "take_apart", _never)
    assert _register(_source(folder, shelf), None, 0).rejected == rejected


@pytest.mark.slow
def test_a_refusal_by_other_decoders_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    (folder / "bad.mp4").write_bytes(b"junk" * 100)
    list(_source(folder, shelf).list())
    film(folder / "good.mp4", [scene(1, 64, 48)])
    monkeypatch.setattr(films, "LIMITS", 2)
    monkeypatch.setattr(films, "take_apart", lambda *_: [])
    assert "bad.mp4/" not in {each.name for each in _source(folder, shelf).list()}


@pytest.mark.parametrize(
    ("status", "kind"), [(-signal.SIGSEGV, FrameError), (-signal.SIGXCPU, FrameError), (-9, Undecided), (1, Undecided)]
)
def test_how_the_process_ended_says_whose_fault_it_was(status: int, kind: type[FrameError]) -> None:
    error = taking_apart._ended("a.mp4", status, 7)
    assert type(error) is kind
    assert error.subject == "a.mp4"


@pytest.mark.slow
def test_a_video_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", moving(200, 640, 480))
    with pytest.raises(FrameError, match="more than 1 s"):
        taking_apart.take_apart(path, "a.mp4", tmp_path, Keeping(every=0, new=0), seconds=1)
