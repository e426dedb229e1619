"""What rounds are called in MLflow: parameters, metrics and their limits. Plain functions, no server.

The limits are MLflow's own (mlflow/utils/validation.py): keys of at most 250 characters out of word characters,
space, dot, dash, colon and slash, that are normal paths; parameter values of at most 6000 characters.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from nightshift.domain.rounds import Plan, Sealed, Weights

KEY_LENGTH = 250
VALUE_LENGTH = 6000
_SECRET = re.compile(r"secret|passw|token|credential|(api|access|private)_?key", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def params(plan: Plan) -> dict[str, str]:
    """Everything in plan.json, flattened: 'config.student.steps' → '2000'."""
    said = {field.name: getattr(plan, field.name) for field in fields(plan)}
    return {key_name(key): _text(key, value) for key, value in _leaves("", said)}


def round_metrics(sealed: Sealed) -> dict[str, float]:
    """Every figure of the round, to a millionth; a figure that is not a number is left out."""
    figures = {key_name(name): value for name, value in sealed.metrics.items()}
    figures |= {f"ap/{segment(name)}": value for name, value in sealed.per_class.items()}
    figures |= {f"seconds/{segment(name)}": value for name, value in sealed.stages.items()}
    return {name: round(float(value), 6) for name, value in figures.items() if math.isfinite(value)}


def curve_metrics(curves: Sequence[Mapping[str, float]]) -> Iterator[tuple[str, float, int]]:
    """(name, value, epoch) of the training curves; the first epoch is 1."""
    for epoch, row in enumerate(curves, start=1):
        for name, value in row.items():
            if name != "epoch" and math.isfinite(value):
                plain = name.replace("(B)", "").replace("/", ".")  # Ultralytics marks box figures with (B)
                yield f"training/{segment(plain)}", float(value), epoch


def segment(name: str) -> str:
    """One part of a metric's name, such as a class: like key_name, without slashes."""
    return _distinct(name, re.sub(r"[^\w.\- :]", "_", name), KEY_LENGTH - 20)


def key_name(name: str) -> str:
    """A name that MLflow takes. Two names stay two: a changed one carries a digest of the original."""
    parts = re.sub(r"[^/\w.\- :]", "_", name).split("/")
    return _distinct(name, "/".join(part for part in parts if part.strip(".")), KEY_LENGTH)


def _distinct(name: str, allowed: str, length: int) -> str:
    if allowed == name and allowed.strip(".") and len(name) <= length:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{allowed[: length - 7].strip('/')}-{mark}"


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Weights):
        value = {"round": value.round, "key": value.key, "sha256": value.sha256}
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping | list | tuple) for each in value):
        for i, inner in enumerate(value):
            yield from _leaves(f"{path}.{i}", inner)
    else:
        yield path, value


def _text(key: str, value: Any) -> str:
    if _SECRET.search(key):
        return "(not logged)"
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _USER_INFO.sub("", text)
    return text if len(text) <= VALUE_LENGTH else text[: VALUE_LENGTH - 1] + "…"
