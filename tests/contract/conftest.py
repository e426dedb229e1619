from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from tests.contract.s3_servers import client_for, ministack_server, moto_server
from tests.live.radosgw import radosgw_server

BUCKET = "night"
_numbers = count()


@pytest.fixture(scope="session")
def moto_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The quickest server, for behaviour that does not depend on which one it is."""
    with moto_server(tmp_path_factory.mktemp("moto")) as endpoint:
        yield from _with_bucket(client_for(endpoint))


@pytest.fixture(scope="session")
def ministack_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The server of the embedded stack."""
    with ministack_server(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield from _with_bucket(client_for(endpoint))


@pytest.fixture(scope="session")
def radosgw_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Ceph's server, as in production."""
    with radosgw_server(tmp_path_factory.mktemp("radosgw")) as (endpoint, key, secret):
        yield from _with_bucket(client_for(endpoint, key, secret))


def _with_bucket(client: Any) -> Iterator[Any]:
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


@pytest.fixture(
    scope="session",
    params=[
        "moto",
        pytest.param("ministack", marks=pytest.mark.slow),
        pytest.param("radosgw", marks=pytest.mark.live),
    ],
)
def s3_client(request: pytest.FixtureRequest) -> object:
    """A client of each S3 server in turn, with one bucket; each is started once."""
    return request.getfixturevalue(f"{request.param}_client")


@pytest.fixture
def store(s3_client: object) -> Store:
    """A store of its own under every server."""
    return Store(s3_client, Place(BUCKET, f"project {next(_numbers)}"))


@pytest.fixture
def quick_store(moto_client: object) -> Store:
    """A store of its own under moto."""
    return Store(moto_client, Place(BUCKET, f"project {next(_numbers)}"))
