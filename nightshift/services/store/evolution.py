"""Tables that an older Nightshift wrote, brought up to today's columns while they are read.

What lies in the store is never rewritten. A step takes a table from one schema to the next; steps follow one another,
so that each schema needs a single step when the next one comes. What an older table could not know gets the value
that means unknown.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa

Step = Callable[[pa.Table], pa.Table]
UNKNOWN_PROMPT = -1
OUTDATED_SCORES = ("value", "uncertainty", "disagreement", "additions")


def upgrade(table: pa.Table, name: str, version: int, to: int) -> pa.Table:
    """A table of schema `version` with the columns of schema `to`; types are the reader's business.

    Args:
        table: as it was written.
        name: of the table.
        version: of the schema under which it was written.
        to: the schema wanted, not older.
    """
    for number in range(version, to):
        step = STEPS.get((name, number))
        table = step(table) if step else table
    return table


def _detections(table: pa.Table) -> pa.Table:
    """Which prompt found a box was not written down."""
    return _with(table, {"prompts": [[UNKNOWN_PROMPT] * len(each) for each in table["classes"].to_pylist()]})


def _scores(table: pa.Table) -> pa.Table:
    """What a frame is worth is computed when it is chosen; full class scores were not kept."""
    return _with(_detections(table).drop_columns(list(OUTDATED_SCORES)), _repeated(table, probabilities=[]))


def _queue(table: pa.Table) -> pa.Table:
    """One person was asked; the boxes shown lie only in Label Studio."""
    nothing: dict[str, object] = {key: [] for key in ("boxes", "classes", "scores", "prompts")}
    return _with(table, _repeated(table, opinions=1, hidden=0.0, alone=0.0, **nothing))


def _repeated(table: pa.Table, **values: object) -> dict[str, list[object]]:
    return {name: [value] * table.num_rows for name, value in values.items()}


def _with(table: pa.Table, columns: Mapping[str, list[object]]) -> pa.Table:
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, _kind(values)))
    return table


def _kind(values: list[object]) -> pa.DataType | None:
    """Lists that are all empty have no type of their own."""
    return pa.list_(pa.float32()) if values and not any(values) and isinstance(values[0], list) else None


# (table, schema it was written under) → the step to the next schema; tables that did not change have none
STEPS: Mapping[tuple[str, int], Step] = {
    ("detections", 1): _detections,
    ("scores", 1): _scores,
    ("queue", 1): _queue,
}
