"""One MLflow run a round, found by its round number, so that logging a round twice changes no figure.

Uses MlflowClient only, never the fluent API's global state. Knows nothing of Prefect and of who asks.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mlflow import MlflowClient
from mlflow.entities import Run

from nightshift.domain.errors import TrackingError
from nightshift.domain.rounds import Plan, Sealed
from nightshift.services.tracking import board, registry, runs
from nightshift.services.tracking.dataset import DatasetNote, data_input
from nightshift.services.tracking.errors import PATIENCE, mlflow_call

URI_VARIABLE = "MLFLOW_TRACKING_URI"
NOTHING: Mapping[str, str] = MappingProxyType({})


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


class Tracking:
    """Rounds in MLflow.

    Args:
        client: talks to the tracking server and the registry.
        address: of the server, for links; None where there is none.
    """

    def __init__(self, client: MlflowClient, address: str | None = None) -> None:
        self._client, self._address = client, address

    @classmethod
    def connect(cls, uri: str | None = None, environ: Mapping[str, str] = os.environ) -> "Tracking":
        """Open a tracking server (or a database URI), and see that it answers.

        Raises:
            TrackingError: no address is given, or nobody answers there.
        """
        uri = uri or environ.get(URI_VARIABLE)
        if not uri:
            raise TrackingError("MLflow", f"{URI_VARIABLE} is not set", "Set it, or run `nightshift up`.")
        shown = re.sub(r"(?<=://)[^/@]+@", "", uri)
        once = PATIENCE | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
        with mlflow_call(shown, once):
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.search_experiments(max_results=1)
        return cls(client, shown.rstrip("/") if uri.startswith("http") else None)

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
            TrackingError: MLflow refused, or is not there.
        """
        with mlflow_call(f"{project}, {runs.run_name(plan.number)}"):
            run = runs.open_run(self._client, project, plan)
            runs.log_params(self._client, run, plan)
            runs.log_metrics(self._client, run, plan, sealed, curves)
            if dataset is not None:
                self._client.log_inputs(run.info.run_id, [data_input(dataset)])
            runs.log_artifacts(self._client, run, artifacts)
            registry.register(self._client, project, sealed, run.info.run_id, weights_uri)
            runs.finish(self._client, run, plan, sealed, links)
        return RunLink(run.info.run_id, self._url(run))

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
