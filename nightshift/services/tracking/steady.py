"""MLflow's client, each call of it with patience.

MLflow's own retries are off while we call: they repeat what creates something, too, and so make two runs of one.
Here only calls that may be done twice are repeated; for the others `make` looks first whether they were done.
MLflow's client hides the headers of an answer that failed, so a Retry-After is not seen: pauses grow by themselves.
Knows MLflow's errors; knows nothing of rounds.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from botocore.exceptions import ConnectionError as StoreConnectionError
from botocore.exceptions import HTTPClientError
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import RequestException

from nightshift.services.patience import Patience, Stumble

Found = TypeVar("Found")
SERVER_ERROR, TOO_MANY = 500, (408, 429)
# What MLflow calls answers of 408, 429 and 5xx, lost connections, and answers that it cannot read.
PASSING = {
    "INTERNAL_ERROR",
    "TEMPORARILY_UNAVAILABLE",
    "REQUEST_LIMIT_EXCEEDED",
    "DEADLINE_EXCEEDED",
    "ABORTED",
    "RESOURCE_EXHAUSTED",
}
# Twice makes two. Of everything else a second time is refused, or changes nothing.
CREATES = {"create_run", "create_model_version"}
FAILED = (MlflowException, OSError)
SETTLE = 1.0  # seconds before we look whether something was made: the server may still be committing it


def steady(client: MlflowClient, patience: Patience) -> MlflowClient:
    """The same client, more patient. What creates something is sent once: see `make`."""
    return cast("MlflowClient", _Steady(client, patience))


def make(patience: Patience, create: Callable[[], Found], look: Callable[[], Found | None]) -> Found:
    """Create something exactly once, whatever happens to requests and answers.

    Args:
        patience: with the server.
        create: makes it; sent again only after `look` has not found it.
        look: finds it.
    """
    lost: list[Exception] = []

    def attempt() -> Found:
        if lost and (found := look()) is not None:
            return found
        try:
            return create()
        except FAILED as error:
            if stumble(error):
                lost.append(error)
            raise

    def judge(error: BaseException) -> Stumble | None:
        return Stumble(SETTLE) if any(each is error for each in lost) else None  # `look` had its own attempts

    return patience.call(attempt, judge)


def stumble(error: BaseException) -> Stumble | None:
    """Whether an error passes by itself, so that the call is worth another attempt."""
    if isinstance(error, MlflowException):
        passing = error.error_code in PASSING
    elif isinstance(error, RequestException):
        status = error.response.status_code if error.response is not None else SERVER_ERROR
        passing = status >= SERVER_ERROR or status in TOO_MANY
    else:
        passing = isinstance(error, ConnectionError | TimeoutError | StoreConnectionError | HTTPClientError)
    return Stumble() if passing else None


class _Steady:
    def __init__(self, client: MlflowClient, patience: Patience) -> None:
        self._client, self._patience = client, patience

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name in CREATES or not callable(method):
            return method

        def called(*args: Any, **options: Any) -> Any:
            return self._patience.call(lambda: method(*args, **options), stumble)

        return called
