"""A comparison of students in MLflow: one run for the whole, and below it one for each training.

Knows nothing of how students are trained; errors and patience are those of rounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from nightshift.services.patience import Patience
from nightshift.services.tracking.names import curve_metrics, segment
from nightshift.services.tracking.steady import make

TAG = "nightshift.contest"
PARENT = "mlflow.parentRunId"
POINTS = 1000  # metrics in one call


@dataclass(frozen=True, slots=True)
class Entry:
    """One run.

    Args:
        name: of the run.
        params: what was asked for.
        metrics: what came of it.
        tags: more, as text.
        curves: per epoch, name → value.
    """

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    curves: Sequence[Mapping[str, float]] = ()


def log_contest(
    client: MlflowClient, patience: Patience, experiment: str, ident: str, whole: Entry, parts: Sequence[Entry]
) -> Run:
    """Write all runs; again, with the same ident, the same runs are filled again.

    Args:
        client: of MLflow.
        patience: with it.
        experiment: its name; made if it is not there.
        ident: of this comparison.
        whole: the run above the others.
        parts: the others.
    """
    place = _experiment(client, experiment)
    parent = _run(client, patience, place, f"{ident}/", whole, {})
    for part in parts:
        _run(client, patience, place, f"{ident}/{part.name}", part, {PARENT: parent.info.run_id})
    client.set_terminated(parent.info.run_id)
    return parent


def _run(client: MlflowClient, patience: Patience, place: str, mark: str, entry: Entry, more: Mapping[str, str]) -> Run:
    tags = {TAG: mark, "mlflow.user": "nightshift", "mlflow.source.name": "nightshift", **entry.tags, **more}

    def look() -> Run | None:
        return next(iter(client.search_runs([place], f"tags.`{TAG}` = '{mark}'", max_results=1)), None)

    run = look() or make(patience, lambda: client.create_run(place, None, tags, entry.name), look)
    began = int(run.info.start_time)
    points = [Metric(segment(name), float(value), began, 0) for name, value in entry.metrics.items() if isfinite(value)]
    points += [Metric(name, value, began, step) for name, value, step in curve_metrics(entry.curves)]
    params = [Param(key, str(value)) for key, value in entry.params.items()]
    client.log_batch(run.info.run_id, points[:POINTS], params, [RunTag(*each) for each in entry.tags.items()])
    if more:
        client.set_terminated(run.info.run_id)
    return run


def _experiment(client: MlflowClient, name: str) -> str:
    known = client.get_experiment_by_name(name)
    if known is not None:
        return str(known.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException as error:
        found = client.get_experiment_by_name(name)
        if error.error_code != "RESOURCE_ALREADY_EXISTS" or found is None:
            raise
        return str(found.experiment_id)
