"""Write a commented nightshift.yaml to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from nightshift.domain.errors import ConfigError


def command(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path(),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are already there.")] = False,
) -> None:
    """Write nightshift.yaml, and beside it the JSON schema with which editors complete and check it.

    Nothing is asked, and nothing that is already there is overwritten without --force.
    """
    from infra.cli.schema import text  # noqa: PLC0415 - not needed for --help
    from nightshift.config_template import SCHEMA_FILE, template  # noqa: PLC0415

    files = {folder / "nightshift.yaml": template(), folder / SCHEMA_FILE: text()}
    for path in files:
        if path.exists() and not force:
            raise ConfigError(str(path), "it is already there", "Replace it with --force, or name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for path, said in files.items():
        path.write_text(said, encoding="utf-8")
        typer.echo(f"wrote {path}")
    typer.echo("Next: say what to look for and where the frames are, then run `nightshift doctor`.")
