"""What a backtest compares: ways to spend the same dollars.

A scheme says how frames are chosen, whether people see boxes drawn in advance, and whether the student also learns from
the teacher. All schemes but `scratch` get the same boxes and the same lessons: they differ in the choice alone.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module

from nightshift.acquisition import functions
from nightshift.acquisition.functions import known_strategies
from nightshift.domain.errors import UnknownName

DEFAULT = functions.DEFAULT
SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to spend.

    Args:
        name: as shown.
        function: the acquisition function or strategy: a file in nightshift/acquisition/functions.
        shown: people see boxes drawn in advance; otherwise they draw every object.
        taught: the student also learns from the teacher's boxes.
        audit_share: of each night's dollars, for blind checks.
        control_share: of each night's dollars, for random frames.
    """

    name: str
    function: str
    shown: bool = True
    taught: bool = True
    audit_share: float = 0.0
    control_share: float = 0.0


def scheme(name: str) -> Scheme:
    """The scheme of a name.

    'scratch' draws random frames from nothing, 'policy' is the default with its audits and control arm paid from the
    same dollars; any other is a strategy of nightshift/acquisition/functions.

    Raises:
        UnknownName: there is none of that name.
    """
    if name == SCRATCH:
        return Scheme(name, "random", shown=False, taught=False)
    if name == "policy":
        return Scheme(name, DEFAULT, audit_share=0.1, control_share=0.1)
    if name not in known_strategies():
        known = ", ".join([SCRATCH, "policy", *known_strategies()])
        raise UnknownName(f"strategy '{name}'", "unknown", f"Known: {known}.")
    return Scheme(name, name)


def meaning(name: str) -> str:
    """What a scheme does, in one line: the first line of its strategy's file.

    Raises:
        UnknownName: there is none of that name.
    """
    if name == SCRATCH:
        return "Random frames, every box drawn from nothing, and no teacher."
    if name == "policy":
        return "The default, with audits and a control arm paid from the same dollars."
    said = inspect.getdoc(import_module(f"{functions.__name__}.{scheme(name).function}")) or ""
    return said.partition("\n")[0]
