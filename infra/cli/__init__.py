"""The `nightshift` command. Knows where the commands are, and nothing of what they do.

One file a command: `infra/cli/round.py` is `nightshift round`. Such a file

- opens with a module docstring whose first line becomes the help in `nightshift --help`;
- defines one function `command(...)` with typer annotations, and nothing is registered anywhere;
- keeps heavy imports (torch, prefect, boto3, mlflow) inside `command`, or in the modules it calls.

It is found by its name and imported only when it is called, or for `nightshift --help`. An underscore in the file's
name becomes a dash in the command's; files that begin with an underscore are not commands. Commands raise
NightshiftError and let it go: it ends the program with exit code 2 and its message, without a traceback.

    \"\"\"Run tonight's round now.\"\"\"

    from typing import Annotated
    import typer

    def command(config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml")) -> None:
        \"\"\"Longer help, shown by `nightshift round --help`.\"\"\"
        from flows.nightly import nightly  # heavy: imported when the command runs
"""

import ast
import importlib
import os
import pkgutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from infra.local.environment import STACK_FOLDER, load_environment
from nightshift.domain.errors import NightshiftError

__all__ = ["STACK_FOLDER", "app", "main"]


class _Commands(TyperGroup):
    """A group whose commands are the files of this folder; help is read without importing them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Every file's name, in alphabetical order."""
        found = (each.name for each in pkgutil.iter_modules(__path__))
        return sorted(name.replace("_", "-") for name in found if not name.startswith("_"))

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """The command's outside: its name and one line of help."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return TyperCommand(cmd_name, help=_first_line(_module(cmd_name)))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, imported now because it is about to run."""
        self.commands = {each: TyperCommand(each) for each in self.list_commands(ctx)}  # for suggestions
        name, outside, rest = super().resolve_command(ctx, args)
        return name, outside and _load(outside.name or ""), rest


def _module(name: str) -> str:
    return f"{__name__}.{name.replace('-', '_')}"


def _first_line(module: str) -> str:
    spec = find_spec(module)
    source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def _load(name: str) -> Any:
    one = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
    one.command(name)(importlib.import_module(_module(name)).command)
    return typer.main.get_command(one)


# Locals in a traceback would show keys; older versions of typer show them unless told not to.
app = typer.Typer(cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def _nightshift() -> None:
    """Label camera frames overnight; ask people only about the ones nobody is sure of."""


def main() -> None:
    """Run the command that was asked for, with the local stack's addresses where the environment has none."""
    load_environment(Path(os.environ.get("NIGHTSHIFT_STACK", STACK_FOLDER)))
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "300")  # a busy machine is slow
    try:
        app()
    except NightshiftError as error:
        from rich.console import Console  # noqa: PLC0415 - only needed when something went wrong

        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        raise SystemExit(2) from None
