"""The run of one round: opened or found again, filled, finished. Every step can be done twice.

Where a round has two runs all the same (two processes, a request that was carried out long after we gave up on it)
the finished one counts, of several the one that started first, then the one whose id comes first. The others are
deleted as MLflow deletes: they can be restored there.
Points carry the time the plan was written, which never changes: MLflow keeps equal points once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, gettempdir
from typing import TypeVar
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from nightshift.domain.errors import TrackingError
from nightshift.domain.room import room_in
from nightshift.domain.rounds import Plan, Sealed
from nightshift.services.addresses import check_server
from nightshift.services.patience import Patience
from nightshift.services.tracking import board, names, notes
from nightshift.services.tracking.steady import make

Item = TypeVar("Item")
ARTIFACTS = frozenset({"mlflow-artifacts", "http", "https", "s3", "gs", "wasbs", "abfss"})
ROUND_TAG = "nightshift.round"
METRICS_A_CALL, PARAMS_A_CALL, RUNS_A_CALL = 1000, 100, 10_000  # MLflow's limits
EXPERIMENT_TAGS = {
    "mlflow.note.content": notes.EXPERIMENT_NOTE,
    "mlflow.experimentKind": "custom_model_development",  # otherwise its page asks every visitor
    "mlflow.experiment.primaryMetric.name": "map50",
    "mlflow.experiment.primaryMetric.greaterIsBetter": "True",
    board.TAG: board.tag(),
}


def run_name(number: int) -> str:
    """round-0007."""
    return f"round-{number:04d}"


def open_run(client: MlflowClient, patience: Patience, project: str, plan: Plan) -> Run:
    """The round's run in the project's experiment: the one that is there, or a new one."""
    experiment = _experiment(client, project)
    tags = {
        ROUND_TAG: str(plan.number),
        "nightshift.kind": plan.kind,
        "mlflow.user": "nightshift",
        "mlflow.source.name": "nightshift",
        "mlflow.source.type": "JOB",
    }

    def look() -> Run | None:
        return next(iter(_runs_of(client, experiment, plan.number)), None)

    def create() -> Run:
        return client.create_run(experiment, _ms(plan.opened_at), tags, run_name(plan.number))

    made = look() or make(patience, create, look)
    return leave_one(client, experiment, plan.number) or made


def leave_one(client: MlflowClient, experiment: str, number: int) -> Run | None:
    """The run of a round that counts; other ones are deleted."""
    found = _runs_of(client, experiment, number)
    for spare in found[1:]:
        client.delete_run(spare.info.run_id)
    return found[0] if found else None


def all_runs(client: MlflowClient, project: str) -> dict[int, Run]:
    """Round → the run that counts."""
    experiment = client.get_experiment_by_name(project)
    if experiment is None:
        return {}
    found = client.search_runs([experiment.experiment_id], max_results=RUNS_A_CALL)
    ours = sorted((run for run in found if ROUND_TAG in run.data.tags), key=_rank, reverse=True)
    return {int(run.data.tags[ROUND_TAG]): run for run in ours}


def _runs_of(client: MlflowClient, experiment: str, number: int) -> list[Run]:
    found = client.search_runs([experiment], f"tags.`{ROUND_TAG}` = '{number}'", max_results=RUNS_A_CALL)
    return sorted(found, key=_rank)


def _rank(run: Run) -> tuple[bool, int, str]:
    return run.info.status != "FINISHED", run.info.start_time, run.info.run_id


def log_params(client: MlflowClient, run: Run, plan: Plan) -> None:
    """Everything in plan.json. MLflow refuses to change a parameter, so only missing ones are sent."""
    missing = [Param(k, v) for k, v in names.params(plan).items() if k not in run.data.params]
    for chunk in _chunks(missing, PARAMS_A_CALL):
        client.log_batch(run.info.run_id, params=chunk)


def log_metrics(
    client: MlflowClient, run: Run, plan: Plan, sealed: Sealed, curves: Sequence[Mapping[str, float]]
) -> None:
    """Figures with the round as step, curves with the epoch as step; what is there already stays untouched."""
    there, opened = run.data.metrics, _ms(plan.opened_at)
    figures = [
        Metric(name, value, _ms(sealed.sealed_at) if name in there else opened, plan.number)
        for name, value in names.round_metrics(sealed).items()
        if there.get(name) != value
    ]
    epochs = [Metric(name, value, opened, epoch) for name, value, epoch in names.curve_metrics(curves)]
    for chunk in _chunks(figures + epochs, METRICS_A_CALL):
        client.log_batch(run.info.run_id, metrics=chunk)


def log_artifacts(client: MlflowClient, run: Run, artifacts: Mapping[str, Path | bytes]) -> None:
    """Files by their path in the run, such as 'report.html' or 'curves/results.csv'; the same path is replaced."""
    _check_place(client, run)
    with room_in(Path(gettempdir())), TemporaryDirectory() as folder:
        for name, content in artifacts.items():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise TrackingError(f"artifact '{name}'", "not a path inside a run", "Give a relative path.")
            local = Path(folder, path.name)
            local.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
            parent = str(path.parent)
            client.log_artifact(run.info.run_id, str(local), None if parent == "." else parent)


def _check_place(client: MlflowClient, run: Run) -> None:
    """A tracking server says where its artifacts go; it must not make us write into this machine's own folders."""
    there = urlsplit(run.info.artifact_uri or "")
    if client.tracking_uri.startswith("http") and there.scheme not in ARTIFACTS:
        remedy = "Start the MLflow server with --serve-artifacts, or with a bucket as its artifact root."
        raise TrackingError("MLflow's artifact root", "it keeps artifacts in a folder instead of serving them", remedy)
    if there.scheme in {"http", "https"}:
        check_server("MLflow's artifact root", run.info.artifact_uri)


def finish(client: MlflowClient, run: Run, plan: Plan, sealed: Sealed, links: Mapping[str, str]) -> None:
    """Describe the run, close it with the round's own times, and see that it is the only one."""
    tags = {
        "mlflow.note.content": notes.run_note(plan, sealed, links),
        "nightshift.promoted": str(notes.promoted(sealed)).lower(),
    }
    client.log_batch(run.info.run_id, tags=[RunTag(*each) for each in tags.items()])
    client.set_terminated(run.info.run_id, "FINISHED", _ms(sealed.sealed_at))
    leave_one(client, run.info.experiment_id, plan.number)


def _experiment(client: MlflowClient, project: str) -> str:
    known = client.get_experiment_by_name(project) or _new_experiment(client, project)
    if known.lifecycle_stage == "deleted":
        remedy = "Restore it there, or give the project a new name."
        raise TrackingError(f"experiment '{project}'", "deleted in MLflow", remedy)
    for key in EXPERIMENT_TAGS.keys() - known.tags.keys():  # what a person wrote there stands
        client.set_experiment_tag(known.experiment_id, key, EXPERIMENT_TAGS[key])
    return str(known.experiment_id)


def _new_experiment(client: MlflowClient, project: str) -> Experiment:
    try:
        client.create_experiment(project, tags=dict(EXPERIMENT_TAGS))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process may have been first
            raise
    known = client.get_experiment_by_name(project)
    if known is None:
        raise TrackingError(f"experiment '{project}'", "made, but not found again", "Run the round again.")
    return known


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
