"""The labels of a sealed round, with who says so: people's answers, and what may be trusted of the teacher's word.

Knows the tables of a round; knows no format. Frames that nobody has labelled are left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split
from nightshift.domain.rounds import RoundKeys
from nightshift.frames.labelled import Facts, Labelled, LabelledSet, Origin, Source
from nightshift.project import Project
from nightshift.round import OpenRound, Row
from nightshift.services.store import rows, state
from nightshift.triage.stoplight import Colour
from nightshift.trusted import accepted, limits


class What(StrEnum):
    """Which labels."""

    LABELS = "labels"  # what people said, and what came with the frames
    TRUSTED = "trusted"  # and the boxes that the stoplight accepted
    ALL = "all"  # and every other box of the teacher, marked as a proposal


class Reviewers(StrEnum):
    """How people are called."""

    OMIT = "omit"
    PSEUDONYMS = "pseudonyms"
    NAMES = "names"  # as Label Studio knows them: mostly e-mail addresses


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is exported of a round.

    Args:
        labels: frame by frame.
        frames: the same, as the round knows them.
        left_out: boxes on exported frames that were not sure enough to be accepted.
    """

    labels: LabelledSet
    frames: tuple[Frame, ...]
    left_out: int


def sealed_round(project: Project, number: int) -> OpenRound:
    """A round that counts.

    Raises:
        ConfigError: there is none of that number, or it is not sealed.
    """
    head = state.read_head(project.store)
    if head is None:
        raise ConfigError(f"round {number}", "no round is sealed yet", "Run `nightshift round` first.")
    known = sorted(project.past.lineage(head))
    if number not in known:
        is_open = project.store.exists(RoundKeys(number).key(state.PLAN))
        reason = "it is not sealed yet" if is_open else "there is no such round"
        raise ConfigError(f"round {number}", reason, f"Sealed: {_ranges(known)}.")
    return OpenRound(project, state.read_plan(project.store, number))


def choose_labels(night: OpenRound, what: What, reviewers: Reviewers = Reviewers.OMIT) -> Chosen:
    """The labels of a round, in the order of the frames' names.

    Args:
        night: a sealed round.
        what: which labels.
        reviewers: how people are called.
    """
    frames = sorted(night.frames, key=lambda each: (each.name, each.id))
    people = _people(night, reviewers)
    said, left_out = _auto(night, [f for f in frames if f.id not in people], what)
    found = people | said
    config = night.config
    kept = tuple(each for each in frames if each.id in found)
    labels = tuple(_labelled(each, *found[each.id]) for each in kept)
    colours = tuple(each.color for each in config.classes.classes)
    return Chosen(LabelledSet(config.project, config.classes.names, colours, labels), kept, left_out)


_Word = tuple[str, Detections, Origin, tuple[Origin, ...]]  # why it was asked, boxes, who says so, and of each box


def _labelled(frame: Frame, purpose: str, boxes: Detections, origin: Origin, origins: tuple[Origin, ...]) -> Labelled:
    facts = Facts(frame.id, frame.name, frame.uri, frame.clip, str(frame.split), purpose)
    return Labelled(facts, (frame.width, frame.height), boxes, origin, origins)


# -- people ----------------------------------------------------------------------------------------------------------


def _people(night: OpenRound, reviewers: Reviewers) -> dict[str, _Word]:
    """What people agreed on, else what came with the frames."""
    answers = night.history("corrections")
    asked = _asked_in(answers)
    named = _names(answers, reviewers)
    found: dict[str, _Word] = {}
    for number, row in night.imported():
        found[row["frame_id"]] = _word(row, Origin(Source.DATASET, round=number))
    for row in night.agreed():
        people = tuple(named(each) for each in row["annotators"]) if reviewers is not Reviewers.OMIT else ()
        origin = Origin(Source.PERSON, "", asked.get((row["frame_id"], row["answered_at"])), people)
        found[row["frame_id"]] = _word(row, origin)
    return found


def _word(row: Row, origin: Origin) -> _Word:
    boxes = rows.label_from_row(row)
    return row["purpose"], boxes, origin, (origin,) * len(boxes)


def _asked_in(answers: Iterable[Mapping[str, Any]]) -> dict[tuple[str, Any], int]:
    """Frame and time of an answer → the round that asked."""
    return {(row["frame_id"], row["answered_at"]): row["round"] for row in answers}


def _names(answers: Iterable[Mapping[str, Any]], reviewers: Reviewers) -> Callable[[str], str]:
    """How a person is called: numbers go by who answered first, so that they stay when others come."""
    if reviewers is Reviewers.NAMES:
        return str
    order = sorted(answers, key=lambda row: (row["answered_at"], row["annotator"]))
    numbers = {name: i for i, name in enumerate(dict.fromkeys(row["annotator"] for row in order), 1)}
    return lambda name: f"reviewer-{numbers.get(name, 0)}"


# -- the teacher -----------------------------------------------------------------------------------------------------


def _auto(night: OpenRound, unlabelled: list[Frame], what: What) -> tuple[dict[str, _Word], int]:
    """What the teacher says of frames of the pool, and how many doubtful boxes on them are left out."""
    if what is What.LABELS:
        return {}, 0
    newest = _newest(night)
    pool = [each for each in unlabelled if each.split is Split.POOL and each.id in newest]
    green = accepted(night, _not_stopped(night, pool), {each.id: newest[each.id][1] for each in pool})
    words: dict[str, _Word] = {}
    for frame in pool:
        model, boxes, number = newest[frame.id]
        sure = limits(night, frame.round).accepts(boxes) & (frame.id in green)
        kept = sure if what is What.TRUSTED else sure | True
        if kept.any():
            words[frame.id] = _model_word(boxes.take(kept), sure[kept], model, number)
    return words, sum(len(green[f][1]) for f in words if f in green) if what is What.TRUSTED else 0


def _newest(night: OpenRound) -> dict[str, tuple[str, Detections, int]]:
    """Frame → the teacher's version, its boxes and the round that asked it."""
    found = {}
    for keys in [*night.ancestors, night.keys]:
        for row in night.read_parts("autolabels", "detections", keys):
            found[row["frame_id"]] = (row["model"], rows.detections_from_row(row), keys.number)
    return found


def _not_stopped(night: OpenRound, frames: Iterable[Frame]) -> Iterator[Frame]:
    """Without those that the round itself called yellow or red, such as where teacher and student differ."""
    colours = {row["frame_id"]: row["colour"] for row in night.read("triage")}
    return (each for each in frames if colours.get(each.id, Colour.GREEN) == Colour.GREEN)


def _model_word(boxes: Detections, sure: NDArray[np.bool_], model: str, number: int) -> _Word:
    origins = tuple(Origin(Source.TEACHER if each else Source.PROPOSAL, model, number) for each in sure)
    return "", boxes, Origin(Source.TEACHER if sure.any() else Source.PROPOSAL, model, number), origins


def _ranges(numbers: Iterable[int]) -> str:
    """0 to 7, 9."""
    runs: list[list[int]] = []
    for each in numbers:
        if runs and each == runs[-1][1] + 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    return ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in runs)
