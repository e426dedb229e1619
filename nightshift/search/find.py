"""Find frames by what they look like, or by words where the embedder knows them; and ask people about them next.

Looks at the last sealed round: its frames, its vectors, and what was labelled or asked by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import PurePosixPath

import numpy as np

from nightshift.domain.embedding import STUDENT, Vectors, unit
from nightshift.domain.errors import ConfigError, NotFound
from nightshift.domain.frames import Frame, FrameState, Split
from nightshift.domain.wishes import LONGEST, Wish
from nightshift.embedders import knows_text
from nightshift.embedders.student import NO_TEXT
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.search.vectors import FrameVectors, read_vectors
from nightshift.services.store import state
from nightshift.services.store.wishes import make_wish

SHORTEST_ID = 8  # hex digits
GOLDEN = "golden"
RUN = "Let a round run: it looks at every frame once."


@dataclass(frozen=True, slots=True)
class Found:
    """A frame that was found.

    Args:
        frame: the frame.
        similarity: cosine, in [-1, 1].
        state: pool, asked or labelled; golden for test frames, which are never asked because of what they show.
    """

    frame: Frame
    similarity: float
    state: str

    @property
    def free(self) -> bool:
        """Whether it can be asked next."""
        return self.state == FrameState.POOL


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The frames of a sealed round.

    Args:
        round: its number.
        model: whose vectors they are, if they are an embedder's; empty for the champion's own.
        frames: by id.
        states: by id.
        vectors: of those that have one.
    """

    round: int
    model: str
    frames: dict[str, Frame]
    states: dict[str, str]
    vectors: FrameVectors

    def nearest(self, direction: Vectors, top: int, *, without: str = "") -> list[Found]:
        """The frames most similar to a direction, best first.

        Args:
            direction: (d,) of length 1, among `vectors`.
            top: how many, at most.
            without: a frame that is left out.
        """
        similar = self.vectors.rows @ direction
        order = np.argsort(-similar, kind="stable")
        ids = [(self.vectors.ids[i], float(similar[i])) for i in order]
        wanted = [(each, s) for each, s in ids if each in self.frames and each != without][:top]
        return [Found(self.frames[each], s, self.states[each]) for each, s in wanted]


def open_gallery(project: Project) -> Gallery:
    """What the last sealed round knows.

    Raises:
        NotFound: no round was sealed yet, or it has no vectors.
    """
    head = state.read_head(project.store)
    if head is None:
        raise NotFound(project.config.store.uri, "no round was sealed yet", "Run `nightshift round` first.")
    night = OpenRound(project, state.read_plan(project.store, head))
    vectors, model = read_vectors(night), str(night.summary("embed").get("model", ""))
    if not len(vectors):
        raise NotFound(f"round {head}", "nobody has looked at its frames: there was no student yet", RUN)
    frames = {each.id: each for each in night.frames}
    return Gallery(head, model, frames, _states(night), vectors)


def by_text(project: Project, gallery: Gallery, text: str, top: int) -> list[Found]:
    """Frames that show what a text says.

    Raises:
        ConfigError: the configured embedder knows no text, or the round's vectors are not its.
        ModelError: its weights cannot be had.
    """
    name = project.config.embedding.name
    if not knows_text(name):
        whose = "the student's vectors know" if name == STUDENT else f"'{name}' knows"
        raise ConfigError(f"the text {text!r}", f"embedding.name is '{name}', and {whose} no text", NO_TEXT)
    model = project.embedder()
    if model is None or gallery.model != model.version:
        whose = gallery.model or "the champion"
        said = f"the frames of round {gallery.round} were seen by {whose}, not by {model.version if model else name}"
        raise ConfigError(f"the text {text!r}", said, RUN)
    return gallery.nearest(model.embed_text([text])[0], top)


def by_frame(gallery: Gallery, name: str, top: int) -> list[Found]:
    """Frames that look like one that is known.

    Pictures share a large common part, which is taken away first: else any two seem alike.

    Raises:
        ConfigError: no frame, or several, have that name; or it has no vector.
    """
    frame = known_frame(list(gallery.frames.values()), name)
    if frame.id not in gallery.vectors.ids:
        why = "it is a test frame, which the champion does not compare" if frame.split is Split.GOLDEN else "it is new"
        raise ConfigError(f"frame '{frame.name}'", f"it has no vector: {why}", "Name another one.")
    rows = unit(gallery.vectors.rows - gallery.vectors.rows.mean(axis=0))
    centred = replace(gallery, vectors=replace(gallery.vectors, rows=rows))
    return centred.nearest(rows[gallery.vectors.ids.index(frame.id)], top, without=frame.id)


def known_frame(frames: Sequence[Frame], name: str) -> Frame:
    """A frame by its name, the last part of its name, its id, or how its id begins.

    Raises:
        ConfigError: there is none, or more than one.
    """
    ways = (
        [each for each in frames if name in {each.name, each.id}],
        [each for each in frames if PurePosixPath(each.name).name == name],
        [each for each in frames if len(name) >= SHORTEST_ID and each.id.startswith(name)],
    )
    found = next((each for each in ways if each), [])
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(sorted(each.name for each in found)[:3])
        raise ConfigError(f"frame '{name}'", f"{len(found)} frames are called so", f"Say which: {some}, …")
    near = get_close_matches(name, [each.name for each in frames], 3)
    remedy = f"Did you mean {' or '.join(near)}?" if near else "Give its path relative to frames.source, or its id."
    raise ConfigError(f"frame '{name}'", "the last sealed round knows none of that name", remedy)


def wish_for(project: Project, asked: str, found: Sequence[Found]) -> tuple[int, bool]:
    """Ask people about the frames that were found, on the next night: how many of them, and whether that is new."""
    free = tuple(each.frame.id for each in found if each.free)
    if not free:
        return 0, False
    said = "".join(each if each.isprintable() else " " for each in asked)
    short = said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
    return len(free), make_wish(project.store, Wish(short, free))


def _states(night: OpenRound) -> dict[str, str]:
    labels, asked = night.labels(), night.asked()

    def one(frame: Frame) -> str:
        if frame.split is Split.GOLDEN:
            return GOLDEN
        if frame.id in labels:
            return str(FrameState.LABELLED)
        return str(FrameState.ASKED if frame.id in asked else FrameState.POOL)

    return {each.id: one(each) for each in night.frames}
