"""Look back on what the loop has measured of itself: was choosing worth it, were prices right, does it still pay?"""

from typing import Any

from prefect import task

from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt
from nightshift.evaluation.control import Comparison, Reply, compare
from nightshift.evaluation.learning_curve import CurvePoint, LearningCurve, fit_curve, price_so_far
from nightshift.evaluation.night_prices import NightPrice, Priced, by_night, median_error
from nightshift.evaluation.stopping import Budget, Recommendation, recommend
from nightshift.report.evidence import CurveView, ForecastNight, PriceView, StoplightRow, StoplightView
from nightshift.round import OpenRound
from nightshift.triage.promise import Stoplight, Verdict
from nightshift.trusted import stoplight
from tasks.calibrate import knowledge, ledger
from tasks.stage import RoundRef, run_stage

SETTLED = 3  # nights after which forecasts are held against what came


@task(name="look back")
def retrospect(ref: RoundRef) -> Receipt:
    """Figures of the control arm, the forecasts and the learning curve."""
    return run_stage(ref, "retrospect", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    nights, arm = prices(night), control(night)
    curve = learning_curve(night)
    tonight, goal = night.config.budget.usd_per_night, night.config.goal.map50
    spent = _spent(night)
    chosen = arm.per_usd
    enough = curve is not None and curve.enough
    reach = curve.reach(goal, spent) if curve and enough and goal is not None else None
    progress(1, 1)
    return {
        "forecast_usd": nights[-1].forecast_usd if nights else None,
        "actual_usd": nights[-1].actual_usd if nights else None,
        "forecast_error": median_error(nights, SETTLED if len(nights) > SETTLED else 0),
        "chosen_per_usd": chosen.chosen.value if chosen else None,
        "random_per_usd": chosen.random.value if chosen else None,
        "chosen_over_random": chosen.ratio.value if chosen and chosen.ratio else None,
        "forecast_gain": curve.gain(spent, tonight).value if curve and enough else None,
        "usd_to_goal": reach.more.value if reach else None,
    }


def control(night: OpenRound) -> Comparison:
    """Chosen frames against random ones."""
    clips = {f.id: f.clip for f in night.frames}
    replies = [
        Reply(each.round, each.purpose, clips.get(each.frame_id, each.frame_id), each.edits.corrections, each.seconds)
        for each in ledger(night)
    ]
    return compare(replies, night.config.price_list.reviewer_usd_per_hour)


def prices(night: OpenRound) -> list[NightPrice]:
    """Forecast against actual dollars, by the night that asked."""
    usd = night.config.price_list.people_usd
    return by_night([Priced(e.round, usd(e.asked.price), usd(e.seconds)) for e in ledger(night) if e.asked.price])


def curve_points(night: OpenRound) -> list[CurvePoint]:
    """What each round's student had cost people, and what it reached."""
    said = [(each.metrics, each.metrics.get("map50")) for each in night.past()]
    now = night.summary("evaluate")
    tonight = {"human_usd": night.summary("ingest").get("human_usd", 0.0), "map50_sd": now.get("map50_sd") or 0.0}
    said.append((tonight, now.get("map50")))
    points, spent = [], 0.0
    for metrics, value in said:
        spent += metrics.get("human_usd") or 0.0
        if value is not None:
            points.append(CurvePoint(spent, float(value), metrics.get("map50_sd") or None))
    return points


def learning_curve(night: OpenRound) -> LearningCurve | None:
    """Fitted on every round so far; None before a mAP was measured."""
    return fit_curve(curve_points(night))


def advice(night: OpenRound) -> Recommendation | None:
    """Continue, lower the budget or stop; None before there is a curve."""
    curve, config = learning_curve(night), night.config
    if curve is None or not curve.enough:
        return None
    so_far = price_so_far(curve_points(night), curve)
    budget = Budget(_spent(night), config.budget.usd_per_night, so_far, config.goal.usd_per_point)
    return recommend(curve, budget, control(night), config.goal.map50)


def _spent(night: OpenRound) -> float:
    return max((each.n for each in curve_points(night)), default=0.0)


# -- what the page shows --------------------------------------------------------------------------------------------


def curve_view(night: OpenRound) -> CurveView | None:
    """The learning curve with its forecast."""
    points = tuple((each.n, each.value, each.sd) for each in curve_points(night))
    if not points:
        return None
    return CurveView.of(points, learning_curve(night), night.config.budget.usd_per_night, night.config.goal.map50)


def price_view(night: OpenRound) -> PriceView | None:
    """Forecast against actual dollars."""
    nights = prices(night)
    if not nights:
        return None
    after = SETTLED if len(nights) > SETTLED else 0
    shown = tuple(ForecastNight(n.night, n.forecast_usd, n.actual_usd, n.frames) for n in nights)
    return PriceView(shown, median_error(nights, after), after)


def stoplight_view(night: OpenRound) -> StoplightView | None:
    """The promise, and where it holds."""
    lights = stoplight(night)
    if lights is None:
        return None
    now = [each for each in lights.verdicts if each.era.until is None]
    audit = _audit_usd(night)
    return StoplightView(
        promise=lights.promise.precision,
        confidence=1 - lights.promise.delta,
        rows=tuple(_row(night, each, audit) for each in now),
        missed=lights.missed,
        spending=lights.spending,
        withdrawn=tuple(_withdrawn(night, lights)),
    )


def _row(night: OpenRound, verdict: Verdict, audit_usd: float) -> StoplightRow:
    missing = verdict.missing_frames
    return StoplightRow(
        name=night.config.classes.names[verdict.era.label],
        threshold=verdict.threshold,
        precision=verdict.precision,
        lower=verdict.lower if verdict.boxes else None,
        frames=verdict.frames,
        boxes=verdict.boxes,
        missing_frames=missing,
        missing_usd=None if missing is None else missing * audit_usd,
        missed=verdict.missed,
    )


def _audit_usd(night: OpenRound) -> float:
    """What a blind frame costs on average."""
    known = knowledge(night)
    seconds = known.prices.frame_seconds(known.rates.expect_blind(None).counts)
    return known.prices.people_usd(seconds)


def _withdrawn(night: OpenRound, lights: Stoplight) -> list[str]:
    names = night.config.classes.names
    return [
        f"{names[v.era.label]}: boxes scoring {v.withdrawn[0]:.2f} to {v.withdrawn[1]:.2f} are not accepted any more; "
        "their frames are back in the pool."
        for v in lights.verdicts
        if v.withdrawn
    ]
