"""One MLflow run a round, found by its round number, so that logging a round twice changes no figure.

Uses MlflowClient only, never the fluent API's global state. Knows nothing of Prefect and of who asks.
"""

import os
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from mlflow import MlflowClient
from mlflow.entities import Run

from nightshift.domain.errors import ConfigError, TrackingError
from nightshift.domain.rounds import Plan, Sealed
from nightshift.services.addresses import check_server, without_login
from nightshift.services.patience import Patience
from nightshift.services.tracking import board, contests, registry, runs
from nightshift.services.tracking.contests import Entry
from nightshift.services.tracking.dataset import DatasetNote, data_input
from nightshift.services.tracking.errors import TIMEOUTS, mlflow_call
from nightshift.services.tracking.steady import steady

URI_VARIABLE = "MLFLOW_TRACKING_URI"
LOGIN = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
NOTHING: Mapping[str, str] = MappingProxyType({})
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


@dataclass(frozen=True, slots=True)
class RunLink:
    """Where a round lies in MLflow; `url` is None without a server to open it on."""

    run_id: str
    url: str | None


@dataclass(frozen=True, slots=True)
class LoggedRound:
    """What MLflow shows of a round: its number, and every figure by MLflow's name for it."""

    number: int
    run_id: str
    metrics: Mapping[str, float]


def check_tracking_uri(uri: str) -> None:
    """Whether MLflow may be there: an http(s) server, or a database of the kinds that MLflow opens itself.

    Raises:
        ConfigError: a folder, a plugin's address, or a server where none should be.
    """
    scheme = uri.partition("://")[0].partition("+")[0]
    if "://" in uri and scheme in DATABASES:
        host = urlsplit(uri).hostname
        if host:
            check_server(URI_VARIABLE, f"http://[{host}]" if ":" in host else f"http://{host}")
    elif scheme in {"http", "https"}:
        check_server(URI_VARIABLE, uri)
    else:
        remedy = "Set it to the http(s) address of a tracking server; `nightshift up` starts one."
        raise ConfigError(URI_VARIABLE, "it is no server's address", remedy)


def _without_login(uri: str, environ: MutableMapping[str, str]) -> str:
    """A server's address alone: a login in it moves to MLflow's own variables, as its errors quote addresses."""
    parts = urlsplit(uri)
    if not uri.startswith("http") or parts.username is None:
        return uri
    environ.update(zip(LOGIN, (unquote(parts.username), unquote(parts.password or "")), strict=True))
    return without_login(uri)


class Tracking:
    """Rounds in MLflow. All errors are TrackingError, and ServiceDown when the server does not answer any more.

    Args:
        client: talks to the tracking server and the registry.
        address: of the server, for links; None where there is none.
        patience: with the server; a night's when left out.
    """

    def __init__(self, client: MlflowClient, address: str | None = None, patience: Patience | None = None) -> None:
        self._address, self._patience = address, patience or Patience(f"MLflow at {address or 'its database'}")
        self._client = steady(client, self._patience)

    @classmethod
    def connect(
        cls,
        uri: str | None = None,
        environ: MutableMapping[str, str] = os.environ,
        patience: Patience | None = None,
    ) -> "Tracking":
        """Open a tracking server (or a database URI), and see that it answers.

        Args:
            uri: its address; from the environment when left out.
            environ: where MLFLOW_TRACKING_URI is looked up.
            patience: with the server; a night's when left out.

        Raises:
            TrackingError: no address is given, or nobody answers there to the end of our patience.
            ConfigError: the address is no place for a server.
        """
        uri = uri or environ.get(URI_VARIABLE)
        if not uri:
            raise TrackingError("MLflow", f"{URI_VARIABLE} is not set", "Set it, or run `nightshift up`.")
        shown = without_login(uri)
        check_tracking_uri(uri)
        uri = _without_login(uri, environ)
        with mlflow_call(shown, TIMEOUTS | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}):
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            made = cls(client, shown.rstrip("/") if uri.startswith("http") else None, patience)
            made._client.search_experiments(max_results=1)
        return made

    def log_round(
        self,
        project: str,
        plan: Plan,
        sealed: Sealed,
        artifacts: Mapping[str, Path | bytes],
        dataset: DatasetNote | None = None,
        curves: Sequence[Mapping[str, float]] = (),
        weights_uri: str | None = None,
        links: Mapping[str, str] = NOTHING,
    ) -> RunLink:
        """Write the round's run, whole. Again, or after a crash halfway: the same run, the same figures.

        Args:
            project: names the experiment and the registered model.
            plan: its inputs, logged as parameters.
            sealed: its figures, logged as metrics with the round as step.
            artifacts: path in the run → a file, or its bytes.
            dataset: what the student was trained on; None if nothing was trained.
            curves: per epoch, name → value.
            weights_uri: s3:// URI of this round's student.
            links: label → address, shown in the run's description.

        Raises:
            TrackingError: MLflow refused, or did not answer to the end of our patience.
            ServiceDown: it has not answered several times in a row.
        """
        with mlflow_call(f"{project}, {runs.run_name(plan.number)}"):
            run = runs.open_run(self._client, self._patience, project, plan)
            runs.log_params(self._client, run, plan)
            runs.log_metrics(self._client, run, plan, sealed, curves)
            if dataset is not None:
                self._client.log_inputs(run.info.run_id, [data_input(dataset)])
            runs.log_artifacts(self._client, run, artifacts)
            registry.register(self._client, self._patience, project, sealed, run.info.run_id, weights_uri)
            runs.finish(self._client, run, plan, sealed, links)
        return RunLink(run.info.run_id, self._url(run))

    def log_contest(self, experiment: str, ident: str, whole: Entry, parts: Sequence[Entry]) -> RunLink:
        """Write a comparison of students: one run for the whole, and below it one for each training.

        Args:
            experiment: its name; made if it is not there.
            ident: of this comparison; with the same one, the same runs are written again.
            whole: the run above the others.
            parts: the others.

        Raises:
            TrackingError: MLflow refused, or did not answer to the end of our patience.
        """
        with mlflow_call(experiment):
            run = contests.log_contest(self._client, self._patience, experiment, ident, whole, parts)
        return RunLink(run.info.run_id, self._url(run))

    def restore(self, project: str) -> None:
        """Take the project's experiment out of MLflow's bin, if somebody put it there; nothing happens otherwise."""
        with mlflow_call(project):
            known = self._client.get_experiment_by_name(project)
            if known is not None and known.lifecycle_stage == "deleted":
                self._client.restore_experiment(known.experiment_id)

    def rounds(self, project: str) -> list[LoggedRound]:
        """Every round of the project as MLflow shows it, oldest first; none before the first round."""
        with mlflow_call(project):
            found = runs.all_runs(self._client, project)
        return [LoggedRound(number, run.info.run_id, run.data.metrics) for number, run in sorted(found.items())]

    def experiment_url(self, project: str) -> str | None:
        """Where all rounds of the project can be seen; None without a server or before the first round."""
        with mlflow_call(project):
            experiment = self._client.get_experiment_by_name(project)
        if self._address is None or experiment is None:
            return None
        return board.url(self._address, experiment.experiment_id)

    def _url(self, run: Run) -> str | None:
        if self._address is None:
            return None
        return f"{self._address}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
