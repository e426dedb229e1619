"""What lies in a round's folder: the stages in their order, what each leaves, and which table a key holds.

A table of facts that the stages themselves do not carry. Knows names only; reads nothing.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from nightshift.domain.rounds import Receipt
from nightshift.services.store.schemas import TABLES

Kind = Literal["nightly", "backfill"]
PLAN, ROUND, MANIFEST = "plan.json", "round.json", "manifest.json"
SAME_NAME = re.compile(rf"({'|'.join(TABLES)})\.parquet")
SPECIAL = {
    re.compile(r"autolabels/part-\d{4,}\.parquet"): "detections",
    re.compile(r"carried/part-\d{4,}\.parquet"): "detections",
    re.compile(r"scores/part-\d{4,}\.parquet"): "scores",
    re.compile(r"vectors/part-\d{4,}\.parquet"): "vectors",
    re.compile(r"golden\.parquet"): "detections",
    re.compile(r"imported\.parquet"): "labels",
    re.compile(r"quarantine/[\w-]+\.parquet"): "quarantine",
}
NO_TABLE = re.compile(
    r"plan\.json|round\.json|manifest\.json|report\.html|ingest/answers\.json|wishes\.json|stages/[\w-]+\.json"
    r"|(autolabels|carried|scores|vectors)/shards\.json|student/[^/]+"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    Args:
        name: as in its receipt.
        outputs: what lies in the folder once it is done, relative to it.
        parts: folder of its shards' parts; empty for a stage that is not cut into shards.
        does: what running it means, in a few words.
    """

    name: str
    does: str
    outputs: tuple[str, ...] = ()
    parts: str = ""

    @property
    def cut(self) -> str:
        """Where the plan of its shards lies; empty for a stage without shards."""
        return f"{self.parts}/shards.json" if self.parts else ""

    def part(self, shard: int) -> str:
        """Where a shard's rows lie."""
        return f"{self.parts}/part-{shard:04d}.parquet"

    def shard(self, number: int) -> str:
        """The name under which a shard leaves its receipt."""
        return f"{self.name}-{number:04d}"

    def promised(self, receipt: Receipt) -> tuple[str, ...]:
        """What must lie in the folder, relative to it, given what the stage said of itself."""
        if self.parts:
            shards = range(int(receipt.summary.get("shards", 0)))
            return (self.cut, *map(self.part, shards), *(f"stages/{self.shard(i)}.json" for i in shards))
        if self.name == "train":
            return trained(receipt.summary)
        return self.outputs


STAGES = (
    Stage(
        "ingest",
        "take in answers from Label Studio",
        ("ingest/answers.json", "corrections.parquet", "labels.parquet", "quarantine/ingest.parquet"),
    ),
    Stage("register", "take in new frames", ("frames.parquet", "quarantine/register.parquet")),
    Stage("embed", "see where the frames lie", parts="vectors"),
    Stage("autolabel", "let the teacher label", parts="autolabels"),
    Stage("propagate", "carry labels along clips", parts="carried"),
    Stage("vouch", "judge what was carried"),
    Stage("calibrate", "learn from people's answers"),
    Stage("train", "train the student"),
    Stage("evaluate", "test it on the golden set", ("golden.parquet",)),
    Stage("score", "let the champion look at the pool", parts="scores"),
    Stage("choose", "choose the questions", ("triage.parquet", "queue.parquet")),
    Stage("push", "put them into Label Studio"),
    Stage("retrospect", "hold forecasts against what came"),
    Stage("report", "draw the report", ("report.html",)),
)


def stages(kind: Kind) -> tuple[Stage, ...]:
    """The stages of a round of this kind, in their order."""
    return STAGES if kind == "nightly" else tuple(each for each in STAGES if each.name != "train")


def trained(summary: dict[str, Any]) -> tuple[str, ...]:
    """What a training says that it left, relative to the round's folder; nothing where nothing was trained."""
    if not summary.get("trained"):
        return ()
    weights = _inside(summary["key"])
    return weights, _inside(summary.get("curves", f"{weights.rpartition('/')[0]}/curves.json"))


def table_of(name: str) -> str | None:
    """The table that a key of a round's folder holds, such as 'scores'; None for what is no table."""
    same = SAME_NAME.fullmatch(name)
    return same[1] if same else next((table for form, table in SPECIAL.items() if form.fullmatch(name)), None)


def is_known(name: str) -> bool:
    """Whether some stage writes under this name."""
    return table_of(name) is not None or NO_TABLE.fullmatch(name) is not None


def number_of(key: str) -> int | None:
    """The round in whose folder a key lies; None for one that lies elsewhere."""
    found = re.match(r"rounds/(\d{4,})/.", key)
    return int(found[1]) if found else None


def _inside(key: str) -> str:
    """rounds/0007/student/x.pt → student/x.pt."""
    return str(key).split("/", 2)[-1]
