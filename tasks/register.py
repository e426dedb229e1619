"""Register new frames: hash, decode safely, find the clip, choose the golden ones, bring the pixels into the store."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prefect import task
from prefect.logging import get_run_logger

from nightshift.domain.frames import FrameRecord, FrameState, Rejected, Split
from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt
from nightshift.frames.clips import ClipRules
from nightshift.frames.door import Door
from nightshift.frames.names import printable
from nightshift.frames.register import register as register_files
from nightshift.round import IMPORTED, OpenRound
from nightshift.services.store import rows
from tasks.stage import RoundRef, run_stage, worth_retrying


@task(name="register", retries=1, retry_delay_seconds=10, retry_condition_fn=worth_retrying)
def register(ref: RoundRef) -> Receipt:
    """Every file of the source that is not known yet."""
    return run_stage(ref, "register", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    project, rules = night.project, ClipRules.of(night.config)
    known = [rows.record_from_row(row) for row in night.parent_table("frames")]
    with Door() as door:
        found = register_files(
            known, project.source, rules, night.number, project.keep_frame, door.look, progress, _refused(night)
        )
    brought, broken = _import(night, found.new)
    records = _with_states(night, sorted(found.records, key=lambda each: each.frame.id))
    night.write("frames", [rows.frame_row(each) for each in records])
    project.source.forget()
    for note in found.notes:
        get_run_logger().warning(note)
    return {
        "frames": len(records),
        "frames_new": len(found.new),
        "frames_golden": sum(each.frame.split is Split.GOLDEN for each in records),
        "labels_imported": brought,
        "quarantined": night.quarantine("register", [*found.rejected, *broken]),
        "notes": list(found.notes),
    }


def _refused(night: OpenRound) -> list[Rejected]:
    """What the parent round could not use."""
    before = night.ancestors[-1:]
    found = [row for keys in before for row in night.read("quarantine", "quarantine/register.parquet", keys)]
    return [rows.rejected_from_row(row) for row in found]


def _import(night: OpenRound, new: Sequence[FrameRecord]) -> tuple[int, tuple[Rejected, ...]]:
    """Take the labels of new frames from their data set; returns how many frames have some, and what is broken."""
    known = night.project.labelled() if new else None
    if known is None:
        return 0, ()
    labels = {printable(name): found for name, found in known.samples.items()}
    named = {each.frame.id: labels[each.frame.name] for each in new if each.frame.name in labels}
    night.write("labels", [rows.imported_row(f, named[f], night.plan.opened_at) for f in sorted(named)], IMPORTED)
    return len(named), known.rejected


def _with_states(night: OpenRound, records: list[FrameRecord]) -> list[FrameRecord]:
    labelled, asked = set(night.labels()), night.asked()
    return [replace(each, state=_state(each.frame.id, labelled, asked)) for each in records]


def _state(frame_id: str, labelled: set[str], asked: set[str]) -> FrameState:
    if frame_id in labelled:
        return FrameState.LABELLED
    return FrameState.ASKED if frame_id in asked else FrameState.POOL
