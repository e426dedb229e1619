"""S3 servers on loopback for tests, each a process of its own: moto and MiniStack here, radosgw in tests/live."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.server_process import free_ports, serving


def client_for(endpoint: str | None, key: str = "test", secret: str = "test") -> Any:  # noqa: S107 - public test keys
    """A client like the store's own, which tests its own construction elsewhere."""
    config = Config(
        s3={"addressing_style": "path"},
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=config,
    )


@contextmanager
def moto_server(folder: Path) -> Iterator[str]:
    """moto's objects belong to its process, and its mocks in a process forget them all: so it has one of its own."""
    (port,) = free_ports()
    command = [sys.executable, str(Path(__file__).with_name("moto_process.py")), str(port)]
    address = f"http://127.0.0.1:{port}"
    with serving(command, folder / "moto.log", f"{address}/moto-api/data.json"):
        yield address


@contextmanager
def ministack_server(folder: Path) -> Iterator[str]:
    """MiniStack under hypercorn, because its own command listens to the whole network."""
    (port,) = free_ports()
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"]
    address = f"http://127.0.0.1:{port}"
    with serving(command, folder / "ministack.log", f"{address}/_ministack/health", {"MINISTACK_HOST": "127.0.0.1"}):
        yield address
