"""The repository's own prefect.yaml, deployed for real: its cron must yield planned runs, its flows must run.

A wrong SQLAlchemy lets the server start, accept deployments and schedule nothing.
"""

import os
import subprocess
import sys
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml

from infra.local import Endpoints
from nightshift.project import Project
from nightshift.services.store import state
from nightshift.simulation.line.dataset import write_line

pytestmark = pytest.mark.live
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def nightly(stack: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The deployment of the nightly flow, after `prefect deploy --all`."""
    home = {"PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")), "PWD": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=PROJECT,
        env={**os.environ, **stack.environment(), **home, "PYTHONPATH": str(PROJECT), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(httpx.get(f"{stack.prefect_api}/deployments/name/nightly/nightly").raise_for_status().json())


def planned(stack: Endpoints, deployment: str, patience: float = 60) -> list[dict[str, Any]]:
    """Ask until the scheduler has planned runs; it looks every few seconds."""
    asked = {"deployments": {"id": {"any_": [deployment]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = httpx.post(f"{stack.prefect_api}/flow_runs/filter", json=asked).raise_for_status().json()
        if found:
            return list(found)
        time.sleep(0.5)
    return []


def test_the_cron_yields_runs_at_its_hour_in_its_own_timezone(stack: Endpoints, nightly: dict[str, Any]) -> None:
    runs = planned(stack, nightly["id"])
    assert runs
    times = [datetime.fromisoformat(each["expected_start_time"]) for each in runs]
    assert {each.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") for each in times} == {"01:00"}


def test_a_second_round_at_the_same_time_is_cancelled(nightly: dict[str, Any]) -> None:
    assert nightly["global_concurrency_limit"]["limit"] == 1
    assert nightly["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_the_stacks_worker_will_run_it(nightly: dict[str, Any]) -> None:
    assert nightly["work_pool_name"] == "nightshift"


def test_the_worker_runs_a_deployed_flow_against_the_servers_of_the_stack(
    nightly: dict[str, Any], stack: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _small_project(tmp_path, stack.bucket)
    deployment = httpx.get(f"{stack.prefect_api}/deployments/name/backfill/backfill").raise_for_status().json()
    assert deployment["work_pool_name"] == nightly["work_pool_name"]
    asked = {"parameters": {"config": str(config)}, "state": {"type": "SCHEDULED"}}
    made = httpx.post(f"{stack.prefect_api}/deployments/{deployment['id']}/create_flow_run", json=asked)
    run = made.raise_for_status().json()
    while run["state_type"] not in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}:
        time.sleep(1)
        run = httpx.get(f"{stack.prefect_api}/flow_runs/{run['id']}").raise_for_status().json()
    assert run["state_type"] == "COMPLETED", run["state"]
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    assert state.read_head(Project.load(config).store) == 0, "the round is sealed in the store"


def _small_project(home: Path, bucket: str) -> Path:
    write_line(home / "line", clips_day=2, clips_night=0, frames_per_clip=2, seed=1)
    name = f"deployed-{uuid.uuid4().hex[:8]}"
    content = {
        "project": name,
        "ontology": [{"name": "gear"}],
        "frames": {"source": str(home / "line")},
        "store": {"uri": f"s3://{bucket}/{name}"},
        "teacher": {"name": "none"},
    }
    path = home / "nightshift.yaml"
    path.write_text(yaml.safe_dump(content))
    return path
