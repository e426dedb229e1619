"""A proxy that stumbles over requests: some never arrive, of others only the answer is lost or spoilt."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock

from tests.faults.proxy import Answer, End, Fault, Proxy, Request, Watcher

REFUSED = {"429 before": 429, "500 before": 500, "503 before": 503}  # the request is not passed on
SPOILT = {"500 after": 500, "502 after": 502, "504 after": 504}  # it is carried out, and answered so all the same
BROKEN = {
    "reset before": Fault("reset before", arrives=False, end=End.DROPPED),
    "dropped after": Fault("dropped after", end=End.DROPPED),
    "truncated after": Fault("truncated after", end=End.CUT),
    "no JSON after": Fault(
        "no JSON after", answer=Answer(200, (("Content-Type", "text/html"),), b"<html>We will be back soon</html>")
    ),
}
FAULTS = (*REFUSED, *SPOILT, *BROKEN)


@dataclass
class Stumbling(Watcher):
    """What the proxy does.

    Args:
        which: (number of the request from 0, method, path with query) → the fault, or None to pass it on unharmed.
        retry_after: header of those that it refuses.
    """

    which: Callable[[int, str, str], str | None] = lambda *_: None
    retry_after: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def before(self, request: Request) -> Fault | None:
        path = f"{request.path}?{request.query}" if request.query else request.path
        with self.lock:
            self.seen.append((request.method, path))
            name = self.which(len(self.seen) - 1, request.method, path)
        return self._fault(name) if name else None

    def only(self, number: int, fault: str) -> None:
        """Start to count anew, and stumble over one request."""
        self.seen.clear()
        self.which = lambda n, *_: fault if n == number else None

    def _fault(self, name: str) -> Fault:
        if name in BROKEN:
            return BROKEN[name]
        if name in SPOILT:
            return Fault(name, answer=Answer(SPOILT[name], content=b"<html>Bad Gateway</html>"))
        refused = Answer(REFUSED[name], content=b"busy")
        if self.retry_after:
            refused = replace(refused, headers=(("Retry-After", self.retry_after),))
        return Fault(name, arrives=False, answer=refused)


@contextmanager
def stumbling_proxy(upstream: str) -> Iterator[tuple[str, Stumbling]]:
    stumbling = Stumbling()
    with Proxy("server", upstream, stumbling).running() as proxy:
        yield proxy.url, stumbling
