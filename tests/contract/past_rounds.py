"""A project with a past: small sealed rounds as the stages would have left them, without running any."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from moto import mock_aws

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, FrameRecord, Split, frame_id
from nightshift.domain.review import Answer, Purpose
from nightshift.domain.rounds import Plan, Receipt, Sealed, Weights
from nightshift.round import OpenRound
from nightshift.services.store import rows, state
from nightshift.services.store.past import Past as SealedRounds
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from nightshift.upkeep.layout import stages
from tests.contract.s3_servers import client_for

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONFIG = Config.model_validate(
    {
        "project": "the line",
        "ontology": [{"name": "gear"}],
        "frames": {"source": "f"},
        "store": {"uri": "s3://night/p"},
    }
)
BOX = Detections.of([[0, 0, 10, 10]], [0], [0.9])


def in_memory() -> Iterator[Store]:
    """A store inside this process: moto without its server, for tests that need many objects."""
    with mock_aws():
        client = client_for(None)
        client.create_bucket(Bucket="night")
        yield Store(client, Place("night", "p"))


@dataclass(frozen=True)
class Past:
    """Rounds 0, 1, …, one a day, the last of them today; two frames come and are asked about in each.

    Args:
        store: where they lie.
    """

    store: Store

    def seal(self, number: int, *, last: int, promoted: bool = False, manifest: bool = True) -> Sealed:
        """A whole night."""
        night = self.open(number, last=last)
        for stage in stages("nightly"):
            self.leave(night, stage.name)
        trained = night.summary("train")
        mine = Weights(number, trained["key"], trained["sha256"])
        metrics = {"map50": 0.5, "map50_95": 0.25, "human_usd": 1.5, "compute_usd": 0.5, "total_usd": 2.0}
        seconds = dict.fromkeys((each.name for each in stages("nightly")), 60.0)
        champion = mine if promoted else night.plan.champion
        sealed = Sealed(number, night.plan.parent, "nightly", night.plan.opened_at, champion, metrics, {}, seconds)
        if manifest:
            return night.seal(sealed)
        state.seal(self.store, sealed)
        state.move_head(self.store, night.plan.parent, number)
        return sealed

    def open(self, number: int, *, last: int) -> OpenRound:
        """A round that was planned."""
        parent = state.read_sealed(self.store, number - 1) if number else None
        at, config = NOW - timedelta(days=last - number), CONFIG.model_dump(mode="json")
        champion = parent.champion if parent else None
        plan = Plan(number, number - 1 if number else None, "nightly", at, config, CONFIG.digest, champion, 7, {})
        state.create_plan(self.store, plan)
        return self.night(number)

    def night(self, number: int) -> OpenRound:
        """A round as its stages see it."""
        project: Any = SimpleNamespace(store=self.store, past=SealedRounds(self.store), config=CONFIG)
        return OpenRound(project, state.read_plan(self.store, number))

    def leave(self, night: OpenRound, stage: str) -> None:
        """What a stage leaves behind, and its receipt."""
        made = getattr(self, f"_{stage}", lambda _: {})(night)
        night.finish(Receipt(stage, 60.0, made or {}))

    def frames(self, number: int) -> list[Frame]:
        """The two that came in a round."""
        made = [f"picture {number} {which}".encode() for which in "ab"]
        return [
            Frame(frame_id(c), self.store.uri(f"frames/{frame_id(c)}.png"), 20, 20, "clip", Split.POOL, f"{i}", number)
            for i, c in enumerate(made)
        ]

    def _ingest(self, night: OpenRound) -> dict[str, Any]:
        """The first frame of the round before was answered."""
        answered = self.frames(night.number - 1)[:1] if night.number else []
        said = [_answer(each, night.number - 1, night.plan.opened_at) for each in answered]
        night.once("ingest/answers.json", lambda: {"tasks": []})
        night.write("corrections", [row for each in said for row in rows.correction_rows(each)])
        before = night.parent_table("labels")
        night.write("labels", [*before, *(rows.label_row(each.frame_id, [each], each.said) for each in said)])
        night.quarantine("ingest", [])
        return {"review_project": 1, "watermark": None}

    def _register(self, night: OpenRound) -> None:
        for which, each in zip("ab", self.frames(night.number), strict=True):
            self.store.create(f"frames/{each.id}.png", f"picture {night.number} {which}".encode())
        known = [each for number in range(night.number + 1) for each in self.frames(number)]
        night.write("frames", [rows.frame_row(FrameRecord(each, 11, "stamp")) for each in known])
        night.quarantine("register", [])

    def _embed(self, night: OpenRound) -> dict[str, Any]:
        return _shards(night, "embed", "vectors", "vectors", []) | {"model": ""}

    def _propagate(self, night: OpenRound) -> dict[str, Any]:
        return _shards(night, "propagate", "carried", "detections", [])

    def _autolabel(self, night: OpenRound) -> dict[str, Any]:
        return _shards(night, "autolabel", "autolabels", "detections", [
            rows.detections_row(each.id, "teacher", BOX) for each in self.frames(night.number)
        ])  # fmt: skip

    def _score(self, night: OpenRound) -> dict[str, Any]:
        more: dict[str, Any] = {"probabilities": [0.9], "embedding": [0.5]}
        return _shards(night, "score", "scores", "scores", [
            rows.detections_row(each.id, "student", BOX) | more for each in self.frames(night.number)
        ])  # fmt: skip

    def _train(self, night: OpenRound) -> dict[str, Any]:
        weights, curves = night.keys.key("student/abc.pt"), night.keys.key("student/abc-curves.json")
        self.store.write(weights, f"weights {night.number}".encode())
        self.store.write(curves, b"[]")
        sha256 = frame_id(f"weights {night.number}".encode())
        return {"trained": True, "key": weights, "curves": curves, "sha256": sha256}

    def _evaluate(self, night: OpenRound) -> None:
        night.write("detections", [], "golden.parquet")

    def _choose(self, night: OpenRound) -> dict[str, Any]:
        night.write("triage", [])
        night.write("queue", [_queued(each, i, night.number) for i, each in enumerate(self.frames(night.number))])
        return {"queue": 2}

    def _push(self, night: OpenRound) -> dict[str, Any]:
        return {"queue_url": f"http://label-studio/projects/{night.number}"}

    def _report(self, night: OpenRound) -> None:
        self.store.create(night.keys.key("report.html"), b"<html>" * 50)


def past(store: Store, rounds: int, promoted: Sequence[int] = (0,), *, manifest: bool = True) -> Past:
    """A project with so many sealed rounds."""
    made = Past(store)
    for number in range(rounds):
        made.seal(number, last=rounds - 1, promoted=number in promoted, manifest=manifest)
    return made


def _shards(night: OpenRound, stage: str, folder: str, table: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    """One frame a shard."""
    night.once(f"{folder}/shards.json", lambda: [[row["frame_id"]] for row in content])
    for i, row in enumerate(content):
        night.write(table, [row], f"{folder}/part-{i:04d}.parquet")
        night.finish(Receipt(f"{stage}-{i:04d}", 30.0, {"frames": 1}))
    return {"shards": len(content), "frames": len(content), "shard_seconds": 30.0 * len(content)}


def _queued(frame: Frame, position: int, number: int) -> dict[str, Any]:
    return rows.detections_row(frame.id, "teacher", BOX) | {
        "purpose": "review", "position": position, "value": 1.0, "seconds": 9.0, "usd": 0.1, "reason": "unsure",
        "blind": False, "key": f"{number:04d}-{frame.id}", "opinions": 1, "hidden": 0.0, "alone": 0.0,
    }  # fmt: skip


def _answer(frame: Frame, asked: int, at: datetime) -> Answer:
    return Answer(frame.id, asked, Purpose.REVIEW, 7, asked, "ann@example.org", at, 4.0, False, BOX, BOX)  # noqa: FBT003
