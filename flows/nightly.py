"""The nightly round: from yesterday's corrections to this morning's queue.

Scheduled by prefect.yaml, or now with `nightshift round`. Needs the addresses of the servers in the environment
(AWS_*, LABEL_STUDIO_*, MLFLOW_TRACKING_URI, PREFECT_API_URL) and a nightshift.yaml. A round that died is continued by
running the flow again.
"""

from pathlib import Path
from typing import Any

from prefect import flow, unmapped

from tasks.autolabel import autolabel, gather_autolabels, plan_autolabel
from tasks.calibrate import calibrate
from tasks.choose import choose
from tasks.embed import embed, gather_vectors, plan_embed
from tasks.evaluate import evaluate
from tasks.ingest import ingest
from tasks.open import one_at_a_time, open_round, round_lease
from tasks.propagate import gather_carried, plan_propagate, propagate, vouch
from tasks.push import push
from tasks.register import register
from tasks.retrospect import retrospect
from tasks.runner import run_name, runner
from tasks.score import gather_scores, plan_score, score
from tasks.seal import seal
from tasks.train import train


@flow(name="nightly", flow_run_name=run_name, task_runner=runner())
@one_at_a_time
def nightly(config: Path = Path("nightshift.yaml")) -> dict[str, Any]:
    """One round; returns the figures that it sealed. Ends as Skipped where another round runs."""
    with round_lease(config) as token:
        ref = open_round(config, "nightly", token)
        ingest(ref)
        register(ref)
        embed.map(unmapped(ref), plan_embed(ref)).result()
        gather_vectors(ref)
        autolabel.map(unmapped(ref), plan_autolabel(ref)).result()
        gather_autolabels(ref)
        propagate.map(unmapped(ref), plan_propagate(ref)).result()
        gather_carried(ref)
        vouch(ref)
        calibrate(ref)
        train(ref)
        evaluate(ref)
        score.map(unmapped(ref), plan_score(ref)).result()
        gather_scores(ref)
        choose(ref)
        push(ref)
        retrospect(ref)
        return seal(ref)
