"""What was refused before is not read again: a verdict on content holds while name, size and stamp stay the same.

It is kept in the detail of a quarantined file, as text that people can read too. A verdict of other decoders, or under
other limits, is none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import PIL

from nightshift.domain.errors import FrameError
from nightshift.domain.frames import Rejected, SourceFile

LIMITS = 1  # to be raised when a limit here changes, so that what was refused is looked at again
JUDGE = f"limits {LIMITS} and Pillow {PIL.__version__}"
DETAIL = re.compile(
    r"(?P<size>\d+) bytes, stamp (?P<stamp>.*), content (?P<content>[0-9a-f]{64}), judged by (?P<judge>.*)", re.DOTALL
)


class Undecided(FrameError):  # noqa: N818 - reads as what happened
    """A picture that could not be used for a reason that may pass: no verdict."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file whose content was refused.

    Args:
        file: as its source listed it.
        content: its sha-256.
        reason: why.
        judge: which decoder and limits found so.
    """

    file: SourceFile
    content: str
    reason: str
    judge: str = JUDGE

    @property
    def rejected(self) -> Rejected:
        """For the quarantine."""
        detail = f"{self.file.size} bytes, stamp {self.file.stamp}, content {self.content}, judged by {self.judge}"
        return Rejected(self.file.name, self.reason, detail)


def recall(before: Iterable[Rejected]) -> dict[SourceFile, Refusal]:
    """The verdicts in an earlier quarantine that still hold; what was refused for a passing reason is none."""
    found = {}
    for each in before:
        said = DETAIL.fullmatch(each.detail)
        if said and said["judge"] == JUDGE:
            file = SourceFile(each.subject, int(said["size"]), said["stamp"])
            found[file] = Refusal(file, said["content"], each.reason)
    return found
