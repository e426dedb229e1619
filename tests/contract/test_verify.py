"""`nightshift fsck`: what is whole is called whole, and whatever is not is named with its reason and a remedy."""

import pytest

from nightshift.domain.rounds import RoundKeys
from nightshift.services.store import state
from nightshift.services.store.s3 import Store
from nightshift.upkeep.findings import Examined, Finding
from nightshift.upkeep.verify import verify
from tests.contract.past_rounds import Past, in_memory, past

pytestmark = pytest.mark.slow  # dozens of objects each
store = pytest.fixture(in_memory)


def _behind(store: Store, key: str, content: bytes, **more: object) -> None:
    """Write as somebody would who is not Nightshift."""
    store.client.put_object(Bucket=store.place.bucket, Key=store.place.root + key, Body=content, **more)


def _flip(store: Store, key: str) -> None:
    """One bit of one byte, with the same length and the same metadata."""
    there = store.client.get_object(Bucket=store.place.bucket, Key=store.place.root + key)
    with there["Body"] as body:
        content = bytearray(body.read())
    content[len(content) // 2] ^= 1
    _behind(store, key, bytes(content), Metadata=there["Metadata"])


def _only(examined: Examined, store: Store, key: str) -> Finding:
    found = [each for each in examined.broken if each.subject == store.uri(key)]
    assert len(found) == 1, examined.broken
    assert found[0].reason
    assert found[0].remedy
    return found[0]


@pytest.mark.parametrize("manifest", [True, False], ids=["with manifest", "sealed before there were manifests"])
def test_what_rounds_left_behind_is_whole(store: Store, *, manifest: bool) -> None:
    past(store, 3, manifest=manifest)
    examined = verify(store)
    assert examined.findings == ()
    assert (examined.rounds, examined.frames, examined.removed) == (3, 6, 0)
    assert examined.size == sum(each.size for each in store.list() if each.key not in {"HEAD", "LEASE"})
    assert verify(store, quick=True).findings == ()


def test_a_project_without_any_round_is_whole(store: Store) -> None:
    assert verify(store).findings == ()


FLIPPED = ("corrections.parquet", "autolabels/part-0001.parquet", "student/abc.pt", "report.html", "stages/push.json")


@pytest.mark.parametrize("manifest", [True, False])
def test_every_flipped_bit_is_named_and_nothing_else(store: Store, *, manifest: bool) -> None:
    past(store, 2, manifest=manifest)
    for name in FLIPPED:
        _flip(store, RoundKeys(1).key(name))
    examined = verify(store)
    assert {each.subject for each in examined.broken} == {store.uri(RoundKeys(1).key(name)) for name in FLIPPED}
    assert {each.verdict for each in examined.broken} == {"damaged"}
    assert all(each.reason and each.remedy for each in examined.broken)


LOST = ("labels.parquet", "scores/part-0000.parquet", "stages/push.json", "stages/score-0001.json", "student/abc.pt")


@pytest.mark.parametrize(("manifest", "lost"), [
    (True, LOST), (False, LOST), (True, ("manifest.json",)), (True, ("round.json",)),
])  # fmt: skip
def test_every_lost_object_is_named_and_nothing_else(store: Store, lost: tuple[str, ...], *, manifest: bool) -> None:
    past(store, 2, manifest=manifest)
    for name in lost:
        store.delete(RoundKeys(1).key(name))
    for quick in (False, True):
        examined = verify(store, quick=quick)
        assert {each.subject for each in examined.broken} == {store.uri(RoundKeys(1).key(name)) for name in lost}
        assert {each.verdict for each in examined.broken} == {"missing"}


def test_nothing_is_to_be_made_of_damaged_tables_even_after_a_quick_look(store: Store) -> None:
    past(store, 2)
    for name in ("queue.parquet", "report.html", "scores/part-0000.parquet"):
        _flip(store, RoundKeys(1).key(name))
    assert verify(store, quick=True).broken == ()
    assert [each.subject for each in verify(store, quick=True, tables_too=True).unfounded] == [
        store.uri(RoundKeys(1).key("queue.parquet"))
    ]


def test_another_object_in_its_place_is_told_by_the_manifest_although_it_carries_a_right_digest(
    store: Store,
) -> None:
    past(store, 2)
    key = RoundKeys(0).key("labels.parquet")
    store.write(key, store.read(RoundKeys(1).key("labels.parquet")))
    assert _only(verify(store), store, key).verdict == "damaged"


def test_an_exchanged_manifest_is_told_by_the_summary(store: Store) -> None:
    past(store, 2)
    key = RoundKeys(0).key("manifest.json")
    store.write(key, store.read(RoundKeys(1).key("manifest.json")))
    assert _only(verify(store), store, key).verdict == "damaged"


def test_without_a_manifest_an_object_without_a_digest_is_not_trusted(store: Store) -> None:
    past(store, 1, manifest=False)
    _behind(store, RoundKeys(0).key("report.html"), b"<html>something else")
    assert "carries no digest" in _only(verify(store), store, RoundKeys(0).key("report.html")).reason


def test_a_table_under_the_name_of_another_is_named(store: Store) -> None:
    past(store, 1, manifest=False)
    key = RoundKeys(0).key("triage.parquet")
    store.write(key, store.read(RoundKeys(0).key("queue.parquet")))
    assert "not Nightshift's table 'triage'" in _only(verify(store), store, key).reason


def test_a_frame_must_have_the_content_that_its_id_says(store: Store) -> None:
    made = past(store, 2)
    lost, changed = made.frames(0)
    store.delete(f"frames/{lost.id}.png")
    store.write(f"frames/{changed.id}.png", b"another picture")
    examined = verify(store)
    assert {(each.subject, each.verdict) for each in examined.broken} == {
        (lost.uri, "missing"),
        (changed.uri, "damaged"),
    }


def test_frames_that_stayed_with_their_owner_are_read_there(store: Store) -> None:
    client, ours = store.client, "s3://night/ours"
    theirs = Store.connect("s3://night/theirs", client=client)
    store = Store.connect(ours, also=("s3://night/theirs",), client=client)
    frames = Past(theirs).frames(0)
    for which, each in zip("ab", frames, strict=True):
        theirs.client.put_object(
            Bucket="night", Key=f"theirs/frames/{each.id}.png", Body=f"picture 0 {which}".encode()
        )  # without our metadata
    _with_frames_of(store, theirs)
    assert verify(store).findings == ()
    assert verify(store, quick=True).findings == ()
    theirs.client.put_object(Bucket="night", Key=f"theirs/frames/{frames[0].id}.png", Body=b"overwritten")
    theirs.delete(f"frames/{frames[1].id}.png")
    assert [each.verdict for each in verify(store).broken] == ["damaged", "missing"]
    elsewhere = Store.connect(ours, client=client)
    assert "cannot be read" in verify(elsewhere).broken[0].reason


def _with_frames_of(store: Store, theirs: Store) -> None:
    class Elsewhere(Past):
        def frames(self, number: int) -> list:  # type: ignore[type-arg]
            return Past(theirs).frames(number)

    made = Elsewhere(store)
    made.seal(0, last=0)
    for each in list(store.list("frames/")):
        store.delete(each.key)


def test_a_chain_that_is_broken_is_told_and_what_hangs_on_it_is_still_looked_at(store: Store) -> None:
    past(store, 4)
    store.delete(RoundKeys(2).key("plan.json"))
    _flip(store, RoundKeys(0).key("queue.parquet"))
    examined = verify(store)
    assert _only(examined, store, RoundKeys(2).key("plan.json")).verdict == "missing"
    assert _only(examined, store, RoundKeys(0).key("queue.parquet")).verdict == "damaged"


def test_an_open_round_is_held_against_its_receipts(store: Store) -> None:
    made = past(store, 1)
    night = made.open(1, last=1)
    for stage in ("ingest", "register", "autolabel"):
        made.leave(night, stage)
    assert verify(store).findings == ()
    store.delete(night.keys.key("autolabels/part-0000.parquet"))
    assert _only(verify(store), store, night.keys.key("autolabels/part-0000.parquet")).verdict == "missing"


def test_objects_that_nobody_knows_are_listed_and_do_no_harm(store: Store) -> None:
    past(store, 1)
    for key in ("notes.txt", "probe/left", RoundKeys(0).key("labels (copy).parquet"), RoundKeys(9).key("plan.json")):
        _behind(store, key, b"?")
    examined = verify(store)
    assert examined.broken == ()
    assert {each.subject.rpartition("/")[2] for each in examined.unknown} == {
        "notes.txt", "left", "labels (copy).parquet", "plan.json",
    }  # fmt: skip


def test_weights_of_a_champion_are_needed_by_whoever_starts_from_them(store: Store) -> None:
    past(store, 3)
    sealed = state.read_sealed(store, 2)
    assert sealed is not None
    assert sealed.champion is not None
    store.delete(sealed.champion.key)
    assert _only(verify(store), store, sealed.champion.key).verdict == "missing"
