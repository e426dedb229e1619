"""Looks for planted secrets in everything that a round leaves behind, in every guise in which they might hide."""

import base64
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import pyarrow.parquet as pq

from infra.local import Endpoints
from nightshift.services.buckets import client_from

PAUSE = 0.3  # seconds between two looks at the command lines of all processes


@dataclass(frozen=True)
class Hunt:
    """What is looked for.

    Args:
        secrets: name → value.
    """

    secrets: Mapping[str, str]
    guises: dict[bytes, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.secrets.items():
            self.guises.update(dict.fromkeys(guises(value), name))

    def seen(self, content: bytes) -> set[str]:
        """The names of the secrets in some bytes; Parquet is unpacked."""
        if content[:4] == content[-4:] == b"PAR1":
            content += str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
        return {name for guise, name in self.guises.items() if guise in content}

    def in_files(self, folder: Path, known: tuple[str, ...] = ()) -> dict[str, set[str]]:
        """File → secrets in it, for a folder; `known` are files (globs) that must hold some."""
        files = [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]
        looked = [each for each in files if not any(each.match(name) for name in known)]
        assert looked
        return {str(each.relative_to(folder)): seen for each in looked if (seen := self.seen(_content(each)))}

    def in_bucket(self, stack: Endpoints, prefix: str) -> dict[str, set[str]]:
        """Key → secrets in the object, its name and its metadata."""
        client = client_from(stack.environment())
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        assert keys
        answers = ((key, client.get_object(Bucket=stack.bucket, Key=key)) for key in keys)
        told = ((key, f"{key} {each['Metadata']}".encode() + each["Body"].read()) for key, each in answers)
        return {key: seen for key, content in told if (seen := self.seen(content))}

    @contextmanager
    def on_command_lines(self) -> Iterator[dict[str, set[str]]]:
        """Command line → secrets on it, of every process that runs meanwhile."""
        found: dict[str, set[str]] = {}
        over = threading.Event()

        def watch() -> None:
            while not over.wait(PAUSE):
                for line in map(_command_line, psutil.process_iter()):
                    if seen := self.seen(line.encode()):
                        found[line] = seen

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield found
        finally:
            over.set()
            watcher.join()


def guises(value: str) -> set[bytes]:
    """A value as it is, percent-encoded, and in base64 wherever it may begin in a longer text."""
    plain = value.encode()
    found = {plain, quote(value, safe="").encode()}
    for shift, foreign in enumerate((0, 2, 3)):  # characters at the front that also tell of what stands before
        coded = base64.b64encode(bytes(shift) + plain).rstrip(b"=")
        whole = (shift + len(plain)) % 3 == 0
        found.add(coded[foreign : None if whole else -1])
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a server's scratch file, gone meanwhile
        return b""


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
