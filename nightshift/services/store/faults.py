"""botocore's errors in our own words: which object, why, and what to do about it.

Knows no Store; every call to S3 runs inside `translated`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from nightshift.domain.errors import Conflict, NotFound, StoreError

KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached."
REACH = "Check AWS_ENDPOINT_URL_S3, the network and any proxy, and whether the server is up."
CLOCK = "Set this machine's clock by network time; S3 accepts 15 minutes of difference at most."
RIGHTS = "Allow what docs/permissions.md lists on this bucket and prefix; `nightshift permissions` prints the policies."
ACTIONS = {  # operation → what IAM must allow for it
    "GetObject": "s3:GetObject, and s3:ListBucket on the bucket (without it, what is missing looks forbidden)",
    "HeadObject": "s3:GetObject, and s3:ListBucket on the bucket (without it, what is missing looks forbidden)",
    "PutObject": "s3:PutObject, and s3:GetObject for writes under a condition",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "DeleteObject": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket on the bucket, for this prefix",
}
RENEW = "Log in again, or renew the token; then run the round again: it goes on where it stopped."
REGION = "Set AWS_REGION to the bucket's own region."
MOVED = "Set AWS_ENDPOINT_URL_S3 to the server's own address."
LATER = "Try again later; if it stays, look at the server's own logs."
BUCKET = "Create the bucket, or correct store.uri in the configuration."

BY_CODE = {
    "NoSuchBucket": ("the bucket does not exist", BUCKET),
    "InvalidBucketName": ("the bucket's name is not allowed", "Correct store.uri in the configuration."),
    "AccessDenied": ("access is denied", RIGHTS),
    "AllAccessDisabled": ("access is disabled", RIGHTS),
    "403": ("access is denied", RIGHTS),
    "InvalidAccessKeyId": ("the access key is not known", KEYS),
    "SignatureDoesNotMatch": ("the secret key is wrong", KEYS),
    "ExpiredToken": ("the session token has expired", RENEW),
    "InvalidToken": ("the session token is not valid", RENEW),
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the server's", CLOCK),
    "PermanentRedirect": ("the bucket is in another region", REGION),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", REGION),
    "IllegalLocationConstraintException": ("the bucket is in another region", REGION),
    "301": ("the bucket is in another region", REGION),
    **dict.fromkeys(("302", "307", "308"), ("it sends us on to another server, where we do not follow", MOVED)),
    "QuotaExceeded": ("the storage quota is used up", "Free space, or raise the quota."),
    "EntityTooLarge": ("the object is too large for one request", "Write it in several parts."),
    "BadDigest": ("the bytes changed on their way to the server", "Try again; look for a faulty proxy."),
}  # fmt: skip
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
UNREACHED = (boto.HTTPClientError, boto.ConnectionError, boto.IncompleteReadError)  # on the way there or back
LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "412", "409"})


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Let no botocore error out.

    Raises:
        NotFound: the object is not there.
        Conflict: a condition of the write did not hold.
        StoreError: anything else.
    """
    try:
        yield
    except ClientError as error:
        raise from_answer(subject, error) from error
    except BotoCoreError as error:
        raise from_client(subject, error) from error


def code(error: ClientError) -> str:
    """The server's word for what is wrong, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status(error: ClientError) -> int:
    """The HTTP status; 0 when there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def attempts(error: ClientError) -> int:
    """How often botocore tried again before it gave up with this answer."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def from_answer(subject: str, error: ClientError) -> StoreError:
    """Our error for what the server answered."""
    word = code(error)
    if word in MISSING:
        return NotFound(subject, "it is not in the store", "Check the key; the stage that writes it may be open.")
    if word in LOST:
        return Conflict(subject, "another writer was first", "Read it again, then decide.")
    if word in BY_CODE:
        reason, remedy = BY_CODE[word]
        return StoreError(subject, reason, _right(error.operation_name) if remedy is RIGHTS else remedy)
    return StoreError(subject, f"S3 answered {status(error)} {word}: {_said(error)}", LATER)


def from_client(subject: str, error: BotoCoreError) -> StoreError:
    """Our error for what went wrong before, or instead of, an answer."""
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        return StoreError(subject, "there are no credentials for S3", KEYS)
    if isinstance(error, boto.ProfileNotFound):
        return StoreError(subject, "the AWS profile does not exist", "Correct AWS_PROFILE.")
    if isinstance(error, boto.ParamValidationError):
        return StoreError(subject, f"botocore refuses the request: {_flat(error)}", "Correct the address.")
    if isinstance(error, UNREACHED):
        return StoreError(subject, f"S3 cannot be reached: {_flat(error)}", REACH)
    return StoreError(subject, _flat(error), REACH)


def _right(operation: str) -> str:
    """The remedy for a refused operation, which names the action to allow."""
    return f"Allow {ACTIONS[operation]}. {RIGHTS}" if operation in ACTIONS else RIGHTS


def _said(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", "")).strip() or "no message"


def _flat(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
