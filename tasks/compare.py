"""The trainings of a comparison: each a task, one after the other, so that each has the machine to itself."""

import json
import os
import shutil
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from prefect import task
from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from nightshift.domain.models import no_progress
from nightshift.frames.datasets import read_dataset
from nightshift.services.tracking import Entry, Tracking
from nightshift.simulation.contest import Entrant, Result, Standing, Terms, advice, compete, judge
from nightshift.simulation.stage import fitting_side
from nightshift.simulation.world import World, build
from tasks.backtest import write
from tasks.stage import shown_progress

URI = "MLFLOW_TRACKING_URI"


class Comparison(BaseModel):
    """Which students to hold against each other on which data."""

    data: Path = Field(description="Folder of a labelled data set: COCO, YOLO or VOC.")
    students: tuple[str, ...] = Field(min_length=2, description="family/model; the first is the incumbent.")
    out: Path = Field(
        default=Path(".bench/compare"), description="Gets small copies and trainings; beside it OUT.json."
    )
    steps: int = Field(default=600, ge=1, description="Of each training.")
    side: int = Field(default=0, ge=0, description="Pixels that the networks see; 0 goes by the size of the objects.")
    batch: int = Field(default=8, ge=1, description="Pictures a step.")
    seeds: int = Field(default=1, ge=1, description="Trainings of each.")
    device: str = Field(default="auto", description="auto, cpu, cuda.")
    golden_share: float = Field(default=0.3, gt=0, lt=1, description="Of the frames, held out for the test.")
    clip_pattern: str = Field(default="", description="Regular expression on a path with a group 'clip'.")

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        """Who takes part, as checked names."""
        return tuple(Entrant.of(each) for each in self.students)


@lru_cache(maxsize=1)
def _world(request: str) -> tuple[World, Terms]:
    what = Comparison.model_validate_json(request)
    labels = read_dataset(what.data)
    side = what.side or fitting_side(labels)
    folder = what.out / "frames" / what.data.name / str(side)
    world = build(what.data.name, what.data, labels, folder, side, what.golden_share, 0, what.clip_pattern, no_progress)
    return world, Terms(side, what.steps, what.batch, what.seeds, what.device)


def world_of(what: Comparison) -> tuple[World, Terms]:
    """The data set made small and divided, and the terms; once in a process."""
    return _world(what.model_dump_json())


@task(name="compare: prepare")
def prepare(what: Comparison) -> dict[str, int]:
    """Refuse unknown students at once, and make the pictures small."""
    names = [str(each) for each in what.entrants]
    world, terms = world_of(what)
    return {"students": len(names), "pool": len(world.pool), "golden": len(world.golden), "side": terms.side}


@task(name="compare: train", task_run_name="{student} {seed}")
def train_one(what: Comparison, student: str, seed: int) -> Result:
    """One student trained and tested."""
    world, terms = world_of(what)
    out = what.out / "trainings" / f"{student.replace('/', '-')}-{seed}"
    shutil.rmtree(out, ignore_errors=True)
    return compete(world, Entrant.of(student), terms, seed, out, shown_progress(f"{student} {seed}"))


@task(name="compare: judge")
def finish(what: Comparison, results: list[Result]) -> dict[str, Any]:
    """The champion, in MLflow and in a file; returns the figures and where they lie."""
    world, terms = world_of(what)
    standings = judge(world, results, np.random.default_rng(0))
    shown = {"data": what.data.name, "pool": len(world.pool), "golden": len(world.golden), **asdict(terms)}
    figures: dict[str, Any] = {**shown, "students": [each.as_dict() for each in standings], "advice": advice(standings)}
    figures["mlflow"] = _log(what, shown, standings)
    figures["json"] = str(write(what.out.with_suffix(".json"), json.dumps(figures, indent=1)))
    return figures


def _log(what: Comparison, shown: dict[str, Any], standings: list[Standing]) -> str:
    """Into the server that the environment names, else into a database beside the results; returns where."""
    own = f"sqlite:///{(what.out.parent / 'mlflow.db').resolve()}"
    uri = os.environ.get(URI) or own
    champion = next(each for each in standings if each.champion)
    whole = Entry(
        f"{what.data.name}: {' / '.join(what.students)}",
        {**shown, "students": ", ".join(what.students)},
        {"map50": champion.mean("map50"), "map50_95": champion.mean("map50_95")},
        {"nightshift.champion": str(champion.entrant)},
    )
    parts = [_entry(standing, result) for standing in standings for result in standing.results]
    ident = str(flow_run.id or what.model_dump_json())
    link = Tracking.connect(uri).log_contest(f"compare {what.data.name}", ident, whole, parts)
    return link.url or f"mlflow ui --backend-store-uri {uri}"


def _entry(standing: Standing, result: Result) -> Entry:
    names = ("map50", "map50_95", "ms", "millions", "seconds")
    metrics = {name: float(getattr(result, name)) for name in names}
    if standing.gain is not None:
        metrics["probability_better"] = standing.gain.probability_better
    params = {"student": str(result.entrant), "seed": result.seed, "licence": standing.entrant.card.licence}
    tags = {"nightshift.verdict": standing.verdict, "nightshift.champion": str(standing.champion).lower()}
    params["origin"] = result.origin
    return Entry(f"{result.entrant} {result.seed}", params, metrics, tags, result.curves)
