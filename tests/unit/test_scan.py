import os
import socket
from pathlib import Path

import pytest

from nightshift.domain.errors import ConfigError, FrameError
from nightshift.frames.scan import FolderSource, is_picture, read_file

ODD = ["a b.jpg", "ü 🙂.PNG", "new\nline.jpg", "-rf.jpg", "per%20cent#?.jpeg"]


def test_files_are_listed_in_order_with_odd_names_and_hidden_ones_left_out(tmp_path: Path) -> None:
    for name in [*ODD, ".hidden.jpg", "._resource.jpg"]:
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "deep" / ".git").mkdir(parents=True)
    (tmp_path / "deep" / ".git" / "x.jpg").touch()
    (tmp_path / "deep" / "x.jpg").write_bytes(b"x")
    source = FolderSource(tmp_path)
    assert [each.name for each in source.list()] == [*sorted(ODD), "deep/x.jpg"]
    assert [source.read(name) for name in ODD] == [name.encode() for name in ODD]


def test_a_stamp_changes_when_the_file_does(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1")
    os.utime(tmp_path / "a.jpg", ns=(1, 1))
    before = list(FolderSource(tmp_path).list())
    os.utime(tmp_path / "a.jpg", ns=(2, 2))
    assert before != list(FolderSource(tmp_path).list())


def test_links_that_leave_the_folder_are_listed_and_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.jpg").write_bytes(b"a")
    (inside / "good.jpg").symlink_to("a.jpg")
    (inside / "bad.jpg").symlink_to(tmp_path / "secret.jpg")
    (inside / "dangling.jpg").symlink_to("nowhere.jpg")
    (inside / "folder").symlink_to(tmp_path)
    source = FolderSource(inside)
    assert {each.name for each in source.list()} == {"a.jpg", "good.jpg", "bad.jpg", "dangling.jpg", "folder/"}
    assert source.read("good.jpg") == b"a"
    for name in ("bad.jpg", "dangling.jpg", "folder/", "../secret.jpg"):
        with pytest.raises(FrameError):
            source.read(name)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(FrameError, match="plain file"):
        FolderSource(tmp_path).read("pipe.jpg")


def test_a_socket_and_links_in_a_circle_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    source = FolderSource(tmp_path)
    assert {each.name for each in source.list()} == {"socket.jpg", "loop.jpg"}
    for name in ("socket.jpg", "loop.jpg", "nul\0.jpg", "x" * 1000 + ".jpg"):
        with pytest.raises(FrameError):
            source.read(name)


def test_a_file_too_large_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FrameError, match=r"1,048,576 MiB, and 128 are allowed"):
        FolderSource(tmp_path).read("a.jpg")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, look, looks = tmp_path / "a.jpg", os.fstat, []
    path.write_bytes(b"half")

    def grow(fd: int) -> os.stat_result:
        looks.append(look(fd))
        if len(looks) == 1:
            path.write_bytes(b"half and the rest")
        return looks[-1]

    monkeypatch.setattr("os.fstat", grow)
    with pytest.raises(FrameError, match="changes"):
        read_file(path, "a.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_opened_is_listed_and_refused(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    source = FolderSource(tmp_path)
    assert [each.name for each in source.list()] == ["closed/"]
    with pytest.raises(FrameError, match="looked into"):
        source.read("closed/")


def test_a_folder_that_is_not_there_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        FolderSource(tmp_path / "nowhere")


def test_pictures_are_known_by_their_suffix_in_any_case() -> None:
    assert [is_picture(name) for name in ("a.JPG", "b/c.Webp", "linked/", "a.txt", "jpg")] == [
        True,
        True,
        True,
        False,
        False,
    ]
