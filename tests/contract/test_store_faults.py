"""What the store does when the network, the server or the configuration misbehaves."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socket import socket

import pytest
from botocore.exceptions import ClientError

from nightshift.domain.errors import Conflict, NotFound, StoreError, StoreUnfit
from nightshift.services.store.client import ATTEMPTS, open_client
from nightshift.services.store.faults import BY_CODE, from_answer
from nightshift.services.store.places import Place
from nightshift.services.store.probe import probe_conditional_writes
from nightshift.services.store.s3 import Store
from tests.contract.faulty_proxy import Faults, faulty_proxy
from tests.contract.s3_servers import client_for
from tests.live.radosgw import KEY

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`


@pytest.fixture
def faulty(moto_client: object, request: pytest.FixtureRequest) -> Iterator[tuple[Store, Faults]]:
    endpoint: str = moto_client.meta.endpoint_url  # type: ignore[attr-defined]
    with faulty_proxy(endpoint) as (address, faults), closing(client_for(address)) as client:
        yield Store(client, Place("night", request.node.name)), faults


def test_a_body_that_breaks_off_is_asked_for_again(faulty: tuple[Store, Faults], tmp_path: Path) -> None:
    store, faults = faulty
    store.write("x", bytes(100_000))
    faults.cut_bodies = 2
    assert store.read("x") == bytes(100_000)
    faults.cut_bodies = 2
    store.download("x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == bytes(100_000)


def test_a_body_that_always_breaks_off_is_an_error_and_leaves_no_file(
    faulty: tuple[Store, Faults], tmp_path: Path
) -> None:
    store, faults = faulty
    store.write("x", bytes(100_000))
    faults.cut_bodies = 10**6
    attempts: tuple[Callable[[], object], ...] = (lambda: store.read("x"), lambda: store.download("x", tmp_path / "x"))
    for attempt in attempts:
        with pytest.raises(StoreError):
            attempt()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def busy(
    moto_client: object, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store, Faults]]:
    """The store's own client, through the proxy."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    endpoint: str = moto_client.meta.endpoint_url  # type: ignore[attr-defined]
    with faulty_proxy(endpoint) as (address, faults), closing(open_client(address)) as client:
        yield Store(client, Place("night", request.node.name)), faults


@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_a_busy_server_is_asked_again_whatever_was_asked(busy: tuple[Store, Faults], times: int) -> None:
    store, faults = busy
    faults.busy = times
    assert store.create("k", b"ours")
    for ask in (
        lambda: store.read("k"),
        lambda: store.exists("k"),
        lambda: list(store.list()),
        lambda: store.digest("k"),
    ):
        faults.busy = times
        assert ask()
    assert faults.busy == 0


def test_a_server_that_stays_busy_is_left_alone_in_the_end(busy: tuple[Store, Faults]) -> None:
    store, faults = busy
    faults.busy = 10**6
    with pytest.raises(StoreError, match="429"):
        store.create("k", b"ours")
    assert len(faults.requests) == ATTEMPTS


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_creation_whose_answer_was_lost_is_known_to_be_ours(faulty: tuple[Store, Faults], lost: int) -> None:
    store, faults = faulty
    faults.lost_answers = lost
    assert store.create("k", b"ours")
    assert not store.create("k", b"theirs")
    assert store.read("k") == b"ours"


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_swap_whose_answer_was_lost_is_known_to_be_ours(faulty: tuple[Store, Faults], lost: int) -> None:
    store, faults = faulty
    etag = store.write("k", b"before")
    faults.lost_answers = lost
    assert store.swap("k", b"after", etag) == store.read_with_etag("k")[1]
    with pytest.raises(Conflict):
        store.swap("k", b"late", etag)


def test_a_server_that_compares_bare_etags_is_understood(faulty: tuple[Store, Faults]) -> None:
    store, faults = faulty
    faults.bare_etags = True
    probe_conditional_writes(store)
    etag = store.write("k", b"1")
    for number in range(3):
        etag = store.swap("k", f"{number}".encode(), etag)
    with pytest.raises(Conflict):
        store.swap("k", b"x", "0" * 32)


def test_a_server_that_ignores_conditions_is_refused_with_the_way_out(faulty: tuple[Store, Faults]) -> None:
    store, faults = faulty
    faults.unconditional = True
    with pytest.raises(StoreUnfit, match=r"8 of 8 writers won.*Use AWS S3"):
        probe_conditional_writes(store)
    assert list(store.list()) == []


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No credentials, no region, no configuration files."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def test_the_environment_makes_the_client(environment: pytest.MonkeyPatch, moto_client: object) -> None:
    endpoint: str = moto_client.meta.endpoint_url  # type: ignore[attr-defined]
    environment.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    environment.setenv("AWS_ACCESS_KEY_ID", "test")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
    environment.setenv("AWS_REGION", "eu-central-1")
    store = Store.connect("s3://night/from environment")
    store.write("k", b"x")
    assert store.read("k") == b"x"
    assert store.client.meta.region_name == "eu-central-1"
    store.client.close()


def test_without_credentials_the_remedy_names_the_variables(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    with pytest.raises(StoreError, match=r"no credentials.*AWS_ACCESS_KEY_ID"):
        Store.connect("s3://b/p").write("k", b"x")


def test_a_server_that_is_not_there_is_said_with_its_variable(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", "k")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        environment.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{taken.getsockname()[1]}")
        client = open_client(attempts=1)
        for attempt in (lambda s: s.read("k"), lambda s: s.create("k", b"x"), lambda s: s.check()):
            with pytest.raises(StoreError, match=r"cannot be reached.*AWS_ENDPOINT_URL_S3"):
                attempt(Store(client, Place("b", "p")))


def test_an_endpoint_that_is_no_address_is_said(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", "localhost:9000")
    with pytest.raises(StoreError, match="http://host:port"):
        Store.connect("s3://b/p")


def test_a_profile_that_does_not_exist_is_said(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match="AWS_PROFILE"):
        Store.connect("s3://b/p")


def test_a_forbidden_name_of_a_bucket_is_said(moto_client: object) -> None:
    with pytest.raises(StoreError, match="Correct the address"):
        Store(moto_client, Place("no such/bucket?", "p")).read("k")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoSuchKey", 404, NotFound),
        ("404", 404, NotFound),
        ("PreconditionFailed", 412, Conflict),
        ("409", 409, Conflict),
    ]
    + [(code, 400, StoreError) for code in BY_CODE]
    + [("SlowDown", 503, StoreError)],
)
def test_every_answer_has_an_error_with_a_reason_and_a_remedy(code: str, status: int, kind: type[StoreError]) -> None:
    answer = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = from_answer("s3://b/k", ClientError(answer, "GetObject"))
    assert type(error) is kind
    assert error.reason
    assert error.remedy.endswith((".", "open."))


@pytest.mark.live
@pytest.mark.parametrize("s3_client", ["radosgw"], indirect=True)
@pytest.mark.parametrize(
    ("key", "secret", "said"), [("nobody", "x", "access key is not known"), (KEY, "wrong", "secret key is wrong")]
)
def test_a_server_that_looks_at_keys_refuses_wrong_ones_with_a_reason(
    s3_client: object, key: str, secret: str, said: str
) -> None:
    endpoint: str = s3_client.meta.endpoint_url  # type: ignore[attr-defined]
    with closing(client_for(endpoint, key, secret)) as client:
        store = Store(client, Place("night", "p"))
        for attempt in (store.check, lambda: store.read("k"), lambda: store.write("k", b"x")):
            with pytest.raises(StoreError, match=rf"{said}.*AWS_ACCESS_KEY_ID"):
                attempt()
