"""MLflow as a view of the rounds: one experiment a project, one run a round, the champion by alias; and of contests."""

from nightshift.services.tracking.contests import Entry
from nightshift.services.tracking.dataset import DatasetNote
from nightshift.services.tracking.tracking import LoggedRound, RunLink, Tracking

__all__ = ["DatasetNote", "Entry", "LoggedRound", "RunLink", "Tracking"]
