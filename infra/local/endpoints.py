"""Where the servers of a stack listen, and who may enter: ports and secrets, kept between starts."""

import json
import random
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.environment import write_private

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"
LISTENING = ("s3", "label-studio", "mlflow", "prefect")
PORTS = range(20_000, 32_000)  # below the range from which systems take ports of outgoing connections


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses and credentials of one stack.

    Args:
        s3: URL of the S3 server.
        label_studio: URL of Label Studio.
        mlflow: URL of the MLflow tracking server and its pages.
        prefect: URL of Prefect's pages; its API is `prefect_api`.
        bucket: the bucket that was made.
        access_key: AWS access key id.
        secret_key: AWS secret access key.
        label_studio_user: login, an e-mail address.
        label_studio_password: login.
        label_studio_token: API token (legacy kind: sent as `Authorization: Token …`).
    """

    s3: str
    label_studio: str
    mlflow: str
    prefect: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    label_studio_user: str
    label_studio_password: str = field(repr=False)
    label_studio_token: str = field(repr=False)

    @property
    def prefect_api(self) -> str:
        """URL of Prefect's API."""
        return f"{self.prefect}/api"

    def environment(self) -> dict[str, str]:
        """The variables with which every client finds this stack."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_S3": self.s3,
            "MLFLOW_TRACKING_URI": self.mlflow,
            "LABEL_STUDIO_URL": self.label_studio,
            "LABEL_STUDIO_API_KEY": self.label_studio_token,
            "PREFECT_API_URL": self.prefect_api,
        }


def endpoints(ports: Mapping[str, int], secret: Mapping[str, str], bucket: str) -> Endpoints:
    """Put ports and secrets together."""
    at = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
    return Endpoints(
        s3=at["s3"],
        label_studio=at["label-studio"],
        mlflow=at["mlflow"],
        prefect=at["prefect"],
        bucket=bucket,
        **secret,
    )


def keep_secrets(path: Path) -> dict[str, str]:
    """The stack's secrets, generated on first use and kept in a file only its owner may read."""
    if not path.is_file():
        write_private(path, json.dumps(_generate(), indent=2))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _generate() -> dict[str, str]:
    # MiniStack takes its root credentials from its own environment, so they need not be the well-known "test".
    return {
        "access_key": f"NIGHTSHIFT{secrets.token_hex(8).upper()}",
        "secret_key": secrets.token_hex(20),
        "label_studio_user": "reviewer@nightshift.local",
        "label_studio_password": secrets.token_urlsafe(12),
        "label_studio_token": secrets.token_hex(20),
    }


def choose_ports(kept: Mapping[str, int], busy: frozenset[str] = frozenset()) -> dict[str, int]:
    """A port for each server: the one it had if it is still free (or it is running), else a new one.

    Args:
        kept: ports of the last start, by server.
        busy: servers that run now and hold their port.
    """
    chosen = {name: port for name, port in kept.items() if name in busy or is_free(port)}
    candidates = iter(random.SystemRandom().sample(PORTS, len(PORTS)))
    for name in LISTENING:
        if name not in chosen:
            chosen[name] = next(p for p in candidates if p not in chosen.values() and is_free(p))
    return chosen


def is_free(port: int) -> bool:
    """Whether nothing on this machine listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is free
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
