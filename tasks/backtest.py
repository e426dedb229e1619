"""The trials of a backtest: each a task, so that they run side by side, show progress and are not run twice."""

import json
import os
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from prefect import task
from pydantic import BaseModel, Field

from nightshift.report.backtest import render_backtest
from nightshift.simulation.grid import (
    FULL,
    Outcome,
    Trial,
    forecast_errors,
    full_map50,
    median_or_none,
    rows,
    summary,
)
from nightshift.simulation.promises import GuaranteeResult, simulate
from nightshift.simulation.schemes import DEFAULT
from nightshift.simulation.stage import Request, Stage
from tasks.backtest_page import backtest_view
from tasks.stage import shown_progress

STRATEGIES = (
    "scratch", "random", "entropy_sum_top", "least_confidence_top", "core_set", "ppal", "gain_per_dollar",
)  # fmt: skip


class Backtest(BaseModel):
    """What to compare.

    A team runs it on data it has labelled already, before it spends.
    """

    data: list[Path] = Field(min_length=1, description="Folders of labelled data sets: COCO, YOLO or VOC.")
    out: Path = Field(default=Path(".bench/backtest"), description="Gets the table, the page and what is resumed from.")
    strategies: tuple[str, ...] = Field(default=STRATEGIES, description="What to compare.")
    seeds: int = Field(default=3, ge=1, description="Runs of each.")
    request: Request = Field(default_factory=Request, description="How to replay.")
    command: str = Field(default="nightshift backtest", description="That repeats it, for the page.")
    loops: int = Field(default=1000, ge=0, description="Simulated loops for the guarantee; 0 leaves it out.")

    @property
    def trials(self) -> list[Trial]:
        """Every run, the yardsticks first, then seed by seed: a table that is cut short is still paired."""
        sets = [each.name for each in self.data]
        return [
            Trial(name, strategy, seed)
            for seed in range(self.seeds)
            for name in sets
            for strategy in (FULL, *self.strategies)
        ]

    def source(self, trial: Trial) -> Path:
        """The folder of a trial's data set."""
        return next(each for each in self.data if each.name == trial.dataset)


@lru_cache(maxsize=8)
def _stage(source: Path, out: Path, request: str) -> Stage:
    return Stage(source, out, Backtest.model_validate_json(request).request)


def stage(what: Backtest, trial: Trial) -> Stage:
    """The stage of a trial's data set; set up once in a process."""
    return _stage(what.source(trial), what.out, what.model_dump_json())


@task(name="backtest: prepare")
def prepare(what: Backtest) -> dict[str, float]:
    """Make the pictures small and have them labelled; the dollars of every data set, all nights together."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # trials side by side are quickest with a thread each
    stages = [stage(what, Trial(each.name, FULL, 0)) for each in what.data]
    for each in stages:
        each.teacher(0)  # a real one labels now, before runs that share it begin
    return {each.name: each.budget_usd for each in stages}


@task(name="backtest", task_run_name="{trial.dataset} {trial.strategy} {trial.seed}")
def run_trial(what: Backtest, trial: Trial) -> Outcome:
    """One run, or its result where it has one already."""
    return stage(what, trial).run(trial, shown_progress(f"{trial.dataset} {trial.strategy} {trial.seed}"))


def write(path: Path, content: str) -> Path:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(content, encoding="utf-8")
    part.replace(path)
    return path


@task(name="backtest: guarantee")
def guarantee(what: Backtest) -> GuaranteeResult | None:
    """Simulated loops of nights with a drifting teacher: how often is the promise broken?"""
    return simulate(what.loops, seed=0) if what.loops else None


@task(name="backtest: write")
def finish(what: Backtest, outcomes: list[Outcome], promised: GuaranteeResult | None) -> dict[str, Any]:
    """The figures and the page; returns where they lie and the short table."""
    content = figures(what, outcomes, promised)
    stages = [stage(what, Trial(each.name, FULL, 0)) for each in what.data]
    page = render_backtest(backtest_view(stages, outcomes, promised, what.command, what.seeds))
    told = write(what.out.with_suffix(".json"), json.dumps(content, indent=1))
    shown = write(what.out.with_suffix(".html"), page)
    return {"json": str(told), "html": str(shown), "summary": content["summary"]}


def figures(what: Backtest, outcomes: list[Outcome], promised: GuaranteeResult | None) -> dict[str, Any]:
    """Everything that is written, as plain values."""
    budget = {each.name: stage(what, Trial(each.name, FULL, 0)).budget_usd for each in what.data}
    table = rows(outcomes, budget)
    errors = forecast_errors(outcomes)
    return {
        "default": DEFAULT,
        "runs": [asdict(each) for each in table],
        "full_supervision": full_map50(outcomes),
        "budget_usd": budget,
        "summary": [asdict(each) for each in summary(table, DEFAULT)],
        "forecast": {"median_error": median_or_none(errors), "nights": len(errors)},
        "guarantee": asdict(promised) if promised else None,
        "request": asdict(what.request),
        "seeds": what.seeds,
        "seconds": sum(each.seconds for each in outcomes),
    }
