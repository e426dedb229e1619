"""What must hold in a world after its nights, whatever went wrong in them: each thing that should be there, once.

Reads the servers directly. Every count is of things that are wrong; 0 is what is promised.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from mlflow import MlflowClient

from nightshift.domain.errors import NightshiftError
from nightshift.domain.rounds import Plan, RoundKeys
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.services.label_studio import poll
from nightshift.services.store import state, tables
from tests.faults.world import World

STAGES = (
    "ingest", "register", "embed", "autolabel", "propagate", "vouch", "calibrate", "train", "evaluate", "score",
    "choose", "push",
    "retrospect", "report",
)  # fmt: skip
TABLE_OF = {
    "autolabels": "detections",
    "vectors": "vectors",
    "scores": "scores",
    "golden": "detections",
    "imported": "labels",
}
PER_STAGE = {
    "ingest": ("corrections.parquet", "labels.parquet", "quarantine/ingest.parquet", "ingest/answers.json"),
    "register": ("frames.parquet", "quarantine/register.parquet"),
    "embed": ("vectors/shards.json",),
    "propagate": ("carried/shards.json",),
    "autolabel": ("autolabels/shards.json",),
    "evaluate": ("golden.parquet",),
    "score": ("scores/shards.json",),
    "choose": ("triage.parquet", "queue.parquet"),
    "report": ("report.html",),
}
CENT = 1e-4  # dollars; below it is rounding: tables keep seconds as float32


@dataclass
class Wrongs:
    """What was found wrong, each a count; what it was stands in `notes`."""

    lost_corrections: int = 0
    doubled_corrections: int = 0
    doubled_tasks: int = 0
    missing_tasks: int = 0
    doubled_usd: float = 0.0
    half_published: int = 0
    unsealed: int = 0
    doubled_runs: int = 0
    twin_differences: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, count: float, note: str) -> None:
        """Count something, if there is anything to count."""
        if count:
            setattr(self, name, getattr(self, name) + count)
            self.notes.append(f"{name}: {note}"[:600])

    def counts(self) -> dict[str, float]:
        """Without the notes."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "notes"}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def check(world: World, nights: int) -> Wrongs:
    """Everything that must hold after so many nights, all of whose answers but the last night's were given before it.

    Args:
        world: at rest.
        nights: that should be sealed.
    """
    wrongs, project = Wrongs(), world.project
    rounds = [each for number in range(nights) if (each := _sealed_round(project, number, wrongs))]
    for each in rounds:
        _check_tables(each, wrongs)
    tasks = _tasks(project)
    _check_tasks(rounds, tasks, wrongs)
    _check_answers(rounds, tasks, wrongs)
    _check_strays(project, nights, wrongs)
    _check_runs(project, rounds, wrongs)
    return wrongs


def _sealed_round(project: Project, number: int, wrongs: Wrongs) -> OpenRound | None:
    head = state.read_head(project.store)
    if head is None or head < number or state.read_sealed(project.store, number) is None:
        wrongs.add("unsealed", 1, f"round {number} (HEAD names {head})")
        return None
    return OpenRound(project, state.read_plan(project.store, number))


# -- tables ---------------------------------------------------------------------------------------------------------


def _check_tables(night: OpenRound, wrongs: Wrongs) -> None:
    there = {each.key.removeprefix(f"{night.keys.folder}/") for each in night.store.list(f"{night.keys.folder}/")}
    for name in sorted(there):
        if name.endswith(".parquet"):
            _decodes(night, name, wrongs)
    for stage in STAGES:
        if night.receipt(stage) is None and (stage, night.plan.kind) != ("train", "backfill"):
            wrongs.add("half_published", 1, f"{night.keys.folder} is sealed without a receipt of {stage}")
        for name in _outputs(night, stage):
            wrongs.add("half_published", name not in there, f"{night.keys.folder}/{name} of {stage} is missing")
    _check_weights(night, wrongs)


def _outputs(night: OpenRound, stage: str) -> Iterator[str]:
    yield from PER_STAGE.get(stage, ())
    folder = {"autolabel": "autolabels", "embed": "vectors", "score": "scores"}.get(stage)
    for shard in range(night.summary(stage).get("shards", 0) if folder else 0):
        yield f"{folder}/part-{shard:04d}.parquet"
    if night.summary(stage).get("trained"):
        yield from (night.summary(stage)[name].removeprefix(f"{night.keys.folder}/") for name in ("key", "curves"))


