"""Logging a round to MLflow: over its database, and over the real server where one runs."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow.data
import pytest
from mlflow import MlflowClient

from nightshift.domain.errors import TrackingError
from nightshift.services.tracking import Entry, Tracking
from nightshift.services.tracking.errors import FIXED, TIMEOUTS, mlflow_call
from tests.contract.rounds_in_mlflow import everything, hasty, log, planned

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`

WRITES = ("create_run", "log_batch", "log_inputs", "log_artifact", "create_model_version", "set_registered_model_alias")
_numbers = itertools.count()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An MLflow database, migrated once."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(params=["database", pytest.param("server", marks=pytest.mark.live)])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "server":
        return str(request.getfixturevalue("stack").mlflow)
    monkeypatch.chdir(tmp_path)  # MLflow keeps artifacts of a database under the working folder
    return str(request.getfixturevalue("database"))


@pytest.fixture
def client(address: str) -> MlflowClient:
    return MlflowClient(tracking_uri=address, registry_uri=address)


@pytest.fixture
def project(client: MlflowClient) -> Iterator[str]:
    """A name that no other test has used; what was made under it leaves a kept server again."""
    name = f"test {next(_numbers)} {datetime.now(UTC):%H%M%S%f}"
    yield name
    for experiment in client.search_experiments(filter_string=f"name LIKE '{name}%'"):
        client.delete_experiment(experiment.experiment_id)
    for model in client.search_registered_models(f"name LIKE '{name}%'"):
        client.delete_registered_model(model.name)


def test_a_round_is_one_run_with_all_its_figures(client: MlflowClient, address: str, project: str) -> None:
    link = log(Tracking.connect(address), project, 7, champion=7)
    (shown,) = everything(client, project)["runs"]
    assert shown["name"] == "round-0007"
    assert shown["status"][0] == "FINISHED"
    points = {name: [(step, value) for step, value, _ in said] for name, said in shown["points"].items()}
    assert points["map50"] == [(7, 0.5)]
    assert points["seconds/train"] == [(7, 131.5)]
    assert points["training/train.box_loss"] == [(1, 2.0), (2, 1.0)]
    assert any(name.startswith("ap/gear_2") for name in shown["points"])
    assert shown["params"]["config.student.steps"] == "800"
    assert shown["params"]["config.k149"] == "149"
    assert len(shown["params"]["config.notes"]) == 6000
    assert (link.url is None) == address.startswith("sqlite")


def test_a_round_logged_twice_changes_no_figure(client: MlflowClient, address: str, project: str) -> None:
    tracking = Tracking.connect(address)
    first = log(tracking, project, 1, champion=1)
    before = everything(client, project)
    assert log(tracking, project, 1, champion=1) == first
    assert everything(client, project) == before


class Dying:
    """A client that is cut off before its nth write."""

    def __init__(self, client: MlflowClient, writes: int) -> None:
        self._client, self._left = client, writes

    def __getattr__(self, name: str) -> Any:
        if name in WRITES:
            self._left -= 1
            if self._left < 0:
                raise ConnectionAbortedError("cut off")
        return getattr(self._client, name)


def test_a_round_cut_off_anywhere_is_completed_by_logging_it_again(client: MlflowClient, project: str) -> None:
    log(Tracking(client), project, 1, champion=1)
    whole = everything(client, project)
    cut = 0
    for writes in itertools.count():
        other = f"{project} cut {writes}"
        try:
            log(Tracking(Dying(client, writes), patience=hasty()), other, 1, champion=1)
        except TrackingError:
            cut += 1
            log(Tracking(client), other, 1, champion=1)
            assert everything(client, other) == whole
        else:
            break
    assert cut >= len(WRITES)


def test_a_figure_sealed_anew_replaces_the_old_one(address: str, project: str) -> None:
    tracking = Tracking.connect(address)
    log(tracking, project, 1, map50=0.5)
    log(tracking, project, 1, map50=0.4)
    assert tracking.rounds(project)[0].metrics["map50"] == 0.4


def test_rounds_are_listed_oldest_first(address: str, project: str) -> None:
    tracking = Tracking.connect(address)
    assert tracking.rounds(project) == []
    for number in (2, 0, 1):
        log(tracking, project, number, map50=number / 10)
    assert [(each.number, each.metrics["map50"]) for each in tracking.rounds(project)] == [(0, 0.0), (1, 0.1), (2, 0.2)]


def test_the_alias_follows_the_champion_and_never_goes_back(client: MlflowClient, address: str, project: str) -> None:
    tracking = Tracking.connect(address)
    for number, champion in ((0, None), (1, 1), (2, 1), (3, 3), (1, 1)):
        log(tracking, project, number, champion)
    aliased = client.get_model_version_by_alias(project, "champion")
    assert aliased.source == "s3://bucket/rounds/0003/w.pt"
    assert aliased.tags["nightshift.round"] == "3"
    assert aliased.tags["nightshift.sha256"] == "03" * 32
    assert len(client.search_model_versions(f"name = '{project}'")) == 2


def test_artifacts_can_be_read_back(client: MlflowClient, address: str, project: str, tmp_path: Path) -> None:
    link = log(Tracking.connect(address), project, 1)
    read = client.download_artifacts(link.run_id, "report.html", str(tmp_path))
    assert Path(read).read_bytes() == b"<h1>Round</h1>"
    assert Path(client.download_artifacts(link.run_id, "curves/results.csv", str(tmp_path))).exists()


def test_the_data_set_names_its_table(client: MlflowClient, address: str, project: str) -> None:
    link = log(Tracking.connect(address), project, 1)
    (used,) = client.get_run(link.run_id).inputs.dataset_inputs
    assert mlflow.data.get_source(used.dataset).uri == "s3://bucket/rounds/0001/labels.parquet"
    assert used.dataset.profile == '{"frames": 40, "boxes": 120}'


def test_what_a_person_wrote_about_the_experiment_stands(client: MlflowClient, address: str, project: str) -> None:
    tracking = Tracking.connect(address)
    log(tracking, project, 1)
    experiment = client.get_experiment_by_name(project)
    assert experiment is not None
    assert "map50" in experiment.tags["mlflow.note.content"]
    client.set_experiment_tag(experiment.experiment_id, "mlflow.note.content", "ours")
    log(tracking, project, 2)
    assert client.get_experiment(experiment.experiment_id).tags["mlflow.note.content"] == "ours"


def test_a_deleted_experiment_is_explained(client: MlflowClient, address: str, project: str) -> None:
    tracking = Tracking.connect(address)
    log(tracking, project, 1)
    experiment = client.get_experiment_by_name(project)
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    with pytest.raises(TrackingError, match="Restore it"):
        log(tracking, project, 1)


def test_a_path_outside_the_run_is_refused(address: str, project: str) -> None:
    with pytest.raises(TrackingError, match="not a path inside a run"):
        Tracking.connect(address).log_round(project, *planned(1), {"../report.html": b""})


def test_a_server_that_is_not_there_is_named_with_a_remedy() -> None:
    with pytest.raises(TrackingError, match=r"http://127.0.0.1:9: nobody answers there. .*MLFLOW_TRACKING_URI"):
        Tracking.connect("http://me:hunter2@127.0.0.1:9", {}, hasty())


def test_a_missing_address_is_explained() -> None:
    with pytest.raises(TrackingError, match="MLFLOW_TRACKING_URI is not set"):
        Tracking.connect(environ={})


def test_time_outs_are_set_for_the_call_only_and_never_over_the_users() -> None:
    surroundings = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "77"}
    with mlflow_call("x", environ=surroundings):
        assert surroundings == TIMEOUTS | FIXED | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "77"}
    assert surroundings == {"MLFLOW_HTTP_REQUEST_TIMEOUT": "77"}


def test_a_comparison_is_one_run_with_a_run_below_it_for_each_training_however_often_it_is_logged(
    client: MlflowClient, address: str, project: str
) -> None:
    whole = Entry("parts: a / b", {"steps": 60, "students": "a, b"}, {"map50": 0.5}, {"nightshift.champion": "a"})
    curves = [{"loss": 3.0}, {"loss": 2.0}]
    parts = [
        Entry(f"{name} 0", {"student": name}, {"map50": value, "ms": float("nan")}, {"nightshift.verdict": "x"}, curves)
        for name, value in (("a", 0.5), ("b", 0.25))
    ]
    tracking = Tracking.connect(address)
    links = [tracking.log_contest(project, "this one", whole, parts) for _ in range(2)]
    assert links[0] == links[1]
    experiment = client.get_experiment_by_name(project)
    assert experiment is not None
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(found) == {"parts: a / b", "a 0", "b 0"}
    for run in (found["a 0"], found["b 0"]):
        assert run.data.tags["mlflow.parentRunId"] == links[0].run_id
        assert run.info.status == "FINISHED"
        assert run.data.metrics["training/loss"] == 2.0
        assert "ms" not in run.data.metrics
    assert found["b 0"].data.metrics["map50"] == 0.25
    assert found["parts: a / b"].data.params["steps"] == "60"
