"""Videos to frames: every container, times, rotation, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
from clips import film, moving, sound

from nightshift.domain.errors import FrameError
from nightshift.frames import video
from nightshift.frames.video import Moment, moments, turned

UNEVEN = [0.0, 0.04, 0.08, 0.2, 0.5, 0.54, 1.0]


def _read(path: Path, every: float = 0.0) -> list[Moment]:
    return list(moments(path, path.name, every))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.mov", "mpeg4"), ("a.webm", "libvpx"), ("a.avi", "mpeg4")],
)
def test_every_container_gives_its_frames_in_their_order(tmp_path: Path, name: str, codec: str) -> None:
    found = _read(film(tmp_path / name, moving(8), codec=codec))
    assert [round(each.seconds, 3) for each in found] == [i / 10 for i in range(8)]
    assert found[0].image.shape == (48, 64, 3)
    assert found[0].image[8, 8].min() > 230
    assert found[0].image[40, 40].max() < 80


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_frames_of_a_variable_rate_have_the_times_at_which_they_are_shown(tmp_path: Path, name: str) -> None:
    found = _read(film(tmp_path / name, moving(7), UNEVEN))
    assert [round(each.seconds, 3) for each in found] == UNEVEN


def test_frames_between_those_that_are_due_are_left_out(tmp_path: Path) -> None:
    found = _read(film(tmp_path / "a.mp4", moving(7), UNEVEN), every=0.2)
    assert [round(each.seconds, 3) for each in found] == [0.0, 0.2, 0.5, 1.0]


@pytest.mark.parametrize(
    ("rotation", "mirrored", "row", "column"),
    [(0, False, 8, 8), (90, False, -8, 8), (180, False, -8, -8), (-90, False, 8, -8), (0, True, 8, -8)],
)
def test_what_a_file_wants_turned_or_mirrored_is(
    tmp_path: Path, rotation: int, mirrored: bool, row: int, column: int
) -> None:
    image = _read(film(tmp_path / "a.mp4", moving(2), rotation=rotation, mirrored=mirrored))[0].image
    assert image.shape == ((64, 48, 3) if abs(rotation) == 90 else (48, 64, 3))
    assert image[row, column].min() > 200
    assert image[-row, -column].max() < 100


def test_a_matrix_that_says_nothing_leaves_the_picture() -> None:
    image = moving(1)[0]
    assert np.array_equal(turned(image, np.array([65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30], np.int32)), image)


def test_the_same_file_gives_the_same_pixels(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", moving(5))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(_read(path), _read(path), strict=True))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no video at all" * 40,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    ],
    ids=["empty", "junk", "a play list of addresses", "a list of files"],
)
def test_a_file_that_is_no_video_is_refused_without_a_look_elsewhere(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(FrameError, match=r"^a\.mp4: ") as caught:
        _read(path)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_breaks_off_before_its_index_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", moving(20))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FrameError, match="cannot be decoded"):
        _read(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="no picture"):
        _read(sound(tmp_path / "a.mp4"))


def test_frames_larger_than_allowed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(FrameError, match="64 x 48"):
        _read(film(tmp_path / "a.mp4", moving(2)))


def test_a_video_that_claims_to_last_for_days_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="longer than 24 h"):
        _read(film(tmp_path / "a.mkv", moving(3), [0.0, 0.1, 500_000.0]))
