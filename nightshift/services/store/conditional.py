"""Writes that happen only if nobody was there first, also when the answer got lost on the way.

A write whose answer never came may have happened: then what lies in the store decides. Identical content counts
as ours, so whoever races for a key writes something that nobody else writes.
"""

import time
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from nightshift.domain.errors import Conflict, NotFound, StoreError
from nightshift.services.store import faults
from nightshift.services.store.integrity import bare

TRIES = 8
PAUSE = 0.05  # seconds, times the number of the try, after "two conditional writes at the same moment"
PRECONDITION_FAILED, CLASHED, SERVER_ERROR = 412, 409, 500


class Cell(Protocol):
    """One object that can be read and put."""

    @property
    def uri(self) -> str:
        """What to call it in an error."""

    def put(self, data: bytes, **condition: str) -> dict[str, Any]:
        """PutObject, with botocore's own errors."""

    def read_with_etag(self) -> tuple[bytes, str]:
        """The content and its bare ETag."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: an ETag when it won; else the error, and whether it may have won after all."""

    etag: str | None
    error: StoreError | None = None
    unsure: bool = False
    again: bool = False


def put_if(cell: Cell, data: bytes, **condition: str) -> str | None:
    """Write under a condition: the new bare ETag, or None when another writer was first.

    Raises:
        StoreError: nobody can say, or the server refuses.
    """
    unsure = False
    for number in range(TRIES):
        outcome = _attempt(cell, data, condition)
        unsure = unsure or outcome.unsure
        if not outcome.again:
            break
        time.sleep(PAUSE * number)
    if outcome.etag is not None:
        return outcome.etag
    if unsure and (found := _ours(cell, data)):
        return found
    if isinstance(outcome.error, Conflict | NotFound):
        return None
    raise outcome.error or StoreError(cell.uri, "S3 gave no answer", faults.LATER)


def _attempt(cell: Cell, data: bytes, condition: dict[str, str]) -> Outcome:
    try:
        return Outcome(bare(cell.put(data, **condition)["ETag"]))
    except ClientError as error:
        return _refused(cell, error)
    except faults.UNREACHED as error:
        return Outcome(None, faults.from_client(cell.uri, error), unsure=True)
    except BotoCoreError as error:
        raise faults.from_client(cell.uri, error) from error


def _refused(cell: Cell, error: ClientError) -> Outcome:
    status, ours = faults.status(error), faults.from_answer(cell.uri, error)
    if status == CLASHED:
        return Outcome(None, ours, again=True, unsure=faults.attempts(error) > 0)
    if status == PRECONDITION_FAILED or isinstance(ours, NotFound):
        return Outcome(None, ours, unsure=faults.attempts(error) > 0)
    if status >= SERVER_ERROR:
        return Outcome(None, ours, unsure=True)
    raise ours from error


def _ours(cell: Cell, data: bytes) -> str | None:
    """After an unsure write: the ETag of what lies there, if it is what we wrote."""
    try:
        found, etag = cell.read_with_etag()
    except NotFound:
        return None
    return etag if found == data else None
