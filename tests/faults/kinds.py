"""What can go wrong with a request on its way to a server and back. Knows requests; knows no server and no night."""

from dataclasses import replace
from enum import StrEnum

from tests.faults.proxy import Answer, End, Fault

WORDS = b"the proxy refuses this one\n"
RETRY_AFTER = "1"  # seconds that a 429 asks for


class Kind(StrEnum):
    """What can go wrong with one request."""

    DELAY = "delay"
    RESET = "reset"  # before the server hears of it
    TRUNCATE = "truncate"  # the answer ends early
    TOO_MANY = "429"
    ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    COMMIT_THEN_DROP = "commit, then drop"
    COMMIT_THEN_502 = "commit, then 502"


def _said(status: int, **headers: str) -> Answer:
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, (("Content-Type", "text/plain"), *more), WORDS)


FAULTS = {
    Kind.DELAY: Fault(Kind.DELAY),
    Kind.RESET: Fault(Kind.RESET, arrives=False, end=End.DROPPED),
    Kind.TRUNCATE: Fault(Kind.TRUNCATE, end=End.CUT),
    Kind.TOO_MANY: Fault(Kind.TOO_MANY, arrives=False, answer=_said(429, Retry_After=RETRY_AFTER)),
    Kind.ERROR: Fault(Kind.ERROR, arrives=False, answer=_said(500)),
    Kind.BAD_GATEWAY: Fault(Kind.BAD_GATEWAY, arrives=False, answer=_said(502)),
    Kind.UNAVAILABLE: Fault(Kind.UNAVAILABLE, arrives=False, answer=_said(503)),
    Kind.COMMIT_THEN_DROP: Fault(Kind.COMMIT_THEN_DROP, end=End.DROPPED),
    Kind.COMMIT_THEN_502: Fault(Kind.COMMIT_THEN_502, answer=_said(502)),
}


def fault(kind: Kind, seconds: float = 0.0) -> Fault:
    """One of a kind; `seconds` is the length of a delay."""
    return replace(FAULTS[kind], seconds=seconds)
