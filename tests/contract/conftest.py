from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from tests.contract.s3_servers import client_for, ministack_server, moto_server
from tests.live.radosgw import radosgw_server

BUCKET = "night"
_numbers = count()


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of the one moto server of this process: all of them share their objects, and end together."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(
    scope="session",
    params=[
        "moto",
        pytest.param("ministack", marks=pytest.mark.slow),
        pytest.param("radosgw", marks=pytest.mark.live),
    ],
)
def s3_client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A client of each S3 server in turn, with one bucket."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        if request.param == "moto":
            client = client_for(request.getfixturevalue("moto"))
        elif request.param == "ministack":
            client = client_for(stack.enter_context(ministack_server(folder)))
        else:
            client = client_for(*stack.enter_context(radosgw_server(folder)))
        client.create_bucket(Bucket=BUCKET)
        yield client
        client.close()


@pytest.fixture(scope="session")
def moto_client(moto: str) -> Iterator[object]:
    """The quickest server, for behaviour that does not depend on which one it is."""
    client = client_for(moto)
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


@pytest.fixture
def store(s3_client: object) -> Store:
    """A store of its own under every server."""
    return Store(s3_client, Place(BUCKET, f"project {next(_numbers)}"))


@pytest.fixture
def quick_store(moto_client: object) -> Store:
    """A store of its own under moto."""
    return Store(moto_client, Place(BUCKET, f"project {next(_numbers)}"))
