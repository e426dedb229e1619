"""The command line: commands are files, help is cheap, our errors are told without a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import infra.cli
from infra.cli import app
from nightshift.domain.errors import ConfigError

FOLDER = Path(infra.cli.__file__).parent
COMMANDS = {each.stem.replace("_", "-") for each in FOLDER.glob("[!_]*.py")}


def test_every_file_is_a_command_and_its_first_line_is_its_help() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert {"up", "down", "doctor"} <= COMMANDS
    assert all(f" {name} " in shown for name in COMMANDS)
    assert "Stop the local stack; its data stays." in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_without_loading_models_or_clients(name: str) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from infra.cli import app\n"
        f"done = CliRunner().invoke(app, [{name!r}, '--help'])\n"
        "assert done.exit_code == 0, done.output\n"
        "assert 'Usage' in done.output\n"
        "heavy = {'torch', 'prefect', 'boto3', 'mlflow', 'label_studio_sdk'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=FOLDER.parents[1]
    )
    assert done.returncode == 0, done.stderr


def test_a_command_that_does_not_exist_is_answered_with_the_nearest_one() -> None:
    done = CliRunner().invoke(app, ["dwon"])
    assert done.exit_code == 2
    assert "'down'" in done.output


def test_our_errors_end_the_command_with_code_2_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def command() -> None:
        raise ConfigError("nightshift.yaml:3 [bold]", "it is wrong", "Put it right.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("infra.cli.down.command", command)
    monkeypatch.setattr(sys, "argv", ["nightshift", "down"])
    with pytest.raises(SystemExit) as ended:
        infra.cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "nightshift.yaml:3 [bold]: it is wrong. Put it right.\n"
