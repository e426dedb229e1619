"""What would a policy have cost? Replays labelled data sets, strategy by strategy, before anybody spends.

Runs with `nightshift backtest`, or from Prefect. Needs no server but Prefect's own, which it starts if there is none:
no Label Studio, bucket or MLflow. Interrupted, it goes on where it stopped.
"""

from typing import Any

from prefect import flow, unmapped

from tasks.backtest import Backtest, finish, guarantee, prepare, run_trial
from tasks.runner import run_name, side_by_side


@flow(name="backtest", flow_run_name=run_name, task_runner=side_by_side())
def backtest(what: Backtest) -> dict[str, Any]:
    """The whole table; writes a page and its figures, and returns where they are."""
    prepare(what)
    promised = guarantee.submit(what)
    done = run_trial.map(unmapped(what), what.trials)
    return finish(what, done.result(), promised.result())
