"""Gather what the backtest's page shows."""

from collections.abc import Sequence
from datetime import UTC, datetime

from nightshift.report.backtest_view import (
    ArmView,
    BacktestView,
    DatasetView,
    ForecastView,
    GuaranteeView,
    PriceNight,
    RuleView,
    RunView,
)
from nightshift.simulation.curves import band
from nightshift.simulation.grid import FULL, SETTLED, Outcome, rows, settled_nights
from nightshift.simulation.promises import GuaranteeResult
from nightshift.simulation.schemes import DEFAULT, SCRATCH, meaning
from nightshift.simulation.stage import Request, Stage

LOOPS = "Ten simulated nights a loop with thirty audits each; errors cluster within frames and the teacher drifts."
CARE = (
    "People and teacher are simulated: the shape of the curves carries over, the dollars as far as their prices do.",
    "With few seeds a difference of one or two points of area is noise. Won means more than twice the standard error.",
    "Test frames cost nothing here and every new student counts, without the gate that a night would put it through.",
)


def backtest_view(
    stages: Sequence[Stage], outcomes: Sequence[Outcome], promised: GuaranteeResult | None, command: str, seeds: int
) -> BacktestView:
    """The page's content.

    Args:
        stages: one per data set.
        outcomes: of all runs.
        promised: of the simulated loops; None where they were left out.
        command: that repeats it.
        seeds: runs of each strategy.
    """
    asked = stages[0].request
    strategies = sorted({each.trial.strategy for each in outcomes} - {FULL})
    return BacktestView(
        default=DEFAULT,
        datasets=tuple(_dataset(each, outcomes, seeds) for each in stages),
        teacher=_teacher(asked),
        student=f"{asked.model}, {asked.steps} steps for the first and {asked.later_steps} for each one after it",
        people="simulated, each kind of edit with a speed of its own, none as the price list says",
        prices=asked.prices,
        seeds=seeds,
        made_at=datetime.now(UTC),
        command=command,
        scratch=SCRATCH,
        meanings={each: meaning(each) for each in strategies},
        guarantee=_guarantee(promised) if promised else None,
        forecast=ForecastView(tuple(_prices(outcomes)), SETTLED),
        notes=CARE,
    )


def _dataset(stage: Stage, outcomes: Sequence[Outcome], seeds: int) -> DatasetView:
    mine = [each for each in outcomes if each.trial.dataset == stage.name]
    names = sorted({each.trial.strategy for each in mine} - {FULL})
    known = [stage.teacher_map50(seed) for seed in range(seeds)]
    return DatasetView(
        name=stage.name,
        frames=len(stage.world.frames),
        groups=len({each.clip for each in stage.world.frames}),
        boxes=sum(len(each) for each in stage.world.truth.values()),
        test_frames=len(stage.world.golden),
        side=stage.side,
        budget_usd=stage.budget_usd,
        drawing_usd=stage.yardstick_usd,
        full=tuple(each.nights[-1].map50 for each in mine if each.trial.strategy == FULL),
        arms=tuple(_arm(name, [each for each in mine if each.trial.strategy == name], mine, stage) for name in names),
        teacher=tuple(each for each in known if each is not None),
    )


def _arm(name: str, runs: Sequence[Outcome], dataset: Sequence[Outcome], stage: Stage) -> ArmView:
    full = [each for each in dataset if each.trial.strategy == FULL]
    table = rows([*runs, *full], {stage.name: stage.budget_usd})
    drawn = band([each.points for each in runs], stage.budget_usd)
    each_run = tuple(RunView(row.seed, row.auc, row.usd_to_90) for row in table)
    return ArmView(name, each_run, drawn.usd, drawn.mean, drawn.low, drawn.high)


def _teacher(asked: Request) -> str:
    if asked.teacher == "none":
        return "none: the first frames are drawn from nothing, then the student draws the boxes"
    if asked.teacher != "simulated":
        return f"real: that of {asked.teacher.rpartition('/')[2]}"
    profile = asked.profile
    return (
        f"simulated: finds {profile.recall:.0%} of the objects of an average class, takes {profile.confusion:.0%} of"
        f" them for another class, draws {profile.false_boxes:g} boxes a frame on nothing; errors cluster within frames"
    )


def _guarantee(result: GuaranteeResult) -> GuaranteeView:
    others = tuple(RuleView(name, count, result.share_by[name]) for name, count in result.violated_by.items())
    ours = RuleView("Nightshift", result.violated, result.accepted_share_of_oracle)
    return GuaranteeView(
        result.promised, result.delta, result.loops, ours, others, LOOPS, result.missed_violated, result.silent
    )


def _prices(outcomes: Sequence[Outcome]) -> list[PriceNight]:
    return [
        PriceNight(name, night.forecast_usd, night.actual_usd)
        for name, night in settled_nights(outcomes)
        if night.actual_usd > 0
    ]
