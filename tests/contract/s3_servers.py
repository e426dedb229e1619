"""S3 servers on loopback for tests: moto and MiniStack here, radosgw in tests/live."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

READY_SECONDS = 60


def free_port() -> int:
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def ministack_server(folder: Path) -> Iterator[str]:
    """MiniStack under hypercorn, because its own command listens to the whole network."""
    port = free_port()
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"]
    with (folder / "ministack.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env=os.environ | {"MINISTACK_HOST": "127.0.0.1"},
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/_ministack/health", server, folder / "ministack.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the address answers anything at all."""
    for _ in range(READY_SECONDS * 10):
        if server.poll() is not None:
            break
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - loopback
                return
        except URLError as error:
            if getattr(error, "code", None):
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} never came up:\n{log.read_text(errors='replace')[-2000:]}")
