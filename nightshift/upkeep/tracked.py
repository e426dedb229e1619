"""MLflow again from the store: every sealed round logged once more, oldest first, so that the newest champion stands.

Does not know what a round logs: that is handed in by whoever seals rounds.
"""

from collections.abc import Callable

from nightshift.domain.models import Progress, no_progress
from nightshift.domain.rounds import Sealed
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.services.store import state
from nightshift.upkeep.lineage import Lineage

Log = Callable[[OpenRound, Sealed], object]


def rebuild_tracking(
    project: Project, rounds: Lineage, log: Log, check: Callable[[], None], progress: Progress = no_progress
) -> int:
    """Log every sealed round; returns how many. Doing it twice changes no figure.

    Args:
        project: whose rounds.
        rounds: of the lineage.
        log: writes one round's run.
        check: stops when the lease is not ours any more.
        progress: rounds logged.

    Raises:
        TrackingError: MLflow refused, or is not there.
        StoreError: a round cannot be read.
    """
    project.tracking.restore(project.config.project)
    for done, number in enumerate(rounds.sealed, 1):
        check()
        sealed = state.read_sealed(project.store, number)
        if sealed is not None:
            log(OpenRound(project, state.read_plan(project.store, number)), sealed)
        progress(done, len(rounds.sealed))
    return len(rounds.sealed)
