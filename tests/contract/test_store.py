"""The store's promises, held against every S3 server there is here."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nightshift.domain.errors import Conflict, Damaged, NotFound, StoreError
from nightshift.services.store.places import Place
from nightshift.services.store.probe import probe_conditional_writes
from nightshift.services.store.s3 import Store
from nightshift.services.store.source import BucketSource

WRITERS, KEYS = 16, 10
ODD_NAMES = ["a b.jpg", "ü/ñ 🙂.png", "per%20cent+plus&and=.jpg", "quote'\"<>.jpg", "#hash?query.jpg"]


def race(attempt: Callable[[int], bool]) -> int:
    line = threading.Barrier(WRITERS)

    def run(writer: int) -> bool:
        line.wait()
        return attempt(writer)

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(run, range(WRITERS)))


def test_what_was_written_is_read(store: Store) -> None:
    etag = store.write("a/b.txt", b"one")
    assert store.read_with_etag("a/b.txt") == (b"one", etag)
    assert store.read(store.uri("a/b.txt")) == b"one"
    assert store.exists("a/b.txt")


def test_an_empty_object_is_an_object(store: Store) -> None:
    store.write("empty", b"")
    assert store.read("empty") == b""


def test_what_is_missing_is_not_found(store: Store) -> None:
    assert not store.exists("nothing")
    with pytest.raises(NotFound, match="nothing"):
        store.read("nothing")


def test_delete_removes_and_may_be_repeated(store: Store) -> None:
    store.write("gone", b"x")
    store.delete("gone")
    store.delete("gone")
    assert not store.exists("gone")


def test_of_many_creators_of_a_key_one_wins_and_its_bytes_stay(store: Store) -> None:
    for number in range(KEYS):
        key, won = f"race/{number}", []

        def attempt(writer: int, key: str = key, won: list[bytes] = won) -> bool:
            content = f"writer {writer}".encode()
            created = store.create(key, content)
            if created:
                won.append(content)
            return created

        assert race(attempt) == 1
        assert [store.read(key)] == won


def test_of_many_swappers_of_a_version_one_wins(store: Store) -> None:
    etag = store.write("cell", b"start")
    for _ in range(KEYS):

        def attempt(writer: int, etag: str = etag) -> bool:
            try:
                store.swap("cell", f"{etag} {writer}".encode(), etag)
            except Conflict:
                return False
            return True

        assert race(attempt) == 1
        etag = store.read_with_etag("cell")[1]


def test_a_swap_against_a_stale_version_is_refused_and_changes_nothing(store: Store) -> None:
    stale = store.write("cell", b"one")
    fresh = store.swap("cell", b"two", stale)
    with pytest.raises(Conflict):
        store.swap("cell", b"three", stale)
    assert store.read_with_etag("cell") == (b"two", fresh)


def test_a_swap_of_what_must_not_exist_creates_it_once(store: Store) -> None:
    store.swap("new", b"one", None)
    with pytest.raises(Conflict):
        store.swap("new", b"two", None)
    assert store.read("new") == b"one"


def test_a_swap_of_what_was_deleted_is_a_conflict(store: Store) -> None:
    etag = store.write("cell", b"one")
    store.delete("cell")
    with pytest.raises(Conflict):
        store.swap("cell", b"two", etag)


def test_the_probe_accepts_it_and_leaves_nothing_behind(store: Store) -> None:
    probe_conditional_writes(store)
    assert list(store.list()) == []


def test_a_large_file_goes_up_in_parts_and_comes_back_the_same(store: Store, tmp_path: Path) -> None:
    content = hashlib.shake_256(b"large").digest(40 << 20)
    source, copy = tmp_path / "source", tmp_path / "deep" / "copy"
    source.write_bytes(content)
    store.upload(source, "weights.pt")
    store.download("weights.pt", copy, hashlib.sha256(content).hexdigest())
    assert copy.read_bytes() == content
    assert store.read("weights.pt") == content
    assert [each.name for each in copy.parent.iterdir()] == ["copy"]


def test_bytes_changed_behind_our_back_are_damaged(store: Store, tmp_path: Path) -> None:
    recorded = {"sha256": hashlib.sha256(b"honest").hexdigest()}
    store.client.put_object(Bucket="night", Key=f"{store.place.root}x", Body=b"forged", Metadata=recorded)
    with pytest.raises(Damaged, match="digest"):
        store.read("x")
    with pytest.raises(Damaged, match="digest"):
        store.download("x", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_its_owner_overwrote_is_damaged(store: Store, tmp_path: Path) -> None:
    store.client.put_object(Bucket="night", Key=f"{store.place.root}frame", Body=b"another picture")
    assert store.read("frame") == b"another picture"
    wanted = hashlib.sha256(b"the picture").hexdigest()
    with pytest.raises(Damaged, match="digest"):
        store.read("frame", sha256=wanted)
    with pytest.raises(Damaged, match="digest"):
        store.fetch_many([("frame", tmp_path / "frame", wanted)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_listing_goes_beyond_one_page_and_stays_in_its_prefix(store: Store) -> None:
    keys = [f"many/{number:04d}" for number in range(1100)]
    seen: list[tuple[int, int]] = []
    store.write_many(dict.fromkeys(keys, b"."), lambda done, total: seen.append((done, total)))
    store.write("many-others/0", b"x")
    assert [each.key for each in store.list("many/")] == keys
    assert seen == [(done, 1100) for done in range(1, 1101)]


def test_listing_says_size_etag_and_time(store: Store) -> None:
    etag = store.write("one", b"12345")
    (listed,) = store.list()
    assert (listed.key, listed.size, listed.etag) == ("one", 5, etag)
    assert listed.modified.tzinfo is not None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_names(store: Store, name: str) -> None:
    store.write(name, name.encode())
    assert [each.key for each in store.list()] == [name]
    assert store.read(store.uri(name)) == name.encode()


def test_bulk_keeps_the_order_and_writes_files(store: Store, tmp_path: Path) -> None:
    contents = {f"k{number}": f"{number}".encode() for number in range(40)}
    store.write_many(contents)
    assert list(store.read_many(list(contents))) == list(contents.values())
    store.fetch_many([(store.uri(key), tmp_path / key) for key in contents])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == contents


def test_bulk_tells_of_the_first_failure(store: Store) -> None:
    store.write("there", b"x")
    with pytest.raises(NotFound, match="missing"):
        store.read_many(["there", "missing"])


def test_a_source_lists_pictures_where_they_are_and_not_our_own_objects(store: Store) -> None:
    root = f"{store.place.uri}/camera"
    inner = Store.connect(f"{root}/nightshift", also=(root,), client=store.client)
    for key in ("camera/a/1.jpg", "camera/b 2.png", "camera/nightshift/HEAD"):
        store.write(key, key.encode())
    source = BucketSource(inner, root)
    files = list(source.list())
    assert [each.name for each in files] == ["a/1.jpg", "b 2.png"]
    assert [each.stamp for each in files] == [store.read_with_etag(f"camera/{each.name}")[1] for each in files]
    assert inner.read(source.uri("b 2.png")) == source.read("b 2.png") == b"camera/b 2.png"


def test_places_that_were_not_named_are_not_read(store: Store) -> None:
    other = Store(store.client, Place("night", "secret"))
    other.write("x", b"x")
    with pytest.raises(StoreError, match="outside"):
        store.read(other.uri("x"))


def test_a_missing_bucket_is_named_with_its_remedy(store: Store) -> None:
    nowhere = Store(store.client, Place("not-there-at-all", "p"))
    for attempt in (nowhere.check, lambda: nowhere.create("k", b"x"), lambda: list(nowhere.list())):
        with pytest.raises(StoreError, match=r"bucket does not exist.*Create"):
            attempt()


@pytest.mark.parametrize("key", ["", "/absolute", "../outside", "a/../b"])
def test_a_key_never_leaves_the_prefix(quick_store: Store, key: str) -> None:
    attempts: list[Callable[[], Any]] = [
        lambda: quick_store.write(key, b"x"),
        lambda: quick_store.read(key),
        lambda: quick_store.delete(key),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match="no key"):
            attempt()
