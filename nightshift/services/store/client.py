"""The boto3 client, set up so that it works with AWS and with other S3 servers alike.

Credentials, region and endpoint come from the environment, under the ecosystem's own names.
"""

import os
import random
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from nightshift.domain.errors import StoreError
from nightshift.services.addresses import check_server
from nightshift.services.patience import retry_after
from nightshift.services.store.faults import translated

CONNECTIONS = 32
ATTEMPTS = 5
BUSY = 429
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 20.0  # seconds


def open_client(endpoint: str | None = None, attempts: int = ATTEMPTS) -> Any:
    """A thread-safe S3 client.

    Args:
        endpoint: instead of AWS_ENDPOINT_URL_S3.
        attempts: of each request, with pauses in between.

    Raises:
        StoreError: the profile or the endpoint makes no sense.
        ConfigError: the endpoint is no place for a server.
    """
    try:
        with translated("S3"):
            session = boto3.session.Session()
            client = _client(session, endpoint, "auto", attempts)
        if is_amazons(client.meta.endpoint_url):
            return client
        check_server("AWS_ENDPOINT_URL_S3", client.meta.endpoint_url)
        return _staying(_client(session, endpoint, "path", attempts))
    except ValueError as error:
        remedy = "Write AWS_ENDPOINT_URL_S3 as http://host:port."
        raise StoreError("S3", f"the endpoint makes no sense: {error}", remedy) from error


def _staying(client: Any) -> Any:
    """The client without botocore's search for a bucket's region, which only Amazon's servers know.

    Another server that answers with a redirect is asked where the bucket is, answers with a redirect, and so on to
    Python's limit of recursion.
    """
    client.meta.events.register("before-call.s3", _redirected_already, unique_id="nightshift-stays")
    return client


def _redirected_already(context: dict[str, Any], **_: Any) -> None:
    context.setdefault("s3_redirect", {})["redirected"] = True


def is_amazons(endpoint: str) -> bool:
    """Whether an endpoint is one that botocore itself knows, by its host's end."""
    host = urlsplit(endpoint).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _client(session: boto3.session.Session, endpoint: str | None, addressing: str, attempts: int) -> Any:
    """Checksums only where S3 demands them: other servers refuse or garble the newer kinds."""
    # botocore itself looks at AWS_DEFAULT_REGION only
    region = session.region_name or os.environ.get("AWS_REGION") or "us-east-1"
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": addressing},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    client = session.client("s3", region_name=region, endpoint_url=endpoint, config=config)
    client.meta.events.register("needs-retry.s3", _Busy(attempts), unique_id="nightshift-busy")
    return client


class _Busy:
    """A pause where a server, or a proxy before it, says that it is busy: botocore's own retries know no bare 429.

    Args:
        attempts: of each request.
        rng: draws the pauses.
    """

    def __init__(self, attempts: int, rng: random.Random | None = None) -> None:
        self._attempts = attempts
        self._rng = rng or random.Random()  # noqa: S311 - pauses are no secret

    def __call__(self, response: Any, attempts: int, **_: Any) -> float | None:
        """Seconds until the next attempt; None where it is not for us to make one."""
        if response is None or response[0].status_code != BUSY or attempts >= self._attempts:
            return None
        jitter = self._rng.uniform(0.0, FIRST_PAUSE * 2.0 ** (attempts - 1))
        return min(LONGEST_PAUSE, (retry_after(response[0].headers) or 0.0) + jitter)
