"""MLflow's failures as ours, and how long to wait for it. Knows nothing of rounds."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from mlflow.exceptions import MlflowException
from requests import RequestException

from nightshift.domain.errors import TrackingError
from nightshift.services.addresses import without_login

# MLflow's own defaults (120 s, 7 retries with doubling pauses, of calls that create something, too) hold a round for
# minutes when its server is away, and make two runs of one. What is repeated, and when, `steady` decides.
TIMEOUTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # we give the link ourselves
}
FIXED = {"MLFLOW_ALLOW_HTTP_REDIRECTS": "false"}  # the login and the figures go to this server only
FAILURES = (MlflowException, RequestException, Boto3Error, BotoCoreError, ClientError, OSError)
_REMEDIES = {
    "PERMISSION_DENIED": "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD of a user who may write.",
    "RESOURCE_DOES_NOT_EXIST": "Somebody may have deleted it in MLflow: restore it there, then run the round again.",
    "INVALID_STATE": "Restore the deleted run or experiment in MLflow, then run the round again.",
}
_DEFAULT = "Look at the MLflow server and MLFLOW_TRACKING_URI, then run the round again: nothing is logged twice."


@contextmanager
def mlflow_call(
    subject: str,
    timeouts: Mapping[str, str] = TIMEOUTS,
    environ: MutableMapping[str, str] = os.environ,
) -> Iterator[None]:
    """Run MLflow calls with short time-outs, and raise what goes wrong as TrackingError.

    MLflow reads its time-outs from the environment only. They are set for the length of the block, where the user
    did not set them, and taken away again.

    Raises:
        TrackingError: MLflow, or the artifact store behind it, refused or is not there.
    """
    ours = {name: value for name, value in timeouts.items() if name not in environ}
    theirs = {name: environ[name] for name in FIXED if name in environ}
    environ.update(ours | FIXED)
    try:
        yield
    except FAILURES as error:
        raise TrackingError(subject, _reason(error), _remedy(error)) from error
    finally:
        for name in (*ours, *FIXED):
            environ.pop(name, None)
        environ.update(theirs)


def _reason(error: BaseException) -> str:
    text = without_login(" ".join(str(error).split())) or type(error).__name__
    if "Failed to establish a new connection" in text or "Name or service not known" in text:
        return "nobody answers there"
    return f"MLflow: {text[:300]}".rstrip(".")


def _remedy(error: BaseException) -> str:
    code = error.error_code if isinstance(error, MlflowException) else ""
    return _REMEDIES.get(str(code), _DEFAULT)
