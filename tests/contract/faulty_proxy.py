"""A proxy before an S3 server that misbehaves on request, as networks and servers do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from tests.faults.proxy import Answer, End, Fault, Headers, Proxy, Request, Watcher

CONDITIONS = ("if-match", "if-none-match")
BUSY = Fault("busy", arrives=False, answer=Answer(429, (("Retry-After", "0"),)))
LOST = Fault("lost", end=End.DROPPED)
CUT = Fault("cut", end=End.CUT)


@dataclass
class Faults(Watcher):
    """What goes wrong, and how often still.

    Args:
        cut_bodies: answers to GET that end early.
        lost_answers: answers to PUT that never come, although the write happened.
        busy: requests that are turned away with 429, and not passed on.
        unconditional: conditions of writes are dropped on the way, as some servers do.
        bare_etags: If-Match is compared as it is, quotes and all, as radosgw does.
    """

    cut_bodies: int = 0
    lost_answers: int = 0
    busy: int = 0
    unconditional: bool = False
    bare_etags: bool = False
    requests: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def before(self, request: Request) -> Fault | None:
        with self.lock:
            self.requests.append(request.method)
            if self.busy:
                self.busy -= 1
                return BUSY
            if request.method == "PUT" and self.lost_answers:
                self.lost_answers -= 1
                return LOST
            if request.method == "GET" and self.cut_bodies:
                self.cut_bodies -= 1
                return CUT
            return None

    def sent(self, request: Request, headers: Headers) -> Headers:  # noqa: ARG002
        if self.unconditional:
            headers = tuple(each for each in headers if each[0].lower() not in CONDITIONS)
        if self.bare_etags:
            headers = tuple((name, _bare(name, value)) for name, value in headers)
        return headers


def _bare(name: str, value: str) -> str:
    return '"no such etag"' if name.lower() == "if-match" and '"' in value else value


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[tuple[str, Faults]]:
    faults = Faults()
    with Proxy("s3", upstream, faults).running() as proxy:
        yield proxy.url, faults
