"""Logging a round to a real MLflow server whose answers get lost: one run, one version, the same figures."""

import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from mlflow import MlflowClient

from nightshift.domain.errors import ServiceDown, TrackingError
from nightshift.services.patience import Limits
from nightshift.services.tracking import Tracking
from tests.contract.mlflow_server import mlflow_server
from tests.contract.rounds_in_mlflow import binned, everything, hasty, log
from tests.contract.stumbling import FAULTS, Stumbling, stumbling_proxy

pytestmark = pytest.mark.slow
_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow server")) as address:
        yield address


@pytest.fixture(scope="module")
def client(server: str) -> MlflowClient:
    return MlflowClient(tracking_uri=server, registry_uri=server)


@pytest.fixture
def proxy(server: str) -> Iterator[tuple[str, Stumbling]]:
    with stumbling_proxy(server) as made:
        yield made


@pytest.fixture
def project() -> str:
    return f"project {next(_numbers)}"


@pytest.fixture(scope="module")
def undisturbed(server: str, client: MlflowClient) -> dict[str, object]:
    log(Tracking.connect(server), "undisturbed", 1, champion=1)
    return everything(client, "undisturbed")


@pytest.mark.parametrize("fault", ["503 before", "502 after", "dropped after", "truncated after"])
def test_whichever_request_stumbles_the_round_is_logged_once_and_whole(
    client: MlflowClient,
    proxy: tuple[str, Stumbling],
    project: str,
    undisturbed: dict[str, object],
    fault: str,
) -> None:
    address, stumbling = proxy
    tracking = Tracking.connect(address, patience=hasty())
    for number in count():
        name = f"{project} request {number}"
        stumbling.only(number, fault)
        log(tracking, name, 1, champion=1)
        if len(stumbling.seen) <= number:
            break
        assert everything(client, name) == undisturbed, stumbling.seen[number]
        assert binned(client, name) == 0, stumbling.seen[number]
    assert number > 20


@pytest.mark.parametrize("seed", range(3))
def test_nights_in_which_every_fourth_request_stumbles_end_as_quiet_ones(
    client: MlflowClient, server: str, proxy: tuple[str, Stumbling], project: str, seed: int
) -> None:
    address, stumbling = proxy
    chance = random.Random(seed)  # noqa: S311 - no secret
    quiet, shaken = f"{project} quiet", f"{project} shaken"
    stumbling.which = lambda *_: chance.choice(FAULTS) if chance.random() < 0.25 else None
    for name, where in ((quiet, server), (shaken, address)):
        tracking = Tracking.connect(where, patience=hasty())
        for number, champion in ((0, None), (1, 1), (2, 1), (3, 3)):
            log(tracking, name, number, champion)
    assert everything(client, shaken) == everything(client, quiet)


def test_a_server_that_dies_between_any_two_requests_leaves_what_the_next_night_completes(
    client: MlflowClient, proxy: tuple[str, Stumbling], project: str, undisturbed: dict[str, object]
) -> None:
    address, stumbling = proxy
    for number in count():
        name = f"{project} dies at {number}"
        tracking = Tracking.connect(address, patience=hasty(Limits(attempts=2)))
        stumbling.seen.clear()
        stumbling.which = lambda n, *_, last=number: (
            "dropped after" if n == last else "503 before" if n > last else None
        )
        try:
            log(tracking, name, 1, champion=1)
        except TrackingError as error:
            assert "run the round again" in str(error)  # noqa: PT017 - the last one ends without
            stumbling.which = lambda *_: None
            log(Tracking.connect(address, patience=hasty()), name, 1, champion=1)
            assert everything(client, name) == undisturbed
            assert binned(client, name) == 0
        else:
            break
    assert number > 20


def test_a_run_that_was_made_twice_becomes_one_and_the_finished_one_stands(
    client: MlflowClient, server: str, project: str
) -> None:
    tracking = Tracking.connect(server)
    link = log(tracking, project, 1, champion=1)
    before = everything(client, project)
    run = client.get_run(link.run_id)
    late = [
        client.create_run(run.info.experiment_id, run.info.start_time - 1, {"nightshift.round": "1"}) for _ in range(2)
    ]
    assert [each.run_id for each in tracking.rounds(project)] == [link.run_id]  # an empty one is not shown
    assert log(tracking, project, 1, champion=1) == link
    assert everything(client, project) == before
    assert binned(client, project) == len(late)


def test_of_two_unfinished_runs_the_older_one_is_completed(client: MlflowClient, server: str, project: str) -> None:
    experiment = client.create_experiment(project)
    made = [client.create_run(experiment, start, {"nightshift.round": "1"}) for start in (2000, 1000, 1000)]
    oldest = min(made[1:], key=lambda run: run.info.run_id)
    assert log(Tracking.connect(server), project, 1).run_id == oldest.info.run_id
    assert binned(client, project) == 2


def test_a_version_that_was_made_twice_becomes_one_and_keeps_the_alias(
    client: MlflowClient, server: str, project: str
) -> None:
    tracking = Tracking.connect(server)
    log(tracking, project, 1, champion=1)
    before = everything(client, project)
    first = client.get_model_version(project, "1")
    client.create_model_version(project, first.source, first.run_id, first.tags)
    client.set_registered_model_alias(project, "champion", "2")
    log(tracking, project, 1, champion=1)
    assert everything(client, project) == before


def test_a_server_that_is_down_for_minutes_ends_the_night_with_what_to_do_and_the_next_goes_on(
    client: MlflowClient, proxy: tuple[str, Stumbling], project: str, undisturbed: dict[str, object]
) -> None:
    address, stumbling = proxy
    tracking = Tracking.connect(address, patience=hasty())
    stumbling.seen.clear()
    stumbling.which = lambda n, *_: "503 before" if n > 6 else None
    for _ in range(5):  # Prefect's retries, and a person's
        with pytest.raises(TrackingError, match=r"503.*run the round again"):
            log(tracking, project, 1, champion=1)
    asked = len(stumbling.seen)
    with pytest.raises(ServiceDown, match=r"MLflow: it has not answered 5 requests in a row since .*goes on where"):
        log(tracking, project, 1, champion=1)
    assert len(stumbling.seen) == asked
    with pytest.raises(TrackingError, match=r"run the round again"):
        Tracking.connect(address, patience=hasty())
    stumbling.which = lambda *_: None
    log(Tracking.connect(address, patience=hasty()), project, 1, champion=1)
    assert everything(client, project) == undisturbed


def test_retries_that_somebody_switched_on_for_mlflow_itself_make_no_second_run(
    client: MlflowClient,
    proxy: tuple[str, Stumbling],
    project: str,
    undisturbed: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    address, stumbling = proxy
    tracking, lost = Tracking.connect(address, patience=hasty()), set()

    def once(_: int, method: str, path: str) -> str | None:
        known = (method, path) in lost
        lost.add((method, path))
        return None if known else "dropped after"

    stumbling.which = once
    log(tracking, project, 1, champion=1)
    found = everything(client, project)
    assert found == undisturbed
    assert binned(client, project) == 1


def test_artifacts_come_out_as_they_went_in_after_a_spoilt_upload(
    client: MlflowClient, proxy: tuple[str, Stumbling], project: str, tmp_path: Path
) -> None:
    address, stumbling = proxy
    stumbling.which = lambda n, method, _: "truncated after" if method == "PUT" and n % 2 else None
    link = log(Tracking.connect(address, patience=hasty()), project, 1)
    read = client.download_artifacts(link.run_id, "report.html", str(tmp_path))
    assert Path(read).read_bytes() == b"<h1>Round</h1>"
