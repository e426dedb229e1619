"""Register and auto-label a large first batch, and ask people for the golden set; nothing is trained.

Run it once before the first night, or whenever a big delivery of frames arrives: `nightshift backfill`. It is a round
like any other, so that it can be continued, and the next night builds on it.
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


@flow(name="backfill", flow_run_name=run_name, task_runner=runner())
@one_at_a_time
def backfill(config: Path = Path("nightshift.yaml")) -> dict[str, Any]:
    """One round without training; returns the figures that it sealed. Ends as Skipped where another round runs."""
    with round_lease(config) as token:
        ref = open_round(config, "backfill", token)
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
        evaluate(ref)
        score.map(unmapped(ref), plan_score(ref)).result()
        gather_scores(ref)
        choose(ref)
        push(ref)
        retrospect(ref)
        return seal(ref)
