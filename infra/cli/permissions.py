"""Print the IAM policies that a project needs on its bucket, filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def command(
    role: Annotated[str, typer.Argument(help="night, frames or keeper; docs/permissions.md says who needs which.")],
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
) -> None:
    """Print one policy as JSON, for `aws iam put-role-policy` and the like. Asks no server."""
    from infra.iam import policy  # noqa: PLC0415 - only needed here
    from nightshift.config_file import read_config  # noqa: PLC0415

    wanted = read_config(config)
    typer.echo(json.dumps(policy(role, _where(role, wanted.store.uri, wanted.frames.source)), indent=2))


def _where(role: str, store: str, source: str) -> str:
    """Frames of a folder are kept in the store's own prefix; those of a bucket stay where they are."""
    if role != "frames":
        return store
    return source if source.startswith("s3://") else f"{store.rstrip('/')}/frames"
