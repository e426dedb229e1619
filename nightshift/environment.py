"""What the environment says: addresses of servers, and the keys with which Label Studio shows frames."""

import os

from nightshift.domain.errors import ConfigError
from nightshift.services.label_studio.setup import BucketAccess
from nightshift.services.store.places import Place


def need(variable: str) -> str:
    """The value of a variable.

    Raises:
        ConfigError: it is not set.
    """
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(
            variable, "is not set", "Run `nightshift up` for servers on this machine, or set it to your own server."
        )
    return value


def bucket_access(place: Place, presign_minutes: int) -> BucketAccess:
    """How Label Studio reaches a place: with keys of its own, or else with this environment's.

    Args:
        place: where frames lie.
        presign_minutes: how long a picture's link lives.

    Raises:
        ConfigError: there are no keys.
    """
    own = "LABEL_STUDIO_" if os.environ.get("LABEL_STUDIO_AWS_ACCESS_KEY_ID") else ""
    return BucketAccess(
        bucket=place.bucket,
        prefix=place.prefix,
        endpoint=os.environ.get("AWS_ENDPOINT_URL_S3"),
        region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        access_key=need(f"{own}AWS_ACCESS_KEY_ID"),
        secret_key=need(f"{own}AWS_SECRET_ACCESS_KEY"),
        presign_minutes=presign_minutes,
    )
