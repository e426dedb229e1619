"""A round's champion for whoever runs it elsewhere: found, opened, written as ONNX and tried on the project's frames.

Knows the lineage and the store; how a network becomes ONNX is the students' matter.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.services.store import state
from nightshift.students import export_onnx

if TYPE_CHECKING:
    from nightshift.domain.rounds import Weights
    from nightshift.students._onnx import Agreement


def export_champion(project: Project, number: int | None, out: Path, frames: int) -> "tuple[Weights, Agreement]":
    """Write the champion of a sealed round as ONNX.

    Args:
        project: whose.
        number: of the round; the newest when left out.
        out: the file.
        frames: how many of the round's frames to compare on; test frames first.

    Raises:
        ConfigError: there is no such sealed round, it has no champion, or there are no frames.
        ModelError: the file would find something else than the original.
    """
    found = number if number is not None else state.read_head(project.store)
    sealed = None if found is None else project.past.sealed(found)
    if sealed is None or sealed.champion is None:
        reason = "it is not sealed" if sealed is None else "it has no champion"
        raise ConfigError(f"round {found}", reason, "Look at `nightshift status`, and name a round with a champion.")
    night = OpenRound(project, state.read_plan(project.store, sealed.number))
    looked_at = _frames(night, frames)
    project.fetch(looked_at)
    images = [project.image(each) for each in looked_at]
    agreement = export_onnx(project.network(sealed.champion), night.config.classes.names, out, images)
    return sealed.champion, agreement


def _frames(night: OpenRound, number: int) -> list[Frame]:
    """Test frames first, then others, in the order of their ids."""
    return sorted(night.frames, key=lambda each: (each.split is not Split.GOLDEN, each.id))[:number]
