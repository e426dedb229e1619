"""The stack's environment file: written by `nightshift up`, sourced by people, read by every command.

What the user has set always wins. Variables that belong together are taken together or not at all, so that the keys
of a real cloud account are never sent to a local server, nor the local ones to the cloud.
"""

import os
import shlex
from collections.abc import Mapping, MutableMapping
from pathlib import Path

STACK_FOLDER = Path(".nightshift/stack")
_TOGETHER = (
    (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL",
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN",
    ),
    ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"),
    ("MLFLOW_TRACKING_URI",),
    ("PREFECT_API_URL",),
)


def environment_file(folder: Path) -> Path:
    """Where a stack's environment file lies."""
    return folder / "env"


def write_environment(folder: Path, variables: Mapping[str, str]) -> Path:
    """Write a file to `source`, readable by its owner only; replaces the former one in one step."""
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    return write_private(environment_file(folder), lines)


def write_private(path: Path, text: str) -> Path:
    """Write a file that only its owner may read, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return beside.replace(path)


def read_environment(folder: Path) -> dict[str, str]:
    """The variables of a stack's environment file; empty when there is none."""
    path = environment_file(folder)
    if not path.is_file():
        return {}
    words = shlex.split(path.read_text(encoding="utf-8"), comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


def load_environment(folder: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Fill in what the user left unset from the stack's file, group by group.

    Args:
        folder: the stack's folder; nothing happens when it holds no environment file.
        environ: the variables to complete, in place.
    """
    offered = read_environment(folder)
    for group in _TOGETHER:
        if not any(environ.get(name) for name in group):
            environ.update({name: offered[name] for name in group if name in offered})


def use_environment(variables: Mapping[str, str], environ: MutableMapping[str, str] = os.environ) -> None:
    """Point a process at a stack, whatever its environment said: a left-over session token or profile would not fit.

    Args:
        variables: from `Endpoints.environment`.
        environ: the variables to change, in place.
    """
    for name in (name for group in _TOGETHER for name in group):
        environ.pop(name, None)
    environ.update(variables)
