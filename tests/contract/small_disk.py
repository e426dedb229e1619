"""A file system of a few MiB that is really full at some point, in a mount namespace of its own."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


def run_on_small_disk(code: str, folder: Path, size: str, *words: str) -> str:
    """Run Python code with a small disk mounted at a folder; its standard output. Everything on the disk is gone then.

    Args:
        code: sys.argv[1] names the folder, the words follow.
        folder: where the disk is mounted; nobody else sees it there.
        size: as mount(8) takes it, such as 2m.
    """
    need_namespaces()
    folder.mkdir(parents=True, exist_ok=True)
    inner = ["sh", "-c", MOUNT, "sh", size, str(folder), sys.executable, "-c", code, str(folder), *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        ["unshare", "-rm", *inner], env=environment, capture_output=True, text=True, check=False, timeout=550
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@cache
def need_namespaces() -> None:
    """Skip where nobody may mount."""
    tried = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this kernel lets nobody mount a small disk (unshare -rm)")
