"""s3:// addresses: a bucket with a prefix, the keys inside it, and what lies outside.

Knows no client.
"""

import re
from dataclasses import dataclass

from nightshift.domain.errors import ConfigError

SCHEME = "s3://"
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")  # colons: access points go by their ARN
STEPS = frozenset({".", ".."})  # proxies and servers that keep files would follow them


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket and a prefix in it; the prefix has no slash at either end and may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, uri: str) -> "Place":
        """The place that s3://bucket/prefix names.

        Raises:
            ConfigError: it is no such address.
        """
        bucket, _, prefix = uri.removeprefix(SCHEME).partition("/")
        if not uri.startswith(SCHEME) or not bucket:
            raise ConfigError(f"'{uri}'", "it is no S3 address", "Write it as s3://bucket/prefix.")
        _check(uri, bucket, prefix)
        return cls(bucket, prefix.strip("/"))

    @property
    def uri(self) -> str:
        """s3://bucket/prefix, without a slash at the end."""
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def root(self) -> str:
        """What every key in this place begins with: 'prefix/', or nothing."""
        return f"{self.prefix}/" if self.prefix else ""

    def holds(self, bucket: str, key: str) -> bool:
        """Whether an object lies in this place; 'frames' does not hold 'frames-old/a.jpg'."""
        return bucket == self.bucket and key.startswith(self.root)


def split_uri(uri: str) -> tuple[str, str]:
    """(bucket, key) of s3://bucket/key; the key is taken as it is, odd characters and all.

    Raises:
        ConfigError: it is no such address, or names no object.
    """
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or not bucket or not key:
        raise ConfigError(f"'{uri}'", "it names no S3 object", "Write it as s3://bucket/key.")
    _check(uri, bucket, key)
    return bucket, key


def climbs(key: str) -> bool:
    """Whether a part of a key is a step to another folder."""
    return not STEPS.isdisjoint(key.split("/"))


def _check(uri: str, bucket: str, key: str) -> None:
    if not BUCKET.fullmatch(bucket):
        raise ConfigError(f"'{uri}'", f"'{bucket}' is no bucket's name", "Write it as s3://bucket/prefix.")
    if climbs(key):
        raise ConfigError(f"'{uri}'", "a part of it is '.' or '..'", "Name the place itself; rename such an object.")
