"""Which student suits these pictures? Trains several on the same, tests them on the same, promotes by the nightly gate.

Runs with `nightshift compare`, or from Prefect. Logs to MLflow: to the server that MLFLOW_TRACKING_URI names, else to a
database beside the results.
"""

from typing import Any

from prefect import flow

from tasks.compare import Comparison, finish, prepare, train_one
from tasks.runner import run_name


@flow(name="compare", flow_run_name=run_name)
def compare(what: Comparison) -> dict[str, Any]:
    """The table, and who is champion with which confidence."""
    prepare(what)
    results = [train_one(what, str(each), seed) for seed in range(what.seeds) for each in what.entrants]
    return finish(what, results)
