"""Dollars, from seconds of people and of GPUs."""

from collections.abc import Mapping
from dataclasses import dataclass

from nightshift.domain.corrections import Change

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What a second costs and how many an edit takes.

    Args:
        reviewer_usd_per_hour: a person's hour.
        gpu_usd_per_hour: the machine's hour.
        glance_seconds: to open a frame and see what is there.
        verify_seconds: to look at one right box.
        adjust_seconds: to move one box.
        relabel_seconds: to change one class.
        draw_seconds: to draw one box.
        delete_seconds: to delete one box.
        lead_time_cap_seconds: a frame never counts more (idle tabs).
    """

    reviewer_usd_per_hour: float = 18.0
    gpu_usd_per_hour: float = 1.5
    glance_seconds: float = 1.5
    verify_seconds: float = 1.6
    adjust_seconds: float = 4.0
    relabel_seconds: float = 3.0
    draw_seconds: float = 7.0
    delete_seconds: float = 1.5
    lead_time_cap_seconds: float = 300.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative")

    def people_usd(self, seconds: float) -> float:
        """The price of a person's seconds."""
        return seconds / HOUR * self.reviewer_usd_per_hour

    def compute_usd(self, seconds: float) -> float:
        """The price of the machine's seconds."""
        return seconds / HOUR * self.gpu_usd_per_hour

    def edit_seconds(self, change: Change) -> float:
        """Expected seconds for one box."""
        return {
            Change.KEPT: self.verify_seconds,
            Change.MOVED: self.adjust_seconds,
            Change.RELABELLED: self.relabel_seconds,
            Change.ADDED: self.draw_seconds,
            Change.DELETED: self.delete_seconds,
        }[change]

    def frame_seconds(self, edits: Mapping[Change, float]) -> float:
        """Expected seconds for a frame with these (expected) numbers of edits, capped."""
        work = sum(self.edit_seconds(change) * count for change, count in edits.items())
        return min(self.glance_seconds + work, self.lead_time_cap_seconds)
