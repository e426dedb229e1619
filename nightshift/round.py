"""An open round: its plan, what its ancestors left, and the only way its stages publish.

Tables of the lineage are read as one: a later round's word about a frame replaces an earlier one's. Knows the layout
of the store; knows no stage.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, LeaseLost
from nightshift.domain.frames import Frame, Rejected
from nightshift.domain.rounds import Plan, Receipt, RoundKeys, Sealed
from nightshift.project import Project
from nightshift.services.store import lease, rows, state, tables
from nightshift.services.store.manifest import publish_manifest
from nightshift.services.store.past import read_if_there

Row = dict[str, Any]
IMPORTED = "imported.parquet"  # labels that came with new frames of a data set


class OpenRound:
    """One round of a project.

    Args:
        project: its services.
        plan: what it was planned from.
        token: fencing token of the lease under which it runs; 0 reads only.
    """

    def __init__(self, project: Project, plan: Plan, token: int = 0) -> None:
        self.project, self.plan, self.token = project, plan, token
        self.store, self.keys = project.store, plan.keys

    @property
    def number(self) -> int:
        """Its number, from 0."""
        return self.plan.number

    @cached_property
    def config(self) -> Config:
        """The configuration it was opened with, even if the file has changed since.

        Raises:
            ConfigError: an older Nightshift opened it under settings that this one does not know.
        """
        try:
            return Config.model_validate(self.plan.config)
        except ValidationError as error:
            raise _outdated(self.plan, error) from error

    @cached_property
    def ancestors(self) -> list[RoundKeys]:
        """Sealed rounds before it, oldest first."""
        if self.plan.parent is None:
            return []
        return [RoundKeys(n) for n in sorted(self.project.past.lineage(self.plan.parent))]

    def rng(self, stage: str) -> np.random.Generator:
        """The stage's own source of chance: the same in every attempt."""
        digest = blake2b(f"{self.plan.seed}/{self.number}/{stage}".encode(), digest_size=8).digest()
        return np.random.default_rng(int.from_bytes(digest))

    # -- receipts ---------------------------------------------------------------------------------------------------

    def receipt(self, stage: str) -> Receipt | None:
        """What a stage left when it was done; None while it is not."""
        return state.read_receipt(self.store, self.keys, stage)

    def summary(self, stage: str) -> dict[str, Any]:
        """The summary of a stage of this round; empty while it is not done."""
        done = self.receipt(stage)
        return done.summary if done else {}

    def parent_summary(self, stage: str) -> dict[str, Any]:
        """The summary of a stage of the parent round; empty for the first round."""
        if not self.ancestors:
            return {}
        done = self.project.past.receipt(self.ancestors[-1], stage)
        return done.summary if done else {}

    def finish(self, receipt: Receipt) -> Receipt:
        """Publish a stage's receipt.

        Raises:
            LeaseLost: another round took over; this one may not publish any more.
        """
        self.check_lease()
        return state.write_receipt(self.store, self.keys, receipt)

    def check_lease(self) -> None:
        """Stop if the lease is not ours any more."""
        if self.token and lease.current_token(self.store) != self.token:
            raise LeaseLost(self.keys.folder, "another process took over the round", "Nothing to do: it goes on there.")

    def sealed(self, number: int) -> Sealed | None:
        """What a round came to; None while it is open."""
        return state.read_sealed(self.store, number)

    def past(self) -> list[Sealed]:
        """What the sealed ancestors came to, oldest first."""
        return [each for keys in self.ancestors if (each := self.project.past.sealed(keys.number))]

    def spent(self) -> float:
        """Dollars of all earlier rounds of the lineage, people and machine."""
        return self.past()[-1].metrics["total_usd"] if self.ancestors else 0.0

    def seal(self, sealed: Sealed) -> Sealed:
        """Write round.json and let HEAD name this round; returns the summary that counts."""
        self.check_lease()
        counts = self.sealed(self.number) or self._seal(sealed)
        state.move_head(self.store, self.plan.parent, self.number)
        return counts

    def _seal(self, sealed: Sealed) -> Sealed:
        return state.seal(self.store, replace(sealed, manifest=publish_manifest(self.store, self.keys)))

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What was published under a name as JSON; made and published now if nothing was.

        What comes from outside, such as Label Studio's answers, changes between two attempts at a stage. Whatever is
        derived from it must come from one and the same answer, so the first one that was published counts.
        """
        key = self.keys.key(name)
        if not self.store.exists(key):
            self.check_lease()
            self.store.create(key, json.dumps(make(), sort_keys=True).encode())
        return json.loads(self.store.read(key))

    # -- tables -----------------------------------------------------------------------------------------------------

    def write(self, table: str, content: Iterable[Row], name: str | None = None) -> None:
        """Publish a table of this round, once.

        Raises:
            LeaseLost: another round took over; this one may not publish any more.
        """
        self.check_lease()
        tables.write_table(self.store, self.keys.key(name or f"{table}.parquet"), table, list(content))

    def read(self, table: str, name: str | None = None, keys: RoundKeys | None = None) -> list[Row]:
        """The rows of a table of this round (or an ancestor); none where it was not written."""
        where = keys or self.keys
        return self._rows(where, where.key(name or f"{table}.parquet"), table)

    def parent_table(self, table: str) -> list[Row]:
        """The rows of a table of the parent round; none for the first round."""
        return self.read(table, keys=self.ancestors[-1]) if self.ancestors else []

    def read_parts(self, folder: str, table: str, keys: RoundKeys | None = None) -> list[Row]:
        """The rows of all parts of a sharded table, in the order of the shards."""
        where = keys or self.keys
        return [row for part in self.parts(folder, table, where) for row in part.to_pylist()]

    def parts(self, folder: str, table: str, keys: RoundKeys) -> Iterator[pa.Table]:
        """The parts of a sharded table as they lie, in the order of the shards: for columns too long to be rows."""
        prefix = keys.key(f"{folder}/part-")
        own = keys.number == self.number
        names = sorted(each.key for each in self.store.list(prefix)) if own else self.project.past.parts(prefix)
        found = (self._table(keys, key, table) for key in names)
        return (each for each in found if each is not None)

    def _rows(self, keys: RoundKeys, key: str, table: str) -> list[Row]:
        found = self._table(keys, key, table)
        rows_: list[Row] = found.to_pylist() if found is not None else []
        return rows_

    def _table(self, keys: RoundKeys, key: str, table: str) -> pa.Table | None:
        own = keys.number == self.number
        return read_if_there(self.store, key, table) if own else self.project.past.table(key, table)

    def history(self, table: str) -> list[Row]:
        """The rows of a table over the whole lineage, oldest round first."""
        return [row for keys in self.ancestors for row in self.read(table, keys=keys)] + self.read(table)

    def quarantine(self, stage: str, rejected: Iterable[Rejected]) -> int:
        """Keep what a stage could not use, with the reasons; returns how many."""
        content = [rows.rejected_row(stage, each) for each in rejected]
        self.write("quarantine", content, f"quarantine/{stage}.parquet")
        return len(content)

    # -- what the tables say ----------------------------------------------------------------------------------------

    @cached_property
    def frames(self) -> list[Frame]:
        """Every frame known, once this round has registered.

        Raises:
            StoreError: the table names a picture outside the configured places: somebody else wrote it.
        """
        found = [rows.frame_from_row(row) for row in self.read("frames")]
        self.store.check_readable(each.uri for each in found)
        return found

    def labels(self) -> dict[str, Detections]:
        """Human labels by frame: what people agreed on, else what came with the frames.

        The answers of this round are included once it has ingested.
        """
        told = [*(row for _, row in self.imported()), *self.agreed()]
        return {row["frame_id"]: rows.label_from_row(row) for row in told}

    def imported(self) -> list[tuple[int, Row]]:
        """Labels that came with frames, oldest first, each with the round that brought it."""
        lineage = [*self.ancestors, self.keys]
        return [(keys.number, row) for keys in lineage for row in self.read("labels", IMPORTED, keys)]

    def agreed(self) -> list[Row]:
        """What people agreed on; of this round once it has ingested, else of its parent."""
        ingested = self.store.exists(self.keys.key("labels.parquet"))
        return self.read("labels") if ingested else self.parent_table("labels")

    def autolabels(self) -> dict[str, tuple[str, Detections]]:
        """The teacher's newest word about each frame: (model, detections)."""
        return self._newest("autolabels", "detections")

    def scores(self) -> dict[str, Row]:
        """The champion's word about each frame of the pool, from this round."""
        return {row["frame_id"]: row for row in self.read_parts("scores", "scores")}

    def questions(self) -> list[Row]:
        """The queues of the lineage, oldest first; this round's own counts once it has chosen.

        A queue that a killed attempt left behind has no receipt: the next attempt must see what that one saw.
        """
        own = self.read("queue") if self.receipt("choose") else []
        return [row for keys in self.ancestors for row in self.read("queue", keys=keys)] + own

    def asked(self) -> set[str]:
        """Frames that an earlier round, or this one, has put into the queue."""
        return {row["frame_id"] for row in self.questions()}

    def _newest(self, folder: str, table: str) -> dict[str, tuple[str, Detections]]:
        found = {}
        for keys in [*self.ancestors, self.keys]:
            for row in self.read_parts(folder, table, keys):
                found[row["frame_id"]] = (row["model"], rows.detections_from_row(row))
        return found


def _outdated(plan: Plan, error: ValidationError) -> ConfigError:
    worst = error.errors()[0]
    told = f"{'.'.join(str(part) for part in worst['loc'])}: {worst['msg']}"
    opened = plan.versions.get("nightshift", "an older version")
    return ConfigError(
        f"{plan.keys.folder}/plan.json",
        f"this Nightshift does not understand the configuration it was opened with ({told})",
        f"Finish that round with Nightshift {opened}, or delete its folder while it is unsealed.",
    )
