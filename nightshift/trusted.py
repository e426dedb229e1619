"""What may be trusted of the teacher's word in a round: the boxes that its stoplight accepted.

Training learns from it and exports hand it on; both ask here. Knows an open round's tables; knows neither of them.
"""

from collections.abc import Iterable, Mapping

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame
from nightshift.round import OpenRound
from nightshift.triage.promise import Stoplight
from nightshift.triage.stoplight import Colour, Limits, light


def stoplight(night: OpenRound) -> Stoplight | None:
    """The round's verdicts; None without a teacher."""
    said = night.summary("calibrate").get("stoplight")
    return Stoplight.from_dict(said) if said else None


def limits(night: OpenRound, registered: int) -> Limits:
    """Where the colours begin for frames that a round registered.

    Tonight's own frames wait a night: no audit has been drawn from them yet, so nothing is known of them.
    """
    triage, lights = night.config.triage, stoplight(night)
    accept = lights.limits(registered) if lights and registered < night.number else {}
    return Limits(
        accept=tuple(accept.get(label) for label in range(len(night.config.classes))),
        trust_above=triage.trust_above,
        novel_above=triage.novel_above,
        doubtful_share=triage.doubtful_share,
    )


def accepted(
    night: OpenRound, frames: Iterable[Frame], auto: Mapping[str, Detections]
) -> dict[str, tuple[Detections, Detections]]:
    """Of frames of which (nearly) all boxes are accepted: those boxes, and the doubtful ones that are left out.

    Args:
        night: the round.
        frames: to look at.
        auto: the teacher's boxes, by frame.
    """
    wanted = [each for each in frames if each.id in auto]
    by_round = {number: limits(night, number) for number in {each.round for each in wanted}}
    return {
        each.id: by_round[each.round].split(auto[each.id])
        for each in wanted
        if light(auto[each.id], 0.0, 0.0, by_round[each.round]).colour is Colour.GREEN
    }
