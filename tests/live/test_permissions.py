"""The policies of infra/iam on a server that enforces them: enough for everything, and nothing in them is idle."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import EndpointConnectionError

from infra.iam import policy
from nightshift.domain.errors import NotFound, StoreError
from nightshift.domain.rounds import Plan, Receipt, Sealed
from nightshift.services.health.bucket import bucket_findings
from nightshift.services.store import lease, state, tables
from nightshift.services.store.lease import Lease
from nightshift.services.store.places import Place
from nightshift.services.store.probe import probe_conditional_writes
from nightshift.services.store.s3 import Store
from nightshift.services.store.source import BucketSource
from tests.live.rights_rig import BUCKET, URI, Gate, Policy, actions, denying, gate, iam_action, without

pytestmark = pytest.mark.live
NIGHT, KEEPER = policy("night", URI), policy("keeper", URI)
LOOKING = policy("frames", f"{URI}/frames")
ESSENTIAL = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEYS = ("frames/ab.jpg", "rounds/0000/plan.json")
LARGE = (16 << 20) + 1  # bytes from which a file goes up in parts
REJECTED = [{"stage": "register", "subject": "a.jpg", "reason": "it is empty", "detail": ""}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gate(tmp_path_factory.mktemp("radosgw")) as opened:
        yield opened


@pytest.fixture
def user(server: Gate) -> str:
    return server.user(f"u{uuid.uuid4().hex[:8]}")


@pytest.fixture
def place(server: Gate) -> Iterator[Place]:
    """The project's prefix, empty before and after."""
    yield Place.parse(URI)
    for each in server.owner.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        server.owner.delete_object(Bucket=BUCKET, Key=each["Key"])


def plan() -> Plan:
    return Plan(0, None, "nightly", NOON, {"project": "line"}, "cd", None, 5, {"torch": "2"})


def life(store: Store, folder: Path) -> Iterator[str]:
    """All that a project ever asks of its bucket, one step at a time; every step can be taken again."""
    large = folder / "weights.pt"
    large.write_bytes(bytes(LARGE))
    probe_conditional_writes(store)
    yield "probed"
    with Lease(store, "here") as held:
        held.renew()
        state.create_plan(store, plan())
        yield "opened"
        store.create("frames/ab.jpg", b"picture")
        tables.write_table(store, plan().keys.key("quarantine/register.parquet"), "quarantine", REJECTED)
        yield "registered"
        store.fetch_many([(store.uri("frames/ab.jpg"), folder / "cache" / "ab.jpg")])
        store.upload(large, plan().keys.key("student/weights.pt"))
        state.write_receipt(store, plan().keys, Receipt("train", 1.0))
        yield "trained"
        assert state.read_receipt(store, plan().keys, "push") is None
        assert lease.current_token(store) == held.token
        state.seal(store, Sealed(0, None, "nightly", NOON, None, {}, {}, {}))
        state.move_head(store, None, 0)
        yield "sealed"
    assert len(list(store.list("rounds/0000/"))) == 5
    assert [each.verdict for each in bucket_findings(store, None) if each.verdict == "failed"] == []


def test_with_exactly_the_nights_rights_a_whole_life_goes_through(
    server: Gate, user: str, place: Place, tmp_path: Path
) -> None:
    server.allow(user, NIGHT)
    assert list(life(server.store(user), tmp_path))[-1] == "sealed"
    asked = server.asked(user)
    assert [each for each in asked if each[2] == 403] == []
    assert {iam_action(method, path) for method, path, _ in asked} == actions(NIGHT) - {"s3:AbortMultipartUpload"}
    another = server.user(f"{user}b")  # on Ceph, who wrote an object may read it without any right to
    server.allow(another, NIGHT)
    assert list(life(server.store(another), tmp_path))[-1] == "sealed"
    assert state.read_head(Store(server.owner, place)) == 0


@pytest.mark.parametrize(
    ("how", "action"),
    [(denying, each) for each in ESSENTIAL] + [(without, each) for each in ESSENTIAL if each != "s3:GetObject"],
)
def test_a_right_that_is_missing_is_named_before_anything_is_published(
    server: Gate, user: str, place: Place, tmp_path: Path, how: Callable[[Policy, str], Policy], action: str
) -> None:
    server.allow(user, how(NIGHT, action))
    with pytest.raises(StoreError, match=action) as refused:
        next(life(server.store(user), tmp_path))
    assert not isinstance(refused.value, NotFound)
    assert server.keys(place) == []
    server.allow(user, NIGHT)
    assert list(life(server.store(user), tmp_path))[-1] == "sealed"


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"])
@pytest.mark.parametrize("steps", [2, 3, 4])
def test_a_right_that_is_withdrawn_in_the_night_stops_it_whole_and_given_back_it_goes_on(
    server: Gate, user: str, place: Place, tmp_path: Path, action: str, steps: int
) -> None:
    server.allow(user, NIGHT)
    night = life(server.store(user), tmp_path)
    for _ in range(steps):
        next(night)
    before = set(server.keys(place))
    server.allow(user, denying(NIGHT, action))
    with pytest.raises(StoreError, match=action):
        list(night)
    after = Store(server.owner, place)
    assert state.read_head(after) is None
    for key in set(server.keys(place)) - before:
        assert after.read(key), "what was published since is whole"
    server.allow(user, NIGHT)
    Lease(after, "elsewhere", gone=lambda _: True).acquire().release()  # the dead hold no lease
    assert list(life(server.store(user), tmp_path))[-1] == "sealed"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("rights", "left"), [(NIGHT, 0), (without(NIGHT, "s3:AbortMultipartUpload"), 1)])
