"""Print the JSON schema of nightshift.yaml, with which editors complete it."""

import json

import typer


def command() -> None:
    """Print the JSON schema of nightshift.yaml.

    Editors with a YAML language server complete and check the file by it: `nightshift init` writes it beside the
    configuration and names it in the first line.
    """
    typer.echo(text(), nl=False)


def text() -> str:
    """The schema with the families that are known here, as JSON."""
    from nightshift.config_template import schema  # noqa: PLC0415 - not needed for --help
    from nightshift.families import known_names  # noqa: PLC0415

    return json.dumps(schema(known_names()), indent=2, ensure_ascii=False) + "\n"
