"""What Prefect needs to find the flows and run their shards."""

import inspect

import pytest
from prefect.flows import load_flow_from_entrypoint
from prefect.task_runners import ThreadPoolTaskRunner

from nightshift.domain.errors import UnknownName
from tasks.runner import VARIABLE, runner


@pytest.mark.parametrize("name", ["nightly", "backfill"])
def test_a_worker_finds_the_flow_and_its_sibling_packages(name: str) -> None:
    flow = load_flow_from_entrypoint(f"flows/{name}.py:{name}", use_placeholder_flow=False)
    assert flow.name == name
    assert list(flow.parameters.properties) == ["config"], "the form in Prefect asks for the configuration only"


def test_a_backfill_trains_nothing() -> None:
    flow = load_flow_from_entrypoint("flows/backfill.py:backfill", use_placeholder_flow=False)
    assert "train(" not in inspect.getsource(flow.fn)


def test_shards_run_in_threads_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert isinstance(runner(), ThreadPoolTaskRunner)


def test_an_unknown_task_runner_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="ray, threads"):
        runner("dusk")
