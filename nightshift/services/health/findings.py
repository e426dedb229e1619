"""What a check found, and what a person should do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from nightshift.domain.errors import NightshiftError
from nightshift.services.addresses import without_login

Verdict = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check.

    Args:
        subject: what was checked.
        verdict: "warning" is something that works, or will, but that one should know.
        detail: what was seen.
        remedy: what to do next; empty when all is well.
    """

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.verdict == "failed" and not self.remedy:
            raise ValueError(f"'{self.subject}' failed without a remedy")
        object.__setattr__(self, "detail", without_login(self.detail))  # addresses may carry a login


def check(subject: str, ask: Callable[[], "str | Finding"]) -> Finding:
    """Ask; what it returns is what was seen, and what it raises says how to mend it.

    Args:
        subject: what is checked.
        ask: returns what was seen when all is well, or a finding of its own; raises NightshiftError when it fails.
    """
    try:
        seen = ask()
    except NightshiftError as error:
        return Finding(subject, "failed", f"{error.subject}: {error.reason}", error.remedy)
    return seen if isinstance(seen, Finding) else Finding(subject, "ok", seen)
