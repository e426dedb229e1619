"""Making a bucket ready for Nightshift: it exists, and Label Studio's pages may load pictures from it.

For the local stack and for tests. Nothing here runs against a bucket that somebody else looks after.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nightshift.domain.errors import StoreError

_PATIENT = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    s3={"addressing_style": "path"},  # a server on an address instead of a name has no sub-domains
)


def client_from(environment: Mapping[str, str]) -> Any:
    """An S3 client from AWS_* variables given as a mapping instead of the process's own."""
    return boto3.client(
        "s3",
        endpoint_url=environment.get("AWS_ENDPOINT_URL_S3"),
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment.get("AWS_DEFAULT_REGION", "us-east-1"),
        config=_PATIENT,
    )


def make_bucket(name: str, environment: Mapping[str, str], origins: Sequence[str]) -> None:
    """Create a bucket unless it is there, and let pages of some origins read from it.

    Args:
        name: of the bucket.
        environment: AWS_* variables.
        origins: scheme, host and port of the pages, such as http://127.0.0.1:8080.

    Raises:
        StoreError: the server refused.
    """
    client = client_from(environment)
    try:
        _create(client, name)
        client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [cors_rule(origins)]})
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"bucket '{name}'", f"it cannot be made: {error}", "Check the S3 server's log.") from error


def cors_rule(origins: Sequence[str]) -> dict[str, Any]:
    """The rule under which a browser may load and measure pictures for Label Studio."""
    return {
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "Content-Length"],
        "MaxAgeSeconds": 3600,
    }


def _create(client: Any, name: str) -> None:
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
        client.create_bucket(Bucket=name)
