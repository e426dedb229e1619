"""What people asked for with `nightshift find --queue`, as this round saw it."""

from dataclasses import asdict
from typing import Any

from nightshift.domain.frames import Rejected
from nightshift.round import OpenRound
from nightshift.services.store.wishes import read_wishes

SEEN = "wishes.json"


def wished(night: OpenRound) -> tuple[dict[str, str], int]:
    """Frame → what was looked for, the one wanted most first; and how many objects among the wishes are none.

    People may go on wishing while the night runs: what the round saw first counts for it, the rest for the next one.
    """
    said = night.once(SEEN, lambda: _look(night))
    strange = [Rejected(**each) for each in said["rejected"]]
    asked: dict[str, str] = {}
    for wish in said["wishes"]:
        for frame in wish["frames"]:
            asked.setdefault(frame, wish["asked"])
    return asked, night.quarantine("choose", strange) if strange else 0


def _look(night: OpenRound) -> dict[str, Any]:
    wishes, rejected = read_wishes(night.store)
    return {"wishes": [asdict(each) for each in wishes], "rejected": [asdict(each) for each in rejected]}
