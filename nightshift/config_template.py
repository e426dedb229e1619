"""A commented nightshift.yaml and its JSON schema, both written from Config itself so that they cannot drift.

Knows no file and no command line. What must be said is shown with an example, what may be left out with
its default; what is empty by default stands there as a comment.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nightshift.config import ClassSection, Config

SCHEMA_FILE = "nightshift.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
WIDTH, COMMENT_AT = 110, 40
PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _./-]|:(?=/))*")  # text that YAML reads as text without quotes
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
HEAD = """\
# yaml-language-server: $schema=./{schema}
# Say {required}. Everything else stands here with its default and may be deleted.
# Credentials and addresses of servers are not written here: they come from the environment."""


def template() -> str:
    """nightshift.yaml, ready to be edited; reads back to a valid configuration."""
    required = ", ".join(name for name, field in Config.model_fields.items() if field.is_required())
    head = HEAD.format(schema=SCHEMA_FILE, required=required)
    return "\n".join([head, *_section(Config, 0)]) + "\n"


def schema(names: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """The JSON schema of nightshift.yaml, for editors.

    Args:
        names: what is said where → the names that are known: {"teacher.name": [...]}.
    """
    said = Config.model_json_schema()
    for place, known in (names or {}).items():
        section, field = place.split(".")
        said["$defs"][f"{section.capitalize()}Section"]["properties"][field]["enum"] = list(known)
    return {"$schema": DIALECT, **said, "title": "nightshift.yaml", "description": "A Nightshift project."}


def _section(section: type[BaseModel], depth: int) -> Iterator[str]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if name == "ontology":
            yield from ("", *_commented(f"{name}:", field, depth), *_classes(field.examples or [[]]))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from ("", *_commented(f"{name}:", field, depth), *_section(kind, depth + 1))
        else:
            yield from ("",) if not depth else ()
            yield from _line(name, field, depth)


def _line(name: str, field: FieldInfo, depth: int) -> list[str]:
    value = field.examples[0] if field.is_required() and field.examples else field.default
    return _commented(f"# {name}:" if value is None else f"{name}: {_scalar(value)}", field, depth)


def _commented(line: str, field: FieldInfo, depth: int) -> list[str]:
    """The description beside the line where there is room, else above it."""
    indent, said = "  " * depth, field.description or ""
    beside = f"{indent + line:<{COMMENT_AT}}  # {said}"
    if len(beside) <= WIDTH:
        return [beside]
    return [*textwrap.wrap(said, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "), indent + line]


def _classes(examples: Sequence[Any]) -> Iterator[str]:
    """One class a line, and above them what may be said of each."""
    for name, field in ClassSection.model_fields.items():
        yield f"  # {name}: {field.description}"
    for each in examples[0]:
        inner = ", ".join(f"{key}: {_scalar(value)}" for key, value in each.items())
        yield f"  - {{{inner}}}"


def _scalar(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_scalar, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    if PLAIN.fullmatch(value) and value.lower() not in WORDS and value == value.strip():
        return value
    return "'" + value.replace("'", "''") + "'"
