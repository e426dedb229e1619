"""An early round asked for at Prefect: once after each sealed round, by the deployment's own name."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.testing.utilities import prefect_test_harness

from infra.webhook.early import Starter

pytestmark = [
    pytest.mark.slow,
    # Prefect's test server and client leave sockets behind, whenever they are collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@flow(name="early")
def early() -> None:
    """Never run here: no worker polls."""


@pytest.fixture(scope="module")
def deployed() -> Iterator[str]:
    with prefect_test_harness():
        asyncio.run(_deploy())
        yield "early/nightly"
    gc.collect()


async def _deploy() -> None:
    async with get_client() as client:
        number = await client.create_flow(early)
        await client.create_deployment(number, name="nightly")


async def _runs() -> int:
    async with get_client() as client:
        return len(await client.read_flow_runs())


def test_one_run_is_made_for_each_sealed_round_however_often_it_is_asked_for(deployed: str, tmp_path: Path) -> None:
    start = Starter(tmp_path / "nightshift.yaml", deployed)
    said = [start(3), start(3), Starter(tmp_path / "nightshift.yaml", deployed)(3)]
    assert len(set(said)) == 1
    assert "Prefect runs early/nightly" in said[0]
    assert asyncio.run(_runs()) == 1
    start(4)
    assert asyncio.run(_runs()) == 2


@pytest.mark.usefixtures("deployed")
def test_a_flow_that_is_not_deployed_is_left_to_a_process_of_its_own(tmp_path: Path) -> None:
    assert Starter(tmp_path / "nightshift.yaml", "nobody/deployed")._by_prefect("key") is None
