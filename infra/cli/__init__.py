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
