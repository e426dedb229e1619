"""A server that was named may not send us, or what we carry, to another: real redirecting servers, every client."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from nightshift.domain.errors import ConfigError, NightshiftError, ReviewError, StoreError, TrackingError
from nightshift.services.label_studio.api import Api
from nightshift.services.store.client import open_client
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from nightshift.services.tracking import Tracking
from nightshift.services.tracking.runs import _check_place
from tests.contract.redirects import Visits, server
from tests.contract.rounds_in_mlflow import hasty

pytestmark = pytest.mark.slow  # MLflow alone takes seconds to import
TOKEN = "0123456789abcdef"  # noqa: S105 - of this test
MOVED = (301, 302, 303, 307, 308)


@pytest.fixture
def elsewhere() -> Iterator[Visits]:
    """Where nobody may come."""
    with server(200) as there:
        yield there


@pytest.mark.parametrize("status", MOVED)
@pytest.mark.parametrize("method", ["get", "post"])
def test_label_studio_cannot_send_us_to_another_server(elsewhere: Visits, status: int, method: str) -> None:
    with server(status, elsewhere.url + "{path}") as here:
        api = Api(here.url, TOKEN)
        with pytest.raises(ReviewError, match=r"another server.* set LABEL_STUDIO_URL") as caught:
            api.get("api/version") if method == "get" else api.post("api/projects/", {"title": "secret"})
    assert elsewhere.asked == []
    assert len(here.asked) == 1
    assert TOKEN in here.asked[0][2]
    assert TOKEN not in str(caught.value)


def test_label_studio_may_send_us_on_within_itself() -> None:
    with server(301, "{path}x") as here, pytest.raises(NightshiftError):
        Api(here.url, TOKEN).get("a")  # in circles, until httpx has enough
    assert len(here.asked) > 2


def test_a_metadata_service_is_no_label_studio() -> None:
    with pytest.raises(ConfigError, match="credentials"):
        Api("http://[::ffff:169.254.169.254]/", TOKEN)


def test_a_connection_that_nobody_uses_is_closed() -> None:
    before = threading.active_count()
    api = Api("http://127.0.0.1:9", TOKEN)
    client = api.sdk._client_wrapper.httpx_client.httpx_client
    del api
    assert client.is_closed
    assert threading.active_count() == before


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.mark.usefixtures("keys")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # botocore leaves a socket behind at 303
@pytest.mark.parametrize("status", MOVED)
@pytest.mark.parametrize("region", [None, "evil.example/"])
def test_s3_cannot_send_us_to_another_server(elsewhere: Visits, status: int, region: str | None) -> None:
    headers = {"x_amz_bucket_region": region} if region else {}
    body = b"<Error><Code>PermanentRedirect</Code><Endpoint>" + elsewhere.url[7:].encode() + b"</Endpoint></Error>"
    with server(status, elsewhere.url + "{path}", body, **headers) as here:
        store = Store(open_client(here.url, attempts=1), Place("night", "p"))
        with pytest.raises(StoreError):
            store.read("a")
        with pytest.raises(StoreError):
            store.write("a", b"secret")
        store.client.close()
    gc.collect()
    assert elsewhere.asked == []
    assert here.asked


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "endpoint", ["http://169.254.169.254", "http://2852039166/", "http://[fe80::1]:9000", "http://0xa9fea9fe"]
)
def test_s3_is_no_metadata_service(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="AWS_ENDPOINT_URL_S3"):
        open_client(endpoint)
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(variable, endpoint)
        with pytest.raises(ConfigError, match="AWS_ENDPOINT_URL_S3"):
            open_client()
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("status", MOVED)
def test_mlflow_cannot_send_us_to_another_server(
    elsewhere: Visits, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    monkeypatch.setenv("MLFLOW_ALLOW_HTTP_REDIRECTS", "true")  # even if the user's shell says so
    with server(status, elsewhere.url + "{path}") as here, pytest.raises(NightshiftError) as caught:
        Tracking.connect(here.url, patience=hasty())
    assert elsewhere.asked == []
    assert here.asked
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("root", ["file:///srv", "/srv/x", "", "hdfs://x", "ftp://u@h/x"])
def test_an_mlflow_server_cannot_make_us_write_into_our_own_folders(root: str) -> None:
    with pytest.raises(TrackingError, match="--serve-artifacts"):
        _check_place(MlflowClient("http://127.0.0.1:9"), _run(root))


def test_an_mlflow_server_may_serve_artifacts_or_name_a_bucket(tmp_path: Path) -> None:
    for root in ("mlflow-artifacts:/1/2", "s3://b/x", "http://127.0.0.1/x"):
        _check_place(MlflowClient("http://127.0.0.1:9"), _run(root))
    _check_place(MlflowClient(f"sqlite:///{tmp_path}/m.db"), _run("file:///tmp"))


def _run(root: str) -> object:
    class Info:
        artifact_uri = root

    class Run:
        info = Info()

    return Run()
