"""Start and stop the servers of one folder, however they were left.

Knows that servers have ports, states and logs; `servers.py` knows what they are, `processes.py` how to run them.
"""

import contextlib
import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from infra.local import processes
from infra.local.endpoints import LISTENING, Endpoints, choose_ports, endpoints, keep_secrets
from infra.local.environment import environment_file, write_environment, write_private
from infra.local.label_studio import find_label_studio
from infra.local.servers import Server, servers
from nightshift.domain.errors import StackError

if TYPE_CHECKING:
    from subprocess import Popen

State = Literal["waiting", "starting", "ready"]
Watcher = Callable[[str, State], None]  # told the server's name and its new state
Identity = tuple[int, float]
_PAUSE = 0.2  # seconds between two rounds of asking servers whether they are ready


def watch_nothing(server: str, state: State) -> None:
    """Tell nobody."""


class Stack:
    """The servers of one folder. Nothing runs until `up`; everything survives this object until `down`.

    Args:
        folder: where all data, logs and secrets are kept.
        label_studio: the `label-studio` program; looked for when left out.
    """

    def __init__(self, folder: Path, label_studio: Path | None = None) -> None:
        self.folder = folder.absolute()
        self._label_studio = label_studio
        self._children: dict[str, Popen[bytes]] = {}

    def up(self, progress: Watcher = watch_nothing, *, bucket: str = "nightshift", patience: float = 300) -> Endpoints:
        """Start what does not run, wait until all of it serves, and make the bucket.

        Args:
            progress: told of every server's change of state.
            bucket: made if missing, with CORS for Label Studio's pages.
            patience: seconds that a server may take.

        Raises:
            StackError: a server died or did not become ready; what this call had started is stopped again.
        """
        program = self._label_studio or find_label_studio()
        with self._locked():
            self._sweep()
            where, before = self._endpoints(bucket), self._living()
            try:
                self._start(servers(self.folder, where, program), progress, patience)
                _make_bucket(where)
            except BaseException:
                self._stop([name for name in self._children if name not in before])
                raise
            write_environment(self.folder, where.environment())
            return where

    def down(self) -> None:
        """Stop every server and all of their children. Data, logs and secrets stay.

        Raises:
            StackError: a process would not end.
        """
        if not self.folder.is_dir():
            return
        with self._locked():
            environment_file(self.folder).unlink(missing_ok=True)
            self._stop(["worker", ""])  # the worker first, so that its flow runs can still say goodbye

    def running(self) -> dict[str, int]:
        """Process ids of the servers that run now, by name."""
        return {name: pid for name, (pid, _) in self._alive().items()}

    def log(self, server: str) -> Path:
        """Where a server's output is kept."""
        return self.folder / "logs" / f"{server}.log"

    def _alive(self) -> dict[str, Identity]:
        found = self._state().get("servers", {})
        return {name: (pid, born) for name, (pid, born) in found.items() if processes.is_alive((pid, born))}

    def _sweep(self) -> None:
        """End what servers that crashed have left behind: their children would hold ports and data."""
        running = self.running()
        for name in (*LISTENING, "worker"):
            if name not in running:
                processes.stop(self._mark(name))

    def _endpoints(self, bucket: str) -> Endpoints:
        ports = choose_ports(self._state().get("ports", {}), frozenset(self.running()))
        self._keep(ports=ports)
        return endpoints(ports, keep_secrets(self.folder / "secrets.json"), bucket)

    def _start(self, wanted: tuple[Server, ...], progress: Watcher, patience: float) -> None:
        waiting, ready = {each.name: each for each in wanted}, set[str]()
        deadline = time.monotonic() + patience
        for name in waiting:
            progress(name, "waiting")
        while waiting:
            for server in [each for each in waiting.values() if each.after is None or each.after in ready]:
                self._launch(server, progress)
                if _is_ready(server, born=self._state()["servers"][server.name][1]):
                    ready.add(server.name)
                    progress(waiting.pop(server.name).name, "ready")
            self._check(waiting, late=time.monotonic() > deadline, patience=patience)
            time.sleep(_PAUSE if waiting else 0)

    def _launch(self, server: Server, progress: Watcher) -> None:
        """Start a server unless it runs or was started by this call."""
        if server.name in self._children or server.name in self.running():
            return
        progress(server.name, "starting")
        log = self.log(server.name)
        child = processes.start(server.command, server.environment, server.folder, log, self._mark(server.name))
        self._children[server.name] = child
        born = processes.identity(child.pid)
        self._keep(servers={**self._state().get("servers", {}), server.name: born or (child.pid, 0.0)})

    def _check(self, waiting: Mapping[str, Server], *, late: bool, patience: float) -> None:
        for name in waiting:
            child = self._children.get(name)
            if child is not None and child.poll() is not None:
                raise self._failure(name, f"it ended with exit code {child.returncode}")
            if late:
                raise self._failure(name, f"it was not ready after {patience:.0f} s")

    def _failure(self, server: str, reason: str) -> StackError:
        log = self.log(server)
        return StackError(server, reason, f"See {log}, which ends:\n{processes.tail(log)}")

    def _stop(self, names: list[str]) -> None:
        left = [pid for name in names for pid in processes.stop(self._mark(name))]
        self._living()
        if left:
            raise StackError(f"processes {left}", "they would not end", f"Run `kill -9 {left}` yourself.")

    def _living(self) -> frozenset[str]:
        """Servers that this object started and that still run; the others are forgotten."""
        self._children = {name: child for name, child in self._children.items() if child.poll() is None}
        return frozenset(self._children)

    def _mark(self, server: str) -> str:
        return f"{self.folder}:{server}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Two starts at once would share ports and databases: the second waits for the first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _state(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def _keep(self, **changes: Any) -> None:
        write_private(self.folder / "state.json", json.dumps({**self._state(), **changes}, indent=2))


def _is_ready(server: Server, born: float) -> bool:
    try:
        return server.ready(born)
    except (OSError, ValueError, KeyError, HTTPException):  # refused, reset, timed out, 4xx and 5xx, or not yet JSON
        return False


def _make_bucket(where: Endpoints) -> None:
    from nightshift.services.buckets import make_bucket  # noqa: PLC0415 - boto3 takes a second

    make_bucket(where.bucket, where.environment(), origins=(where.label_studio,))
