"""What looking through a project's objects found."""

from dataclasses import dataclass
from typing import Any, Literal

from nightshift.domain.errors import NotFound, StoreError

Verdict = Literal["damaged", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that is not as it should be.

    Args:
        subject: its address.
        verdict: "unknown" is an object that nobody here has written or needs; it does no harm.
        reason: what is wrong with it, as a clause.
        remedy: what to do next, as a sentence.
    """

    subject: str
    verdict: Verdict
    reason: str
    remedy: str

    @classmethod
    def of(cls, error: StoreError) -> "Finding":
        """From what the store said."""
        return cls(error.subject, "missing" if isinstance(error, NotFound) else "damaged", error.reason, error.remedy)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at, and what was found.

    Args:
        rounds: sealed rounds, and the open one.
        objects: of those rounds.
        frames: pictures.
        size: bytes that were read.
        removed: objects that are gone because `nightshift gc` removed them.
        quick: only names and sizes were looked at.
        findings: what is not as it should be, in the order of the rounds.
    """

    rounds: int
    objects: int
    frames: int
    size: int
    removed: int
    quick: bool
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """Findings that must be mended."""
        return tuple(each for each in self.findings if each.verdict != "unknown")

    @property
    def unfounded(self) -> tuple[Finding, ...]:
        """Tables and documents from which nothing should be made until they are mended."""
        built_on = [each for each in self.broken if each.subject.endswith((".parquet", ".json"))]
        return tuple(each for each in built_on if "/scores/" not in each.subject)

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """Objects that nobody here needs."""
        return tuple(each for each in self.findings if each.verdict == "unknown")

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        named = ("rounds", "objects", "frames", "size", "removed", "quick")
        told = [
            {"subject": each.subject, "verdict": each.verdict, "reason": each.reason, "remedy": each.remedy}
            for each in self.findings
        ]
        return {name: getattr(self, name) for name in named} | {"whole": not self.broken, "findings": told}