def _decodes(night: OpenRound, name: str, wrongs: Wrongs) -> None:
    kind = name.partition("/")[0].removesuffix(".parquet")
    try:
        tables.read_table(night.store, night.keys.key(name), TABLE_OF.get(kind, kind))
    except (NightshiftError, ValueError, KeyError) as error:
        wrongs.add("half_published", 1, f"{night.keys.folder}/{name}: {error}")


def _check_weights(night: OpenRound, wrongs: Wrongs) -> None:
    trained = night.summary("train")
    if trained.get("trained"):
        found = hashlib.sha256(night.store.read(trained["key"])).hexdigest()
        wrongs.add("half_published", found != trained["sha256"], f"{trained['key']} is not what its receipt says")


def _check_strays(project: Project, nights: int, wrongs: Wrongs) -> None:
    """Nothing of a round that was never opened, and nothing half written beside what counts."""
    known = tuple(f"{RoundKeys(number).folder}/" for number in range(nights))
    for each in project.store.list("rounds/"):
        stray = not each.key.startswith(known) or "tmp" in each.key or each.key.endswith(".part")
        wrongs.add("half_published", stray, f"{each.key} belongs to no round")


# -- Label Studio ---------------------------------------------------------------------------------------------------


def _tasks(project: Project) -> list[dict[str, Any]]:
    desk = project.desk
    number = desk.ensure_project(project.config.review.project or project.config.project, project.config.classes)
    return list(poll._pages(desk.api, number, []))


def _check_tasks(rounds: list[OpenRound], tasks: list[dict[str, Any]], wrongs: Wrongs) -> None:
    asked = {row["key"] for night in rounds for row in night.read("queue")}
    found = Counter(task["data"].get("key") for task in tasks)
    for key, number in found.items():
        wrongs.add("doubled_tasks", number - 1, f"{number} tasks for {key}")
        wrongs.add("doubled_tasks", key not in asked, f"a task for {key}, which no round asked")
    for key in asked - found.keys():
        wrongs.add("missing_tasks", 1, f"no task for {key}")


def _check_answers(rounds: list[OpenRound], tasks: list[dict[str, Any]], wrongs: Wrongs) -> None:
    given = {each["id"]: each for task in tasks for each in task.get("annotations") or []}
    taken = Counter(each for night in rounds for each in _answers_of(night))
    for annotation in given.keys() - {each for each, _ in taken}:
        wrongs.add("lost_corrections", 1, f"annotation {annotation} is in no round's corrections")
    for (annotation, _), number in taken.items():
        wrongs.add("doubled_corrections", number - 1, f"annotation {annotation} is in {number} rounds")
        wrongs.add("doubled_corrections", annotation not in given, f"annotation {annotation} was never given")
    _check_dollars(rounds, given, wrongs)


def _answers_of(night: OpenRound) -> set[tuple[int, Any]]:
    return {(row["annotation"], row["answered_at"]) for row in night.read("corrections")}


def _check_dollars(rounds: list[OpenRound], given: Mapping[int, Mapping[str, Any]], wrongs: Wrongs) -> None:
    if not rounds:
        return
    config = rounds[-1].config
    cap = config.prices.lead_time_cap_seconds
    owed = config.price_list.people_usd(sum(min(each["lead_time"], cap) for each in given.values()))
    counted = sum(found.metrics["human_usd"] for night in rounds if (found := night.sealed(night.number)))
    wrongs.add("doubled_usd", max(0.0, counted - owed - CENT), f"{counted} dollars counted, {owed} were earned")
    wrongs.add("lost_corrections", owed - counted > CENT, f"{counted} dollars counted, {owed} were earned")


# -- MLflow ---------------------------------------------------------------------------------------------------------


def _check_runs(project: Project, rounds: list[OpenRound], wrongs: Wrongs) -> None:
    client, name = MlflowClient(), project.config.project
    experiment = client.get_experiment_by_name(name)
    found = client.search_runs([experiment.experiment_id]) if experiment else []
    numbers = Counter(int(run.data.tags["nightshift.round"]) for run in found)
    for night in rounds:
        wrongs.add("doubled_runs", abs(numbers[night.number] - 1), f"{numbers[night.number]} runs of {night.number}")
        shown = next((r.data.metrics for r in found if r.data.tags["nightshift.round"] == str(night.number)), {})
        _check_figures(night, shown, wrongs)
    versions = Counter(each.tags.get("nightshift.round") for each in client.search_model_versions(f"name='{name}'"))
    promoted = {str(night.number) for night in rounds if night.summary("evaluate").get("promoted")}
    wrongs.add("doubled_runs", sum(abs(versions[n] - (n in promoted)) for n in promoted | versions.keys() if n),
               f"versions {dict(versions)}, promoted in {sorted(promoted)}")  # fmt: skip


