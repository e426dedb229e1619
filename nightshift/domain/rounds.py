"""A round: what it was planned from, where its objects lie, and what it came to.

Keys are relative to the store's prefix. A round counts when `round.json` exists and `HEAD` names it.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

HEAD = "HEAD"
LEASE = "LEASE"
SCHEMA = 2  # of plan.json, round.json and every table


@dataclass(frozen=True, slots=True)
class RoundKeys:
    """Where the objects of one round lie."""

    number: int

    @property
    def folder(self) -> str:
        """rounds/0007."""
        return f"rounds/{self.number:04d}"

    def key(self, name: str) -> str:
        """The key of a named object of the round, such as 'plan.json' or 'scores/part-0000.parquet'."""
        return f"{self.folder}/{name}"

    def stage(self, name: str) -> str:
        """The key of a stage's receipt: it exists once the stage's output is whole."""
        return self.key(f"stages/{name}.json")


@dataclass(frozen=True, slots=True)
class Weights:
    """A student's weights in the store, with the digest they must have.

    Raises:
        ValueError: the key lies outside the round's folder, or the digest is none.
    """

    round: int
    key: str
    sha256: str

    def __post_init__(self) -> None:
        inside = self.key.removeprefix(f"{RoundKeys(self.round).folder}/")
        if inside == self.key or not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", inside, re.ASCII):
            raise ValueError(f"'{self.key}' is no object of round {self.round}")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"'{self.sha256}' is not a sha-256")


@dataclass(frozen=True, slots=True)
class Plan:
    """All inputs of a round; written first, never changed.

    Args:
        number: of the round, from 0.
        parent: the sealed round it continues; None for the first.
        kind: 'nightly' is the whole round; 'backfill' registers and auto-labels, and trains nothing.
        opened_at: UTC.
        config: the configuration, as said.
        config_digest: sha-256 of it.
        champion: the student in use when the round opened.
        seed: of everything random in this round.
        versions: of the packages that decide results.
        schema: of the tables.
    """

    number: int
    parent: int | None
    kind: Literal["nightly", "backfill"]
    opened_at: datetime
    config: dict[str, Any]
    config_digest: str
    champion: Weights | None
    seed: int
    versions: dict[str, str]
    schema: int = SCHEMA

    @property
    def keys(self) -> RoundKeys:
        """Where its objects lie."""
        return RoundKeys(self.number)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a stage leaves behind when it is done: its summary and how long it took."""

    stage: str
    seconds: float
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """round.json: the sealed summary.

    Args:
        number: of the round.
        parent: the round it continues.
        kind: nightly or backfill.
        sealed_at: UTC.
        champion: the student in use from here on.
        metrics: every figure of the round, by MLflow's name for it.
        per_class: mAP50-95 of the evaluated student, class name → value.
        stages: seconds per stage.
        manifest: sha-256 of the list of the round's objects; None where an older Nightshift sealed it.
        schema: of the tables.
    """

    number: int
    parent: int | None
    kind: Literal["nightly", "backfill"]
    sealed_at: datetime
    champion: Weights | None
    metrics: dict[str, float]
    per_class: dict[str, float]
    stages: dict[str, float]
    manifest: str | None = None
    schema: int = SCHEMA
