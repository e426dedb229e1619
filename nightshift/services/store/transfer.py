"""Bytes out of S3 and into it, checked from end to end.

boto3's retries end at the headers, so a body that breaks off is asked for again here.
"""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, TypeVar

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from nightshift.domain.errors import Damaged, StoreError
from nightshift.domain.room import room_in
from nightshift.services.store.faults import LATER, UNREACHED, translated
from nightshift.services.store.integrity import LABEL, REMEDY, Expected, bare
from nightshift.services.store.places import SCHEME

TRIES = 3
CHUNK = 1 << 20
PART = 16 << 20  # files up to this size go up in one request
Result = TypeVar("Result")


def read(client: Any, bucket: str, key: str, sha256: str | None, most: int | None = None) -> tuple[bytes, str]:
    """The content and its bare ETag.

    Raises:
        NotFound: it is not there.
        Damaged: it does not have the size and digest it must have, or more bytes than `most`.
    """
    uri = f"{SCHEME}{bucket}/{key}"

    def once() -> tuple[bytes, str]:
        with translated(uri):
            answer = client.get_object(Bucket=bucket, Key=key)
            with closing(answer["Body"]) as body:  # its own `with` hands out the raw stream, unchecked
                if most is not None and answer["ContentLength"] > most:
                    raise Damaged(uri, f"it has {answer['ContentLength']} bytes by now, {most} are allowed", REMEDY)
                content: bytes = body.read()
        expected = Expected.of(answer, sha256)
        hasher = expected.hasher()
        hasher.update(content)
        expected.verify(uri, len(content), hasher.hexdigest())
        return content, bare(answer["ETag"])

    return _insist(once)


def download(client: Any, bucket: str, key: str, path: Path, sha256: str | None) -> None:
    """Stream into a file that appears whole or not at all. Errors as `read`.

    Raises:
        DiskFull: there is no room for it.
    """
    with room_in(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        _insist(lambda: _download_once(client, bucket, key, path, sha256))


def upload(client: Any, path: Path, bucket: str, key: str) -> None:
    """Stream a file up, in parts when it is large, with its sha-256 as metadata.

    Raises:
        StoreError: the file cannot be read, or S3 does not take it.
    """
    uri = f"{SCHEME}{bucket}/{key}"
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        extra, config = {"Metadata": {LABEL: digest}}, TransferConfig(PART, multipart_chunksize=PART)
        with translated(uri):
            client.upload_file(str(path), bucket, key, ExtraArgs=extra, Config=config)
    except S3UploadFailedError as error:
        raise _cause(uri, error) from error
    except OSError as error:
        raise StoreError(str(path), f"it cannot be read: {error.strerror}", "Check the file.") from error


def _download_once(client: Any, bucket: str, key: str, path: Path, sha256: str | None) -> None:
    uri = f"{SCHEME}{bucket}/{key}"
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            with translated(uri):
                answer = client.get_object(Bucket=bucket, Key=key)
                expected = Expected.of(answer, sha256)
                size, digest = _pour(answer["Body"], file, expected.hasher())
            expected.verify(uri, size, digest)
            file.close()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _pour(body: Any, file: IO[bytes], hasher: "hashlib._Hash") -> tuple[int, str]:
    size = 0
    with closing(body):
        for chunk in body.iter_chunks(CHUNK):
            file.write(chunk)
            hasher.update(chunk)
            size += len(chunk)
    return size, hasher.hexdigest()


def _insist(once: Callable[[], Result]) -> Result:
    """Ask again when a body breaks off or is damaged; the last failure is the caller's."""
    for _ in range(TRIES - 1):
        try:
            return once()
        except Damaged:
            continue
        except StoreError as error:
            if not isinstance(error.__cause__, UNREACHED):
                raise
    return once()


def _cause(uri: str, error: Exception) -> StoreError:
    """boto3 wraps what happened in a sentence of its own."""
    inner = error.__cause__ or error.__context__
    if isinstance(inner, ClientError | BotoCoreError):
        try:
            with translated(uri):
                raise inner
        except StoreError as ours:
            return ours
    return StoreError(uri, " ".join(str(error).split()), LATER)
