"""What is wrong with a configuration, in words: what is allowed there, and the nearest right word.

Knows the shape of Config and pydantic's errors; knows no file and no line.
"""

import difflib
import reprlib
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nightshift.config import Config

BRIEF = reprlib.Repr()
BRIEF.maxstring = BRIEF.maxother = 60
BRIEF.maxlevel = 1
Loc = tuple[str | int, ...]  # keys and indices from the top of the file


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing that is wrong.

    Args:
        at: where, as keys and indices.
        reason: what is wrong and what is allowed, as sentences.
        key: it is the key that is wrong, not its value.
    """

    at: Loc
    reason: str
    key: bool = False

    @property
    def said(self) -> str:
        """The dotted name and the reason."""
        return f"{dotted(self.at)}: {self.reason}" if self.at else self.reason


def examine(values: Any) -> tuple[Config | None, list[Mistake]]:
    """The configuration, or every mistake in it.

    What stands below a misspelt key is examined too, as if the key were right.

    Args:
        values: as read from the file; misspelt keys in it are put right.
    """
    mistakes: list[Mistake] = []
    written: dict[Loc, str] = {}  # the right place → the last key of it as it was written
    while True:
        values = _spoken(values)
        try:
            return Config.model_validate(values), mistakes
        except ValidationError as error:
            problems = error.errors(include_url=False)
        misspelt = {each["loc"]: word for each in problems if (word := _meant(each, values))}
        found = [each for each in problems if not misspelt or each["loc"] in misspelt]
        mistakes += [_mistake(each, written) for each in found]
        if not misspelt:
            return None, mistakes
        for at, word in misspelt.items():
            section = _inside(values, at[:-1])
            section[word] = section.pop(at[-1])
            written[*at[:-1], word] = str(at[-1])


def _spoken(values: Any) -> Any:
    """Without the sections that may be left out and of which nothing is said: every key below is a comment."""
    if not isinstance(values, Mapping):
        return values
    silent = {name for name, field in Config.model_fields.items() if not field.is_required() and keys((name,))}
    return {name: said for name, said in values.items() if said is not None or name not in silent}


def _meant(problem: Any, values: Any) -> str | None:
    """The key that a misspelt one stands for, where that is not there as well."""
    if problem["type"] != "extra_forbidden":
        return None
    *section, wrong = problem["loc"]
    word = _close(str(wrong), keys(tuple(section)))
    return word if word not in _inside(values, section) else None


def _inside(values: Any, at: Sequence[str | int]) -> Any:
    for step in at:
        values = values[step]
    return values


def nearest(word: str, known: Sequence[str]) -> str:
    """How to go on after 'unknown': the question whether the nearest word was meant, or a full stop."""
    close = _close(word, known)
    return f"; did you mean '{close}'?" if close else "."


def dotted(at: Loc) -> str:
    """ontology[1].name."""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
    return name.removeprefix(".")


def keys(at: Loc) -> tuple[str, ...]:
    """The keys that may stand at a place; none where it is no section."""
    section = _section(at)
    return tuple(section.model_fields) if section else ()


def _close(word: str, known: Sequence[str]) -> str | None:
    lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def _mistake(problem: Any, written: Mapping[Loc, str]) -> Mistake:
    at: Loc = problem["loc"]
    explainer = EXPLAINERS.get(problem["type"], _other)
    as_written = tuple(written.get(at[: i + 1], step) for i, step in enumerate(at))
    return Mistake(as_written, explainer(at, problem), key=problem["type"] == "extra_forbidden")


def _unknown(at: Loc, _error: Any) -> str:
    allowed, word = keys(at[:-1]), str(at[-1])
    homes = [section for section in ("", *Config.model_fields) if word in keys((section,) if section else ())]
    if _close(word, allowed) or not homes:
        return f"unknown key{nearest(word, allowed)} Allowed: {', '.join(allowed)}."
    where = f"under '{homes[0]}'" if homes[0] else "at the top, not indented"
    return f"unknown key here; it belongs {where}. Allowed here: {', '.join(allowed)}."


def _missing(at: Loc, _error: Any) -> str:
    return f"missing. {_description(at)}".strip()


def _word(at: Loc, error: Any) -> str:
    field = _field(at)
    allowed = [str(each) for each in typing.get_args(field.annotation)] if field else []
    return (
        f"{_short(error['input'])} is not allowed{nearest(str(error['input']), allowed)} Allowed: {', '.join(allowed)}."
    )


def _section_wanted(at: Loc, error: Any) -> str:
    if not at:
        return f"keys and their values are wanted here: {', '.join(keys(at))}."
    return f"{_short(error['input'])} is no section. Indent its keys below it: {', '.join(keys(at))}."


def _pattern(at: Loc, error: Any) -> str:
    return f"{_short(error['input'])} is not allowed. {_description(at)}"


def _own_rule(_at: Loc, error: Any) -> str:
    return f"{error['ctx']['error']}."


def _text_wanted(at: Loc, error: Any) -> str:
    return f"{_short(error['input'])} is no text; put it in quotes. {_description(at)}".strip()


def _list_wanted(at: Loc, error: Any) -> str:
    return f"{_short(error['input'])} is no list; write [first, second]. {_description(at)}".strip()


def _other(at: Loc, error: Any) -> str:
    rule = error["msg"].replace("Input should be", "it should be").split(", unable to parse")[0]
    return f"{_short(error['input'])} is not allowed, {rule[0].lower()}{rule[1:]}. {_description(at)}".strip()


EXPLAINERS: dict[str, Callable[[Loc, Any], str]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _word,
    "model_type": _section_wanted,
    "dict_type": _section_wanted,
    "string_pattern_mismatch": _pattern,
    "value_error": _own_rule,
    "string_type": _text_wanted,
    "tuple_type": _list_wanted,
}


def _short(value: Any) -> str:
    """Never long, whatever aliases are nested in it."""
    return "nothing" if value is None else BRIEF.repr(value)


def _description(at: Loc) -> str:
    field = next((f for f in (_field(at), _field(at[:-1])) if f and f.description), None)
    return (field.description or "") if field else ""


def _section(at: Loc) -> type[BaseModel] | None:
    if not at:
        return Config
    field = _field(at[:-1] if isinstance(at[-1], int) else at)
    return next(_models(field.annotation), None) if field else None


def _field(at: Loc) -> FieldInfo | None:
    if not at or isinstance(at[-1], int):
        return None
    section = _section(at[:-1])
    return section.model_fields.get(str(at[-1])) if section else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The section itself, or the one in tuple[Section, ...]."""
    for each in (annotation, *typing.get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each
