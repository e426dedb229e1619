"""Checks of the bucket: reachable, permitted, races have one winner, Label Studio's pages may read, clocks agree.

Everything is tried for real on objects under `.doctor/` in the project's own prefix, which are deleted afterwards.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from nightshift.domain.errors import Conflict, StoreError, StoreUnfit
from nightshift.services.health.findings import Finding, check
from nightshift.services.store.faults import CLOCK, translated
from nightshift.services.store.s3 import Store

WRITERS = 8
SKEW_WARNING, SKEW_FAILURE = 60.0, 900.0  # seconds; S3 refuses requests that are 15 minutes off
FOLDER = ".doctor"


def bucket_findings(store: Store, label_studio: str | None) -> Iterator[Finding]:
    """All checks of a project's bucket; the later ones are left out when it cannot be used at all.

    Args:
        store: the project's bucket and prefix.
        label_studio: scheme, host and port of Label Studio's pages; without it CORS is not checked.
    """
    yield (reached := check("S3: bucket", lambda: _reach(store)))
    if reached.verdict == "failed":
        return
    yield (permitted := check("S3: read, write, list, delete", lambda: _permitted(store)))
    yield check_clock(store)
    if permitted.verdict == "failed":
        return
    yield check("S3: If-None-Match has one winner", lambda: _race_to_create(store))
    yield check("S3: If-Match has one winner", lambda: _race_to_swap(store))
    if label_studio:
        yield check("S3: CORS for Label Studio", lambda: _readable_from(store, label_studio))


def _reach(store: Store) -> str:
    store.check()
    return f"{store.place.uri} at {store.client.meta.endpoint_url}"


@contextmanager
def _scratch(store: Store) -> Iterator[str]:
    """A key of our own, deleted in the end."""
    key = f"{FOLDER}/{uuid.uuid4().hex}"
    try:
        yield key
    finally:
        store.delete(key)


def _permitted(store: Store) -> str:
    content = uuid.uuid4().bytes
    with _scratch(store) as key:
        store.write(key, content)
        if store.read(key) != content:
            raise StoreError(store.uri(key), "it reads back differently", "Look for a proxy or cache in between.")
        if not any(each.key.endswith(key) for each in store.list(key)):
            raise StoreError(store.uri(key), "a new object is not listed", "Use a store with consistent listing.")
    if store.exists(key):
        raise StoreError(store.uri(key), "a deleted object is still there", "Allow s3:DeleteObject.")
    return "each tried on an object of its own"


def _race_to_create(store: Store) -> str:
    with _scratch(store) as key:
        return _one_winner(store, "If-None-Match", lambda content: store.create(key, content))


def _race_to_swap(store: Store) -> str:
    with _scratch(store) as key:
        etag = store.write(key, b"before")
        return _one_winner(store, "If-Match", lambda content: _swaps(store, key, content, etag))


def _swaps(store: Store, key: str, content: bytes, etag: str) -> bool:
    try:
        store.swap(key, content, etag)
    except Conflict:
        return False
    return True


def _one_winner(store: Store, condition: str, write: Callable[[bytes], bool]) -> str:
    barrier = threading.Barrier(WRITERS)

    def race(number: int) -> bool:
        barrier.wait()
        return write(b"writer %d" % number)

    with ThreadPoolExecutor(WRITERS) as pool:
        winners = sum(pool.map(race, range(WRITERS)))
    if winners != 1:
        raise StoreUnfit(
            store.place.uri,
            f"{winners} of {WRITERS} simultaneous writers with {condition} were told that they won",
            "Use a store with conditional writes (Amazon S3, Ceph, MiniStack): without them two rounds could both win.",
        )
    return f"{WRITERS} writers at once"


def _readable_from(store: Store, page: str) -> str:
    """Fetch a presigned link as Label Studio's page would, and see whether a browser would hand it over."""
    origin = str(httpx.URL(page).copy_with(raw_path=b"/")).rstrip("/")
    with _scratch(store) as key:
        store.write(key, b"picture")
        with translated(store.uri(key)):
            parameters = {"Bucket": store.place.bucket, "Key": store.place.root + key}
            link = store.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=60)
        answer = _fetch(link, origin)
    allowed = answer.headers.get("access-control-allow-origin", "no origin")
    if allowed not in {origin, "*"}:
        remedy = f"Add a CORS rule to the bucket: AllowedOrigins {origin}, AllowedMethods GET and HEAD."
        raise StoreError(store.place.bucket, f"pages of {origin} may not read it ({allowed} may)", remedy)
    return f"a presigned link opens from {origin}"


def _fetch(link: str, origin: str) -> httpx.Response:
    try:
        answer = httpx.get(link, headers={"Origin": origin}, timeout=10)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        what = str(httpx.URL(link).copy_with(query=None))  # the query is a credential
        remedy = "Check the secret key and that this address is reachable from a browser."
        raise StoreError(what, f"a presigned link does not open ({type(error).__name__})", remedy) from None
    return answer


def check_clock(store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Finding:
    """Compare this machine's clock with the Date header of the S3 server.

    Args:
        store: whose server to ask.
        now: this machine's time, UTC.
    """
    subject = "S3: clocks agree"
    with translated(store.place.uri):
        before = now()
        answer = store.client.list_objects_v2(Bucket=store.place.bucket, Prefix=store.place.root, MaxKeys=1)
        middle = before + (now() - before) / 2
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return Finding(subject, "warning", "the server does not say what time it is", "Nothing, if both use NTP.")
    skew = (middle - parsedate_to_datetime(date)).total_seconds()
    return judge_skew(subject, skew)


def judge_skew(subject: str, skew: float) -> Finding:
    """Seconds by which this machine's clock is ahead of the server's; a Date header is exact to one second."""
    detail = (
        f"this machine is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}" if abs(skew) > 1 else "to the second"
    )
    if abs(skew) > SKEW_FAILURE:
        return Finding(subject, "failed", detail, CLOCK)
    return Finding(subject, "warning" if abs(skew) > SKEW_WARNING else "ok", detail, CLOCK if abs(skew) > 1 else "")
