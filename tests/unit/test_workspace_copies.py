"""Copies on this machine that nobody needs any more."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nightshift.upkeep.cache import remove, spare

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def _file(path: Path, days: float) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))
    return str(path)


def test_copies_unused_for_long_and_what_killed_processes_left_may_go(tmp_path: Path) -> None:
    old = _file(tmp_path / "frames" / "ab" / "ab1.png", 40)
    weights = _file(tmp_path / "weights" / "old.pt", 31)
    broken = _file(tmp_path / "weights" / ".x.part", 0)
    _file(tmp_path / "frames" / "ab" / "ab2.png", 2)
    _file(tmp_path / "0003-abc" / "student" / "image.png", 0)
    found = list(spare(tmp_path, 30, NOW))
    assert {each.key for each in found} == {old, weights, broken, str(tmp_path / "0003-abc")}
    for each in found:
        remove(each)
        remove(each)  # it may have gone meanwhile
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["ab2.png"]
