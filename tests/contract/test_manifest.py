"""The list of a sealed round's objects."""

import hashlib

import pytest

from nightshift.domain.errors import Damaged
from nightshift.domain.rounds import RoundKeys
from nightshift.services.store.manifest import MANIFEST, ObjectDigest, publish_manifest, read_manifest
from nightshift.services.store.s3 import Store

KEYS = RoundKeys(3)


def _filled(store: Store) -> Store:
    store.write(KEYS.key("frames.parquet"), b"frames")
    store.write(KEYS.key("stages/train.json"), b"{}")
    store.write(KEYS.key("round.json"), b"written after the manifest")
    store.write("rounds/00030/other", b"another folder that begins alike")
    return store


def test_it_names_every_object_of_the_round_and_no_other(store: Store) -> None:
    digest = publish_manifest(_filled(store), KEYS)
    found = read_manifest(store, KEYS.number, digest)
    assert found is not None
    assert found.number == KEYS.number
    assert found.objects == {
        "frames.parquet": ObjectDigest(6, hashlib.sha256(b"frames").hexdigest()),
        "stages/train.json": ObjectDigest(2, hashlib.sha256(b"{}").hexdigest()),
    }


def test_what_somebody_else_put_there_without_a_digest_is_read_to_get_one(quick_store: Store) -> None:
    key = quick_store.place.root + KEYS.key("foreign.bin")
    quick_store.client.put_object(Bucket=quick_store.place.bucket, Key=key, Body=b"foreign")
    publish_manifest(quick_store, KEYS)
    found = read_manifest(quick_store, KEYS.number)
    assert found is not None
    assert found.objects["foreign.bin"] == ObjectDigest(7, hashlib.sha256(b"foreign").hexdigest())


def test_the_first_one_counts_even_if_objects_came_later(quick_store: Store) -> None:
    first = publish_manifest(_filled(quick_store), KEYS)
    quick_store.write(KEYS.key("late.parquet"), b"late")
    assert publish_manifest(quick_store, KEYS) == first


def test_a_round_of_an_older_nightshift_has_none(quick_store: Store) -> None:
    assert read_manifest(quick_store, 9) is None


def test_another_manifest_than_the_round_names_is_damaged(quick_store: Store) -> None:
    publish_manifest(_filled(quick_store), KEYS)
    with pytest.raises(Damaged, match="digest"):
        read_manifest(quick_store, KEYS.number, "ab" * 32)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"number": 1, "objects": {"a": {"size": -1, "sha256": "x"}}}'])
def test_a_malformed_one_is_damaged_by_name(quick_store: Store, content: bytes) -> None:
    quick_store.write(KEYS.key(MANIFEST), content)
    with pytest.raises(Damaged, match=r"rounds/0003/manifest\.json"):
        read_manifest(quick_store, KEYS.number)
