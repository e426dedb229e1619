"""No secret of the environment turns up in anything that a round leaves behind, whether it goes well or fails."""

import base64
import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from infra.local import Endpoints, Stack
from nightshift.project import Project
from nightshift.services.store import state
from tests.live.secret_hunt import Hunt, guises
from tests.live.small_project import answer, command, configure, draw_line

pytestmark = [pytest.mark.live, pytest.mark.slow]
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def planted(local_stack: Stack) -> dict[str, str]:
    """Secrets that nothing else could look like."""
    kept = json.loads((local_stack.folder / "secrets.json").read_text())
    own = {name: kept[name] for name in ("secret_key", "label_studio_token", "label_studio_password")}
    made = ("mlflow_password", "webhook_secret", "hf_token", "prefect_password", "wrong_key", "wrong_token")
    return own | {name: f"{name.replace('_', '')}{uuid.uuid4().hex}" for name in made}


@pytest.fixture
def environment(stack: Endpoints, planted: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """As a team would have it: every server's secret in the environment, MLflow's inside its address."""
    login = f"http://night:{planted['mlflow_password']}@"
    said = stack.environment() | {
        "MLFLOW_TRACKING_URI": stack.mlflow.replace("http://", login),
        "NIGHTSHIFT_WEBHOOK_SECRET": planted["webhook_secret"],
        "PREFECT_API_AUTH_STRING": f"night:{planted['prefect_password']}",
        "HF_TOKEN": planted["hf_token"],
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_line(tmp_path_factory.mktemp("line"))


@pytest.fixture
def config(tmp_path: Path, line: Path) -> Path:
    return configure(tmp_path, line, f"secrets-{uuid.uuid4().hex[:8]}")


def run(name: str, config: Path, environment: Mapping[str, str], log: str) -> int:
    """A command's exit code; all that it says goes to the log."""
    with (config.parent / log).open("wb") as output:
        done = subprocess.run(
            command(name, config), env=dict(environment), stdout=output, stderr=output, check=False, timeout=500
        )
    return done.returncode


def failures(stack: Endpoints, planted: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """(name, what is wrong in the environment, what must be said of it)."""
    login = f"http://night:{planted['mlflow_password']}@{NOWHERE}"
    yield "wrong-key", {"AWS_ACCESS_KEY_ID": "NOBODY", "AWS_SECRET_ACCESS_KEY": planted["wrong_key"]}, "s3://"
    yield "s3-down", {"AWS_ENDPOINT_URL_S3": f"http://{NOWHERE}"}, "AWS_ENDPOINT_URL_S3"
    yield "wrong-token", {"LABEL_STUDIO_API_KEY": planted["wrong_token"]}, "LABEL_STUDIO_API_KEY"
    yield "label-studio-down", {"LABEL_STUDIO_URL": f"http://{NOWHERE}"}, "LABEL_STUDIO_URL"
    yield "mlflow-down", {"MLFLOW_TRACKING_URI": login}, "MLflow"
    assert stack.mlflow not in login


def tasks_of(stack: Endpoints, title: str) -> bytes:
    """Everything that Label Studio says of a project's tasks, and of its storages."""
    with httpx.Client(base_url=stack.label_studio, timeout=60) as client:
        client.headers["Authorization"] = f"Token {stack.label_studio_token}"
        (project,) = [each for each in client.get("/api/projects").json()["results"] if each["title"] == title]
        query = {"project": project["id"], "fields": "all", "page_size": 1000}
        told = [client.get("/api/tasks", params=query), client.get("/api/storages/s3", params=query)]
        assert told[0].json()["total"] > 0
        return b"".join(each.content for each in told)


def test_rounds_that_go_well_and_rounds_that_fail_keep_every_secret(
    config: Path, line: Path, environment: dict[str, str], planted: dict[str, str], stack: Endpoints, local_stack: Stack
) -> None:
    hunt, home = Hunt(planted), config.parent
    with hunt.on_command_lines() as seen:
        assert run("backfill", config, environment, "backfill.log") == 0, (home / "backfill.log").read_text()[-3000:]
        project = Project.load(config)
        assert answer(config, line) > 0
        for name, wrong, said in failures(stack, planted):
            assert run("round", config, environment | wrong, f"{name}.log") == 2, name
            assert said in (home / f"{name}.log").read_text(), name
        assert run("doctor", config, environment, "doctor.log") == 0, (home / "doctor.log").read_text()
        assert run("round", config, environment, "round.log") == 0, (home / "round.log").read_text()[-3000:]
    assert seen == {}, "on command lines"
    assert state.read_head(project.store) == 1, "what had failed went on and was sealed"
    assert hunt.in_files(home) == {}
    assert hunt.in_bucket(stack, project.config.project) == {}
    assert hunt.seen(tasks_of(stack, project.config.project)) == set()
    assert hunt.in_files(local_stack.folder, ("secrets.json", "env", "label_studio.sqlite3*")) == {}
    _label_studio_knows_its_own_secrets_only(hunt, local_stack.folder)


def _label_studio_knows_its_own_secrets_only(hunt: Hunt, folder: Path) -> None:
    """It presigns with the keys of the bucket, and knows its own token."""
    (database,) = folder.rglob("label_studio.sqlite3")
    assert hunt.seen(database.read_bytes()) <= {"secret_key", "label_studio_token"}


@pytest.mark.parametrize("before", ["", "a", "ab", "night:", "user:pass"])
def test_the_hunt_finds_what_hides(before: str) -> None:
    hidden = base64.b64encode(f"{before}s3cr3t-value/with+signs and more".encode())
    assert any(guise in hidden for guise in guises("s3cr3t-value/with+signs"))
    assert Hunt({"it": "s3cr3t-value/with+signs"}).seen(hidden) == {"it"}
