"""Where frames lie in a data set that is written: under their owner's names, as far as every file system takes them.

A name may come from anybody. What is made of it never leaves the folder, never meets another frame's path, also where
capital letters are small ones, and never has another frame's label file, which is named without the suffix.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from nightshift.frames.labelled import Facts
from nightshift.frames.scan import SUFFIXES

UNFIT = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
FILES = SUFFIXES | {".txt", ".xml", ".json"}  # no folder is called like a file
LONGEST_PART, LONGEST = 120, 500  # bytes; file systems end at 255 and 1,024


def safe_paths(frames: Sequence[Facts], reserved: Collection[str] = ()) -> list[str]:
    """A path for each frame, relative and with slashes.

    Args:
        frames: their names may be equal; their ids are not.
        reserved: folder names that mean something in the data set, and get a leading underscore.
    """
    taken: set[str] = set()
    paths = []
    for each in frames:
        path = next(path for path in _candidates(each, reserved) if _key(path) not in taken)
        taken.add(_key(path))
        paths.append(path)
    return paths


def _candidates(frame: Facts, reserved: Collection[str]) -> Iterator[str]:
    path = _safe(frame, reserved)
    if len(path.as_posix().encode()) <= LONGEST:
        yield path.as_posix()
        yield path.with_name(f"{path.stem}-{frame.id[:12]}{path.suffix}").as_posix()
    number = 0
    while True:
        yield f"{frame.id}{f'-{number}' if number else ''}{path.suffix}"
        number += 1


def _safe(frame: Facts, reserved: Collection[str]) -> PurePosixPath:
    *folders, file = [_part(each) for each in frame.name.split("/") if each not in {"", ".", ".."}] or [frame.id]
    suffix = _suffix(file, frame.uri)
    stem = file.removesuffix(PurePosixPath(file).suffix) if PurePosixPath(file).suffix == suffix else file
    return PurePosixPath(*(_folder(each, reserved) for each in folders), f"{_short(stem)}{suffix}")


def _suffix(file: str, uri: str) -> str:
    """The picture's own, even in capital letters; where its name has none, its address's."""
    found = (PurePosixPath(each).suffix for each in (file, uri))
    return next((each for each in found if each.lower() in SUFFIXES), ".png")


def _part(part: str) -> str:
    seen = "".join(each if each.isprintable() or each in "\u200c\u200d" else "_" for each in part)
    return UNFIT.sub("_", seen).strip(" ").lstrip(".") or "_"


def _folder(name: str, reserved: Collection[str]) -> str:
    short = _short(name)
    if short.casefold() in reserved:
        return f"_{short}"
    return f"{short}_" if short.endswith(".") or PurePosixPath(short).suffix.lower() in FILES else short


def _short(part: str) -> str:
    if len(part.encode()) <= LONGEST_PART:
        return part
    return f"{part.encode()[:LONGEST_PART].decode(errors='ignore')}-{hashlib.sha256(part.encode()).hexdigest()[:8]}"


def _key(path: str) -> str:
    stem = path.removesuffix(PurePosixPath(path).suffix)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())
