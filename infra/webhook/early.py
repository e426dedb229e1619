"""An early round: asked for once after each sealed round, and only when Label Studio says that the queue is finished.

Prefect's deployment is started where there is one, so that its worker, its log and its limit are used; else
`nightshift round` in a process of its own. The lease of the store decides whether the round may really run.
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.webhook.gate import VARIABLE
from nightshift.domain.errors import NightshiftError
from nightshift.project import Project
from nightshift.services.label_studio.setup import find_project
from nightshift.services.label_studio.webhooks import open_questions
from nightshift.services.store import state

logger = logging.getLogger(__name__)

DEPLOYMENT = "nightly/nightly"
Start = Callable[[int], str]  # after which sealed round → what was started, as a clause


class EarlyRound:
    """Starts the next round when nobody is left to ask.

    Args:
        project: its services.
        start: starts a round.
    """

    def __init__(self, project: Project, start: Start) -> None:
        self._project, self._start = project, start
        self._after: int | None = None  # the sealed round after which one was started already

    def look(self) -> bool:
        """Start a round if the queue is finished; whether one was started.

        Raises:
            NightshiftError: Label Studio, the store or Prefect does not answer.
        """
        head = state.read_head(self._project.store)
        if head is None or head == self._after or self._left():
            return False
        logger.info("the queue is finished: %s", self._start(head))
        self._after = head
        return True

    def _left(self) -> int:
        config = self._project.config
        found = find_project(self._project.desk.api, config.review.project or config.project)
        return open_questions(self._project.desk.api, int(found["id"])) if found else 1


class Starter:
    """Starts a round, by Prefect where the flow is deployed.

    Args:
        config: nightshift.yaml.
        deployment: flow/name in Prefect.
    """

    def __init__(self, config: Path, deployment: str = DEPLOYMENT) -> None:
        self._config, self._deployment = config.resolve(), deployment
        self._child: subprocess.Popen[bytes] | None = None

    def __call__(self, head: int) -> str:
        """Start it; doing it again after the same sealed round starts no second one.

        Raises:
            NightshiftError: Prefect does not answer.
        """
        return self._by_prefect(f"nightshift-early-{self._config}-{head}") or self._by_hand()

    def _by_prefect(self, key: str) -> str | None:
        from prefect.deployments import arun_deployment  # noqa: PLC0415 - heavy
        from prefect.exceptions import ObjectNotFound  # noqa: PLC0415
        from prefect.settings import get_current_settings  # noqa: PLC0415

        if not get_current_settings().api.url:
            return None
        try:
            asked = arun_deployment(
                self._deployment, timeout=0, idempotency_key=key, as_subflow=False, tags=["webhook"]
            )
            run = asyncio.run(asked)  # this thread has no loop of its own
        except ObjectNotFound:
            return None
        except Exception as error:
            raise NightshiftError("Prefect", f"it does not answer ({type(error).__name__})", "Start it.") from error
        return f"Prefect runs {self._deployment} as '{run.name}'"

    def _by_hand(self) -> str:
        if self._child is not None and self._child.poll() is None:
            return f"process {self._child.pid} is still at it"
        command = [sys.executable, "-m", "infra.cli", "round", "--config", str(self._config)]
        environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
        paths = (str(Path(__file__).parents[2]), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        # a session of its own: the round goes on when this server is stopped from the keyboard
        self._child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
        return f"`nightshift round` runs as process {self._child.pid}"