def _check_figures(night: OpenRound, shown: Mapping[str, float], wrongs: Wrongs) -> None:
    sealed = night.sealed(night.number)
    off = [k for k, v in (sealed.metrics if sealed else {}).items() if k in shown and abs(shown[k] - v) > CENT]
    wrongs.add("doubled_runs", len(off), f"MLflow shows other figures of round {night.number}: {off}")
    wrongs.add("doubled_runs", not shown, f"MLflow shows no figures of round {night.number}")


# -- against an undisturbed twin -------------------------------------------------------------------------------------

MOMENTS = frozenset({"plan.json", "round.json", "manifest.json", "report.html", "stages/report.json"})
NATURAL = frozenset({"created", "present", "widened", "queue_url", "review_project", "shard_seconds"})
PLAN_SAME = ("number", "parent", "kind", "seed", "versions", "schema")


def compare(world: World, twin: World, nights: int) -> Wrongs:
    """Hold every object of every round against the twin's.

    Tables, shards, weights and curves must be the same bytes. By their nature these differ: times and what follows
    from seconds (dollars of the machine), ids of Label Studio, and whether a task was made now or was there already.
    """
    wrongs, ours, theirs = Wrongs(), world.project.store, twin.project.store
    for number in range(nights):
        folder = RoundKeys(number).folder
        names = {each.key.removeprefix(f"{folder}/") for each in ours.list(f"{folder}/")}
        other = {each.key.removeprefix(f"{folder}/") for each in theirs.list(f"{folder}/")}
        for name in sorted(names ^ other):
            wrongs.add("twin_differences", 1, f"{folder}/{name} is in one of them only")
        for name in sorted((names & other) - MOMENTS):
            mine, undisturbed = (store.read(f"{folder}/{name}") for store in (ours, theirs))
            same = _plain(mine) == _plain(undisturbed) if name.startswith("stages/") else mine == undisturbed
            wrongs.add("twin_differences", not same, f"{folder}/{name}{_how(name, mine, undisturbed)}")
        _compare_plans(state.read_plan(ours, number), state.read_plan(theirs, number), wrongs)
        _compare_seals(world, twin, number, wrongs)
    return wrongs


def _plain(receipt: bytes) -> dict[str, Any]:
    """A receipt's summary without what follows from the clock and from the servers' own ids."""
    summary: dict[str, Any] = json.loads(receipt)["summary"]
    return {k: v for k, v in summary.items() if k not in NATURAL and not _follows_from_seconds(k)}


def _follows_from_seconds(name: str) -> bool:
    return "usd" in name and not name.startswith(("human_usd", "queue_usd", "outstanding_usd"))


def _how(name: str, mine: bytes, other: bytes) -> str:
    if not name.startswith("stages/"):
        return f": {len(mine)} and {len(other)} bytes that differ"
    ours, theirs = _plain(mine), _plain(other)
    return ": " + ", ".join(
        f"{k} {ours.get(k)!r:.80} / {theirs.get(k)!r:.80}" for k in ours if ours[k] != theirs.get(k)
    )


def _compare_plans(ours: Plan, theirs: Plan, wrongs: Wrongs) -> None:
    off = [name for name in PLAN_SAME if getattr(ours, name) != getattr(theirs, name)]
    digests = [plan.champion.sha256 if plan.champion else None for plan in (ours, theirs)]
    wrongs.add("twin_differences", len(off) + (digests[0] != digests[1]), f"plan {ours.number}: {off} {digests}")


def _compare_seals(world: World, twin: World, number: int, wrongs: Wrongs) -> None:
    ours, theirs = (state.read_sealed(each.project.store, number) for each in (world, twin))
    if ours is None or theirs is None:
        return
    digests = [each.champion.sha256 if each.champion else None for each in (ours, theirs)]
    names = {name for name in ours.metrics | theirs.metrics if not _follows_from_seconds(name)}
    off = sorted(name for name in names if ours.metrics.get(name) != theirs.metrics.get(name))
    wrongs.add("twin_differences", len(off) + (digests[0] != digests[1]), f"round {number}: {off} {digests}")
