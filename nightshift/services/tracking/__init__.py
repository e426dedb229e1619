"""MLflow as a view of the rounds: one experiment a project, one run a round, the champion by alias."""

from nightshift.services.tracking.dataset import DatasetNote
from nightshift.services.tracking.tracking import LoggedRound, RunLink, Tracking

__all__ = ["DatasetNote", "LoggedRound", "RunLink", "Tracking"]
