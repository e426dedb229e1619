"""Acquisition functions and strategies, one a file, found by the file's name.

A module of this package whose name has no leading underscore offers one of

    def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]             (n,), finite, ≥ 0: a function
    def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]     in the order to ask: a strategy

`rng` is the only source of chance. Where an input is missing it raises ConfigError and says what to do. Adding one is
adding such a file; configuration, contract tests and error messages find it by themselves. This module knows none.
"""

import pkgutil
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.pool import Pool
from nightshift.domain.errors import UnknownName

Value = Callable[[Pool, np.random.Generator], NDArray[np.float64]]
Rank = Callable[[Pool, float, np.random.Generator], list[int]]

DEFAULT = "gain_per_dollar"


def known_functions() -> tuple[str, ...]:
    """The names that `open_function` knows, in alphabetical order."""
    return tuple(name for name, module in _modules() if hasattr(module, "value"))


def known_strategies() -> tuple[str, ...]:
    """The names that `open_strategy` knows, in alphabetical order."""
    return tuple(name for name, module in _modules() if hasattr(module, "rank"))


def open_function(name: str) -> Value:
    """What a frame is worth, by the file of that name.

    Raises:
        UnknownName: no function has that name; the message lists those that exist.
    """
    function: Value = _open("acquisition function", name, known_functions()).value
    return function


def open_strategy(name: str) -> Rank:
    """Which frames to ask within a budget, by the file of that name.

    Raises:
        UnknownName: no strategy has that name; the message lists those that exist.
    """
    strategy: Rank = _open("strategy", name, known_strategies()).rank
    return strategy


def _modules() -> list[tuple[str, ModuleType]]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [(name, import_module(f"{__name__}.{name}")) for name in names if not name.startswith("_")]


def _open(kind: str, name: str, known: tuple[str, ...]) -> ModuleType:
    if name not in known:
        raise UnknownName(f"{kind} '{name}'", "unknown", f"Known: {', '.join(known)}.")
    return import_module(f"{__name__}.{name}")
