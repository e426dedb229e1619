"""A real MLflow server of a test's own, on loopback, with a database and served artifacts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server_process import free_ports, serving

START = 300  # seconds: its first start migrates the database, and the machine may be busy


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Its address."""
    (port,) = free_ports()
    command = (
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--serve-artifacts", "--artifacts-destination", str(folder / "artifacts"),
    )  # fmt: skip
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    address = f"http://127.0.0.1:{port}"
    with serving(command, folder / "mlflow.log", f"{address}/health", quiet, START):
        yield address
