"""Pictures of a bucket whose keys, or whose storage, nobody would have thought of."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nightshift.domain.errors import Damaged, FrameError, NotFound, StoreError
from nightshift.domain.frames import SourceFile
from nightshift.frames.clips import ClipRules
from nightshift.frames.register import register
from nightshift.frames.scan import MOST_BYTES as FOLDER_MOST
from nightshift.services.store import source as source_module
from nightshift.services.store.s3 import Store
from nightshift.services.store.source import MOST_BYTES, BucketSource

ODD = (
    "\x1b[31mred.jpg", "\u202egnp.jpg", "🙂.jpg", "//a//b.jpg", "/rooted.jpg", "per%20cent+&?#.jpg",
    "back\\slash.jpg", "Case.jpg", "case.jpg", "\u00e9.jpg", "e\u0301.jpg", "a" * 900 + ".jpg", "<b>'\".jpg",
    " .jpg", "~.jpg",
)  # fmt: skip
CLIMBING = ("../up.jpg", "a/../b.jpg", "./here.jpg")
RULES = ClipRules(r"(?P<clip>.*)/[^/]*", 0.1, 40, 0)


@pytest.fixture
def cameras(quick_store: Store) -> BucketSource:
    root = f"{quick_store.place.uri}/cameras"
    return BucketSource(Store.connect(f"{quick_store.place.uri}/night", also=(root,), client=quick_store.client), root)


def put(cameras: BucketSource, key: str, data: bytes) -> None:
    cameras._there.client.put_object(Bucket=cameras.place.bucket, Key=cameras.place.root + key, Body=data)


def take_up(cameras: BucketSource) -> Any:
    return register((), cameras, RULES, 0, lambda *_: "", lambda data, _: (len(data), 1))


def test_every_key_is_registered_where_it_is_and_read_again_by_its_address(cameras: BucketSource) -> None:
    for key in ODD:
        put(cameras, key, key.encode())
    found = take_up(cameras)
    assert found.rejected == ()
    assert {cameras._store.read(each.frame.uri) for each in found.new} == {key.encode() for key in ODD}
    assert not [each.frame.name for each in found.new if "\n" in each.frame.name or "\u202e" in each.frame.name]


def test_a_key_that_climbs_costs_only_its_own_picture(cameras: BucketSource) -> None:
    """Some clients and proxies would follow it to another object."""
    listed = [SourceFile(key, 1, "x") for key in CLIMBING]
    put(cameras, "good.jpg", b"good")

    class Climbing(BucketSource):
        def list(self) -> Iterator[SourceFile]:
            return iter([*super().list(), *listed])

    found = take_up(Climbing(cameras._store, cameras.place.uri))
    assert [each.frame.name for each in found.new] == ["good.jpg"]
    assert {each.subject for each in found.rejected} == set(CLIMBING)


def test_an_object_that_grew_since_it_was_listed_is_not_read(
    cameras: BucketSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cameras, "a.jpg", bytes(100))
    monkeypatch.setattr(source_module, "MOST_BYTES", 99)
    with pytest.raises(Damaged, match="100 bytes by now, 99 are allowed"):
        cameras.read("a.jpg")


def test_folders_and_buckets_have_the_same_limit() -> None:
    assert MOST_BYTES == FOLDER_MOST


def test_a_vanished_object_costs_only_itself(cameras: BucketSource) -> None:
    with pytest.raises(NotFound):
        cameras.read("gone.jpg")


@pytest.mark.parametrize(
    ("word", "kind"),
    [("InvalidObjectState", FrameError), ("KMS.DisabledException", FrameError), ("AccessDenied", StoreError)],
)
def test_an_archived_object_costs_only_itself_and_a_closed_bucket_the_night(
    cameras: BucketSource, word: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto archives nothing: the answer is S3's, put in its mouth."""

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": word}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "GetObject")

    monkeypatch.setattr(cameras._store.client, "get_object", refuse)
    with pytest.raises(kind):
        cameras.read("a.jpg")
