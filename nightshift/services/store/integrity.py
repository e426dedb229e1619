"""Are the bytes read the bytes that were written? boto3's own retries end at the headers.

What we write carries its sha-256 as metadata. What others wrote is held against its ETag where that is an MD5.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightshift.domain.errors import Damaged

LABEL = "sha256"  # of our metadata
REMEDY = "Restore this object from a version or a backup; if it happens often, look for a faulty proxy or disk."


@dataclass(frozen=True, slots=True)
class Expected:
    """What the content of an object must come to.

    Args:
        size: bytes.
        sha256: hex; None when nobody recorded it.
        md5: hex; None when the ETag is none (multipart, or encrypted with the customer's key).
    """

    size: int
    sha256: str | None
    md5: str | None

    @classmethod
    def of(cls, answer: Mapping[str, Any], demanded: str | None) -> "Expected":
        """From the answer to GetObject, and the digest the reader demands."""
        recorded = answer.get("Metadata", {}).get(LABEL)
        return cls(int(answer["ContentLength"]), demanded or recorded, _md5(answer))

    def hasher(self) -> "hashlib._Hash":
        """The hash to feed the content to."""
        if self.sha256 is None and self.md5 is not None:
            return hashlib.md5(usedforsecurity=False)
        return hashlib.sha256()

    def verify(self, subject: str, size: int, digest: str) -> None:
        """Hold size and hex digest (of `hasher`) against what they must be.

        Raises:
            Damaged: they differ.
        """
        if size != self.size:
            raise Damaged(subject, f"{size} of {self.size} bytes arrived", REMEDY)
        wanted = self.sha256 or self.md5
        if wanted is not None and digest != wanted:
            raise Damaged(subject, f"its digest is {digest[:12]} instead of {wanted[:12]}", REMEDY)


def bare(etag: str) -> str:
    """An ETag without its quotes: servers differ in whether they send them."""
    return etag.removeprefix("W/").strip('"')


def _md5(answer: Mapping[str, Any]) -> str | None:
    """The ETag, where it is the content's MD5: neither multipart nor encrypted under a managed key."""
    etag = bare(answer.get("ETag", ""))
    keyed = "SSECustomerAlgorithm" in answer or "kms" in answer.get("ServerSideEncryption", "")
    return etag if re.fullmatch(r"[0-9a-f]{32}", etag) and not keyed else None
