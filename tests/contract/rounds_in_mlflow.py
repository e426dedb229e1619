"""Rounds to log in MLflow, and all that MLflow shows of them afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import ViewType

from nightshift.domain.rounds import Plan, Sealed, Weights
from nightshift.services.patience import Limits, Patience
from nightshift.services.tracking import DatasetNote, Tracking
from nightshift.services.tracking.tracking import RunLink

WHEN = datetime(2026, 11, 21, 2, tzinfo=UTC)
CURVES = ({"train/box_loss": 2.0}, {"train/box_loss": 1.0})


def hasty(limits: Limits | None = None) -> Patience:
    """As many attempts as at night, without the pauses."""
    return Patience("MLflow", limits, sleep=lambda _: None)


def planned(number: int, champion: int | None = None, map50: float = 0.5) -> tuple[Plan, Sealed]:
    opened = WHEN + timedelta(days=number)
    config = {"student": {"steps": 800}, "notes": "y" * 9000} | {f"k{i}": i for i in range(150)}
    plan = Plan(number, number - 1 if number else None, "nightly", opened, config, "ab" * 32, None, 7, {"torch": "2"})
    weights = None if champion is None else Weights(champion, f"rounds/{champion:04d}/w.pt", f"{champion:02d}" * 32)
    figures = {"map50": map50, "human_usd": 3.25, "total_usd": 4.0}
    ended = opened + timedelta(minutes=9)
    sealed = Sealed(number, plan.parent, "nightly", ended, weights, figures, {"gear/2": 0.4}, {"train": 131.5})
    return plan, sealed


def log(tracking: Tracking, project: str, number: int, champion: int | None = None, map50: float = 0.5) -> RunLink:
    return tracking.log_round(
        project,
        *planned(number, champion, map50),
        {"report.html": b"<h1>Round</h1>", "curves/results.csv": b"epoch\n1\n"},
        DatasetNote("line", f"{number:02d}" * 32, f"s3://bucket/rounds/{number:04d}/labels.parquet", 40, 120),
        CURVES,
        f"s3://bucket/rounds/{number:04d}/w.pt",
        {"Label Studio": "http://127.0.0.1:8080"},
    )


def everything(client: MlflowClient, project: str) -> dict[str, Any]:
    """All that MLflow shows of a project, without the ids and times it makes up itself."""
    experiment = client.get_experiment_by_name(project)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    versions = sorted(client.search_model_versions(f"name = '{project}'"), key=lambda each: int(each.version))
    model = client.get_registered_model(project) if versions else None
    return {
        "runs": [shown(client, run) for run in found],
        "versions": [(each.version, each.source, each.tags, each.description) for each in versions],
        "aliases": {name: str(version) for name, version in model.aliases.items()} if model else {},
        "model": model.tags if model else {},
        "experiment": experiment.tags,
    }


def shown(client: MlflowClient, run: Any) -> dict[str, Any]:
    run_id = run.info.run_id
    points = {name: client.get_metric_history(run_id, name) for name in run.data.metrics}
    files = [file.path for folder in (None, "curves") for file in client.list_artifacts(run_id, folder)]
    return {
        "name": run.info.run_name,
        "status": (run.info.status, run.info.start_time, run.info.end_time),
        "points": {n: [(each.step, each.value, each.timestamp) for each in p] for n, p in points.items()},
        "params": run.data.params,
        "inputs": [(each.dataset.digest, each.dataset.source) for each in run.inputs.dataset_inputs],
        "files": files,
        "note": run.data.tags["mlflow.note.content"],
    }


def binned(client: MlflowClient, project: str) -> int:
    """How many runs lie in MLflow's bin."""
    experiment = client.get_experiment_by_name(project)
    assert experiment is not None
    return len(client.search_runs([experiment.experiment_id], run_view_type=ViewType.DELETED_ONLY))
