"""Reads nightshift.yaml; every mistake in it is told at once, with its line and the nearest right word.

Knows YAML and the shape of Config; does not know which teachers and students there are: `check_names` is
told. Values are read with YAML 1.2's safe types only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from nightshift.config import Config
from nightshift.config_mistakes import Loc, Mistake, examine, nearest
from nightshift.domain.errors import ConfigError, UnknownName


class Place(NamedTuple):
    """Where something stands in a file, counted from 1."""

    line: int
    column: int


def read_config(path: Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigError: the file is missing, is no YAML, or says something that is not allowed; all mistakes are
            listed, each as path:line:column.
    """
    text = _text(path)
    node, values = _parse(path, text)
    config, mistakes = examine({} if values is None else values)
    mistakes += _repeated(node)
    if config is None or mistakes:
        raise _wrong(path, node, mistakes)
    return config


def check_names(config: Config, path: Path, known: Mapping[str, Sequence[str]]) -> None:
    """Refuse names that nobody knows: of models, a strategy, a form of frames, and whatever else is found by its name.

    Args:
        config: as read from `path`.
        path: the file, for the line.
        known: what is said where → the names that may be said there: {"teacher.name": [...]}.

    Raises:
        UnknownName: with the line, the nearest known name and all known names.
    """
    asked: list[tuple[Loc, str, Sequence[str]]] = [
        (tuple(place.split(".")), _said(config, place), names) for place, names in known.items()
    ]
    if teachers := known.get("teacher.name"):
        members = enumerate(config.teacher.members)
        asked += [(("teacher", "members", i, "name"), each.name, teachers) for i, each in members]
    mistakes = [
        Mistake(place, f"'{name}' is unknown{nearest(name, known)} Allowed: {', '.join(known)}.")
        for place, name, known in asked
        if name not in known
    ]
    if mistakes:
        raise _wrong(path, _parse(path, _text(path))[0], mistakes, UnknownName)


def _said(config: Config, place: str) -> str:
    section, field = place.split(".")
    said: str = getattr(getattr(config, section), field)
    return said


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(str(path), "there is no such file", "Write one with `nightshift init`.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"it cannot be read ({error})", "Give a UTF-8 text file.") from error


def _parse(path: Path, text: str) -> tuple[Node | None, Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # we tell of all of them, not of the first
    try:
        return yaml.compose(text), yaml.load(text)
    except YAMLError as error:
        raise _no_yaml(path, error) from error


def _no_yaml(path: Path, error: YAMLError) -> ConfigError:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    problem = getattr(error, "problem", None) or str(error)
    remedy = "Look at the indentation, the colons and the quotes of this line and the one before."
    return ConfigError(where, f"it is no YAML ({problem})", remedy)


def _wrong(
    path: Path, node: Node | None, mistakes: Sequence[Mistake], kind: type[ConfigError] = ConfigError
) -> ConfigError:
    placed = sorted((place(node, each.at, key=each.key), each) for each in mistakes)
    told = [f"{path}:{line}:{column}: {each.said}" for (line, column), each in placed]
    many = "1 mistake" if len(told) == 1 else f"{len(told)} mistakes"
    return kind(str(path), f"it has {many}", "Put right:\n  " + "\n  ".join(told))


def place(node: Node | None, at: Loc, *, key: bool = False) -> Place:
    """Where the value at a path of keys and indices stands, or its key; its parent where it is not there."""
    mark = node.start_mark if node else None
    for step in at:
        found = _step(node, step)
        if found is None:
            break
        key_node, node = found
        mark = key_node.start_mark if key and key_node else node.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _step(node: Node | None, step: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in reversed(node.value) if key.value == str(step)), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def _repeated(node: Node | None, at: Loc = (), seen: set[int] | None = None) -> list[Mistake]:
    """Keys that are said twice, where the later one would silently win; aliased parts are `seen` once."""
    seen = set() if seen is None else seen
    if id(node) in seen:
        return []
    seen.add(id(node))
    if isinstance(node, SequenceNode):
        return [each for i, inner in enumerate(node.value) for each in _repeated(inner, (*at, i), seen)]
    if not isinstance(node, MappingNode):
        return []
    pairs = [(key.value, inner) for key, inner in node.value if isinstance(key, ScalarNode)]
    names = [name for name, _ in pairs if name != "<<"]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [Mistake((*at, name), "said twice; keep one.", key=True) for name in twice]
    return found + [each for name, inner in pairs for each in _repeated(inner, (*at, name), seen)]
