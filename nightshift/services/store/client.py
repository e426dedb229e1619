"""The boto3 client, set up so that it works with AWS and with other S3 servers alike.

Credentials, region and endpoint come from the environment, under the ecosystem's own names.
"""

import os
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from nightshift.domain.errors import StoreError
from nightshift.services.store.faults import translated

CONNECTIONS = 32
ATTEMPTS = 5


def open_client(endpoint: str | None = None, attempts: int = ATTEMPTS) -> Any:
    """A thread-safe S3 client.

    Args:
        endpoint: instead of AWS_ENDPOINT_URL_S3.
        attempts: of each request, with pauses in between.

    Raises:
        StoreError: the profile or the endpoint makes no sense.
    """
    try:
        with translated("S3"):
            client = _client(endpoint, "auto", attempts)
            host = urlsplit(client.meta.endpoint_url).hostname or ""
            return client if "amazonaws.com" in host else _client(endpoint, "path", attempts)
    except ValueError as error:
        remedy = "Write AWS_ENDPOINT_URL_S3 as http://host:port."
        raise StoreError("S3", f"the endpoint makes no sense: {error}", remedy) from error


def _client(endpoint: str | None, addressing: str, attempts: int) -> Any:
    """Checksums only where S3 demands them: other servers refuse or garble the newer kinds."""
    session = boto3.session.Session()
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
    return session.client("s3", region_name=region, endpoint_url=endpoint, config=config)