def test_an_upload_that_breaks_off_leaves_parts_only_without_the_right_to_abort_it(
    server: Gate, user: str, tmp_path: Path, rights: Policy, left: int
) -> None:
    server.allow(user, rights)
    store, large = server.store(user), tmp_path / "weights.pt"
    large.write_bytes(bytes(LARGE))

    def break_off(params: dict[str, Any], **_: object) -> None:
        if params["query_string"].get("partNumber") != 1:
            raise EndpointConnectionError(endpoint_url=server.url)

    store.client.meta.events.register("before-call.s3.UploadPart", break_off)
    with pytest.raises(StoreError, match="cannot be reached"):
        store.upload(large, "rounds/0000/student/weights.pt")
    assert not store.exists("rounds/0000/student/weights.pt")
    uploads = server.owner.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    for each in uploads:
        server.owner.abort_multipart_upload(Bucket=BUCKET, Key=each["Key"], UploadId=each["UploadId"])
    assert len(uploads) == left


def test_the_night_deletes_no_round_and_no_frame_and_the_keeper_no_frame(server: Gate, user: str, place: Place) -> None:
    owner, theirs = Store(server.owner, place), server.store(user)
    owner.write("frames/ab.jpg", b"picture")
    for rights, kept in ((NIGHT, ["frames/ab.jpg", "rounds/0000/x"]), (KEEPER, ["frames/ab.jpg"])):
        owner.write("rounds/0000/x", b"1")
        server.allow(user, NIGHT, rights)
        for key in kept:
            with pytest.raises(StoreError, match="s3:DeleteObject"):
                theirs.delete(key)
    theirs.delete("rounds/0000/x")
    assert server.keys(place) == ["frames/ab.jpg"]


def test_the_night_reads_and_writes_nothing_of_other_projects_in_the_bucket(
    server: Gate, user: str, place: Place
) -> None:
    server.allow(user, NIGHT)
    Store(server.owner, Place.parse("s3://night/team/other")).write("HEAD", b"7")
    theirs = server.store(user, "s3://night/team/other")
    for attempt in (lambda: list(theirs.list()), lambda: theirs.read("HEAD"), lambda: theirs.write("HEAD", b"0")):
        with pytest.raises(StoreError, match="access is denied"):
            attempt()
    assert server.keys(place) == []


@pytest.mark.usefixtures("place")
def test_who_shows_frames_opens_frames_and_nothing_else(server: Gate, user: str) -> None:
    owner = Store(server.owner, Place.parse(URI))
    for key in KEYS:
        owner.write(key, b"content")
    server.allow(user, LOOKING)
    client = server.client(user)
    assert (
        client.list_objects_v2(Bucket=BUCKET, Prefix="team/line/frames", MaxKeys=1)["KeyCount"] == 1
    )  # as Label Studio
    wanted = [{"Bucket": BUCKET, "Key": f"team/line/{key}"} for key in KEYS]
    links = [client.generate_presigned_url("get_object", each) for each in wanted]
    assert [httpx.get(link).status_code for link in links] == [200, 403]
    theirs = server.store(user)
    for attempt in (lambda: list(theirs.list()), lambda: theirs.write("frames/x", b""), lambda: theirs.delete(KEYS[0])):
        with pytest.raises(StoreError, match="access is denied"):
            attempt()


def test_frames_in_a_bucket_of_their_own_need_no_more_than_looking(server: Gate, user: str) -> None:
    server.owner.create_bucket(Bucket="pictures")
    server.owner.put_object(Bucket="pictures", Key="belt/1.jpg", Body=b"picture")
    server.allow(user, NIGHT, policy("frames", "s3://pictures/belt"))
    source = BucketSource(server.store(user, also=("s3://pictures/belt",)), "s3://pictures/belt")
    assert [source.read(each.name) for each in source.list()] == [b"picture"]
    refused = BucketSource(server.store(user, also=("s3://pictures/",)), "s3://pictures/")
    with pytest.raises(StoreError, match="s3:ListBucket"):
        list(refused.list())
