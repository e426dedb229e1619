"""Where the `label-studio` program is: its Django needs other versions than ours, so it has a venv of its own."""

import os
from pathlib import Path

from nightshift.domain.errors import StackError

PROGRAM = Path(".venv-label-studio/bin/label-studio")


def find_label_studio() -> Path:
    """The `label-studio` program: NIGHTSHIFT_LABEL_STUDIO_BIN, else `.venv-label-studio` here or beside the code.

    Raises:
        StackError: it is not installed.
    """
    named = os.environ.get("NIGHTSHIFT_LABEL_STUDIO_BIN")
    candidates = [Path(named)] if named else [Path.cwd() / PROGRAM, Path(__file__).parents[2] / PROGRAM]
    for each in candidates:
        if os.access(each, os.X_OK):
            return each.absolute()
    raise StackError(
        f"Label Studio at {candidates[0]}",
        "the program is not there",
        "Run `make install`, or `python3 -m venv .venv-label-studio && .venv-label-studio/bin/pip install "
        "label-studio`, or name an installed one in NIGHTSHIFT_LABEL_STUDIO_BIN.",
    )
