"""A round that finds another one running, against real servers."""

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from infra.local import Endpoints
from nightshift.services.store.lease import Lease
from nightshift.services.store.s3 import Store
from tests.live.desk_rig import s3_client

pytestmark = [pytest.mark.live, pytest.mark.slow]


def _configuration(folder: Path, project: str, bucket: str) -> Path:
    content = {
        "project": project,
        "ontology": [{"name": "gear"}],
        "frames": {"source": str(folder)},
        "store": {"uri": f"s3://{bucket}/{project}"},
        "teacher": {"name": "none"},
    }
    path = folder / "nightshift.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


async def _newest(api: str) -> FlowRun:
    async with PrefectClient(api) as client:
        return (await client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=1))[0]


def test_it_says_who_holds_the_lease_and_ends_as_skipped(stack: Endpoints, tmp_path: Path) -> None:
    project = f"skipped-{uuid.uuid4().hex[:8]}"
    config = _configuration(tmp_path, project, stack.bucket)
    store = Store.connect(f"s3://{stack.bucket}/{project}", client=s3_client(stack))
    words = [sys.executable, "-m", "infra.cli", "round", "--config", str(config)]
    with Lease(store, owner="the-night-box:7"):
        done = subprocess.run(words, env=os.environ | stack.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the-night-box:7 holds it since" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    run = asyncio.run(_newest(stack.prefect_api))
    assert run.state is not None
    assert (run.state.type.value, run.state.name) == ("COMPLETED", "Skipped")
    assert "the-night-box:7" in str(run.state.message)
