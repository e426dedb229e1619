"""Tables as Parquet: one schema each, checked on the way in and on the way out, published once.

The same rows give the same bytes. Knows no domain type; `rows` converts.
"""

import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nightshift.domain.errors import Damaged, StoreError
from nightshift.domain.rounds import SCHEMA
from nightshift.services.store.evolution import upgrade
from nightshift.services.store.s3 import Store
from nightshift.services.store.schemas import MASKED, TABLES, TEXT

NAME, VERSION = b"nightshift.table", b"nightshift.schema"
Rows = Sequence[Mapping[str, Any]]


def write_table(store: Store, key: str, name: str, rows: pa.Table | Rows) -> bool:
    """Publish a table under a key, once.

    Args:
        store: where.
        key: of the object, such as rounds/0007/frames.parquet.
        name: of the table, one of TABLES.
        rows: dictionaries, or a table with the columns in any order; those of MASKED may be left out, also of
            single rows.

    Returns:
        False when the key was there already; it is left as it was.

    Raises:
        StoreError: a column is missing, unknown, empty, or of another type.
    """
    return store.create(key, encode(rows, name, key))


def read_table(store: Store, key: str, name: str) -> pa.Table:
    """The table under a key, with exactly the columns of today's schema, also where an older Nightshift wrote it.

    Those of MASKED are there where a mask is.

    Raises:
        NotFound: it is not there.
        Damaged: it is no Parquet.
        StoreError: it is another table, of a newer Nightshift, or lacks a column.
    """
    return decode(store.read(key), name, store.uri(key))


def encode(rows: pa.Table | Rows, name: str, subject: str) -> bytes:
    """Parquet bytes, the same for the same rows. Errors as `write_table`."""
    schema = _schema(name, _masked(rows, name))
    table = rows if isinstance(rows, pa.Table) else _from_rows(_completed(rows, name, schema), schema, subject)
    sink = io.BytesIO()
    marked = schema.with_metadata({NAME: name.encode(), VERSION: str(SCHEMA).encode()})
    pq.write_table(
        _fitted(table, schema, subject).cast(marked),
        sink,
        compression="zstd",
        compression_level=3,
        version="2.6",
        data_page_version="1.0",
        row_group_size=1 << 16,
    )
    return sink.getvalue()


def decode(content: bytes, name: str, subject: str) -> pa.Table:
    """The table in Parquet bytes. Errors as `read_table`."""
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        remedy = "Restore it from a version or a backup, or delete the round."
        raise Damaged(subject, f"it is no Parquet file: {error}", remedy) from error
    version = _version(table.schema.metadata or {}, name, subject)
    return _fitted(upgrade(table, name, version, SCHEMA), _schema(name, set(table.column_names)), subject)


def _schema(name: str, said: Collection[str] = ()) -> pa.Schema:
    """The columns of a table; with those of masks where one of them is said."""
    if name not in TABLES:
        raise StoreError(f"table '{name}'", "there is none of that name", f"Known: {', '.join(TABLES)}.")
    masked = any(each in said for each in MASKED[name].names) if name in MASKED else False
    return pa.schema([*TABLES[name], *MASKED[name]]) if masked else TABLES[name]


def _masked(rows: pa.Table | Rows, name: str) -> set[str]:
    """The columns of masks in which something is said."""
    if name not in MASKED or isinstance(rows, pa.Table):
        return set(rows.column_names) if isinstance(rows, pa.Table) else set()
    return {column for column in MASKED[name].names if any(row.get(column) for row in rows)}


def _completed(rows: Rows, name: str, schema: pa.Schema) -> Rows:
    """Rows with what they leave out of the columns of masks; without these columns where no row says anything."""
    if name not in MASKED:
        return rows
    columns = MASKED[name]
    nothing = {each.name: "" if each.type == TEXT else [] for each in columns if each.name in schema.names}
    return [nothing | {k: v for k, v in row.items() if k in nothing or k not in columns.names} for row in rows]


def _version(metadata: Mapping[bytes, bytes], name: str, subject: str) -> int:
    """The schema under which a table was written."""
    if metadata.get(NAME) != name.encode() or not metadata.get(VERSION, b"").isdigit():
        raise StoreError(subject, f"it is not Nightshift's table '{name}'", "Check which key is read.")
    version = int(metadata[VERSION])
    if version > SCHEMA:
        reason = f"a newer Nightshift wrote it (schema {version}, this one reads up to {SCHEMA})"
        raise StoreError(subject, reason, "Update Nightshift on this machine.")
    return version


def _from_rows(rows: Rows, schema: pa.Schema, subject: str) -> pa.Table:
    for number, row in enumerate(rows):
        _same_columns(row, schema, f"{subject}, row {number}")
    try:
        return pa.Table.from_pylist(list(rows), schema=schema)
    except (pa.ArrowException, OverflowError, TypeError) as error:
        raise _misfit(subject, error) from error


def _fitted(table: pa.Table, schema: pa.Schema, subject: str) -> pa.Table:
    """In the schema's order and types, with no value missing."""
    _same_columns(table.column_names, schema, subject)
    empty = [name for name in schema.names if table[name].null_count]
    if empty:
        raise StoreError(subject, f"column '{empty[0]}' has empty values", "Give every row a value.")
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise _misfit(subject, error) from error


def _same_columns(names: Sequence[str] | Mapping[str, Any], schema: pa.Schema, subject: str) -> None:
    missing = [name for name in schema.names if name not in names]
    unknown = [name for name in names if name not in schema.names]
    if missing:
        raise StoreError(subject, f"column '{missing[0]}' is missing", f"Needed: {', '.join(schema.names)}.")
    if unknown:
        raise StoreError(subject, f"column '{unknown[0]}' is unknown", f"Known: {', '.join(schema.names)}.")


def _misfit(subject: str, error: Exception) -> StoreError:
    reason = " ".join(str(error).split()).rstrip(".")
    return StoreError(subject, f"a value does not fit its column: {reason}", "Correct the value.")
