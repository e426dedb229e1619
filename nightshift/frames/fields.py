"""Provenance as fields of plain text and numbers, which each format keeps where it has room.

Reading believes nothing: a field that is none of ours, or holds what it cannot, counts as not said.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from nightshift.frames.labelled import Facts, Labelled, Origin, Source

FACTS = {"frame_id": "id", "frame_name": "name", "uri": "uri", "clip": "clip", "split": "split", "purpose": "purpose"}
BOX = ("source", "model", "round", "reviewers", "score")
LONGEST = 2_000  # characters of a field that is believed
MOST_REVIEWERS = 100

Fields = dict[str, Any]


def box_fields(origin: Origin, score: float) -> Fields:
    """Of one box; what is empty is left out."""
    return origin_fields(origin) | {"score": score}


def frame_fields(frame: Labelled) -> Fields:
    """Of one frame; what is empty is left out."""
    return fact_fields(frame.facts) | origin_fields(frame.origin)


def fact_fields(facts: Facts) -> Fields:
    """Which frame it is; what is empty is left out."""
    said = {field: getattr(facts, name) for field, name in FACTS.items()}
    return {field: text for field, text in said.items() if text}


def origin_fields(origin: Origin) -> Fields:
    """Who says so; what is empty is left out."""
    said = {"source": str(origin.source), "model": origin.model, "round": origin.round}
    return {k: v for k, v in (said | {"reviewers": list(origin.reviewers)}).items() if v not in ("", None, [])}


def read_box(said: object) -> tuple[Origin, float] | None:
    """What `box_fields` wrote; None where it says nothing that can be believed."""
    fields = said if isinstance(said, Mapping) else {}
    origin, score = read_origin(fields), fields.get("score")
    if origin is None or isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        return None
    return origin, float(score)


def read_facts(said: object) -> Facts | None:
    """What `frame_fields` wrote of a frame; None unless it says which one."""
    fields = said if isinstance(said, Mapping) else {}
    facts = Facts(**{name: _text(fields.get(field)) for field, name in FACTS.items()})
    return facts if re.fullmatch(r"[0-9a-f]{64}", facts.id) else None


def read_origin(said: object) -> Origin | None:
    """Who says so; None where that cannot be believed."""
    fields = said if isinstance(said, Mapping) else {}
    try:
        source = Source(fields.get("source", ""))
    except ValueError:
        return None
    given = fields.get("reviewers")
    reviewers = tuple(map(_text, given[:MOST_REVIEWERS])) if isinstance(given, list) else ()
    return Origin(source, _text(fields.get("model")), _round(fields.get("round")), reviewers)


def as_text(fields: Mapping[str, Any]) -> dict[str, str]:
    """For formats that hold text only: numbers and lists become JSON."""
    return {name: each if isinstance(each, str) else json.dumps(each) for name, each in fields.items()}


def from_text(said: Mapping[str, str | None]) -> Fields:
    """What `as_text` was given; of a value that is no JSON, the text."""
    return {name: _value(name, text or "") for name, text in said.items() if name in BOX or name in FACTS}


def _value(name: str, text: str) -> Any:
    if name not in {"round", "reviewers", "score"}:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(given: object) -> str:
    return given[:LONGEST] if isinstance(given, str) else ""


def _round(given: object) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 1 << 31 else None
