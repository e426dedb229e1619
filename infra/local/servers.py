"""The five servers: the command that starts each, the variables it gets, and how it says that it is ready.

Knows nothing of processes. All listen on the loopback interface only, keep their data in the stack's folder, and
report to nobody outside.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.endpoints import LOOPBACK, REGION, Endpoints
from infra.local.environment import use_environment
from infra.local.readiness import WORK_POOL, answers, worker_polls

_QUIET = {"DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}
# Servers start from these alone: Label Studio also reads plain names such as HOST, DEBUG and PASSWORD, and a
# PREFECT_* or MLFLOW_* of the user's shell would point a server at somebody else's database.
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Server:
    """One process of the stack.

    Args:
        name: what people and log files call it.
        command: its argument list.
        environment: all of its variables.
        ready: given when its process was born (seconds since 1970), True once that process serves; raises
            OSError, ValueError or KeyError while it does not.
        folder: its working directory.
        after: the server that must be ready before this one starts.
        url: where people find it; empty for a worker.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    ready: Callable[[float], bool]
    folder: Path
    after: str | None = None
    url: str = ""


def servers(folder: Path, where: Endpoints, label_studio: Path) -> tuple[Server, ...]:
    """Every server of the stack.

    Args:
        folder: the stack's folder, absolute.
        where: addresses and credentials.
        label_studio: the `label-studio` program, in its own virtual environment.
    """
    return (
        _s3(folder / "s3", where),
        _label_studio(folder / "label-studio", where, label_studio),
        _mlflow(folder / "mlflow", where),
        _prefect(folder / "prefect", where),
        _worker(folder / "prefect", where),
    )


def _s3(data: Path, where: Endpoints) -> Server:
    environment = {
        "AUTH": "true",  # signatures are checked, and the bucket's own CORS rules answer
        "AWS_ACCESS_KEY_ID": where.access_key,
        "AWS_SECRET_ACCESS_KEY": where.secret_key,
        "DOCKER_HOST": f"unix://{data / 'no-docker'}",  # it would tidy up containers it takes for its own
        "GATEWAY_PORT": _port(where.s3),
        "IOT_MTLS_ENABLED": "0",  # it listens on every interface
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(data / "objects"),
        "S3_PERSIST": "1",
        "SERVICES": "s3",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(data / "state"),
    }
    bind = ("--bind", f"{LOOPBACK}:{_port(where.s3)}")
    command = (sys.executable, "-m", "hypercorn", "infra.local.object_store:app", *bind)
    return Server(
        "s3", command, _python(environment), lambda _: answers(f"{where.s3}/_ministack/health"), data, url=where.s3
    )


def _label_studio(data: Path, where: Endpoints, program: Path) -> Server:
    own = {
        "BASE_DATA_DIR": str(data / "data"),
        "COLLECT_ANALYTICS": "false",
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "ENABLE_LEGACY_API_TOKEN": "true",
        "FRONTEND_SENTRY_DSN": "",
        "HOST": where.label_studio,
        "LATEST_VERSION_CHECK": "false",
        "PASSWORD": where.label_studio_password,
        "SENTRY_DSN": "",
        "SSRF_PROTECTION_ENABLED": "false",  # the S3 server is on loopback, like everything here
        "USERNAME": where.label_studio_user,
        "USER_TOKEN": where.label_studio_token,
        "USE_DEFAULT_BANNED_SUBNETS": "false",
    }
    environment = {f"LABEL_STUDIO_{name}": value for name, value in own.items()}
    command = (
        str(program), "start", "--no-browser",
        "--internal-host", LOOPBACK, "--port", _port(where.label_studio),
    )  # fmt: skip
    # No PYTHONPATH: its Django has a package `tasks` of its own, which ours would shadow.
    return Server(
        "label-studio",
        command,
        {**_inherited(), **_QUIET, **environment},
        lambda _: answers(f"{where.label_studio}/health"),
        data,
        url=where.label_studio,
    )


def _mlflow(data: Path, where: Endpoints) -> Server:
    command = (
        sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", _port(where.mlflow),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{data / 'mlflow.db'}",
        "--serve-artifacts", "--artifacts-destination", str(data / "artifacts"),
    )  # fmt: skip
    environment = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for judging language models: five idle processes
    }
    ready = f"{where.mlflow}/health"
    return Server("mlflow", command, _python(environment), lambda _: answers(ready), data, url=where.mlflow)


def _prefect(data: Path, where: Endpoints) -> Server:
    port = ("--host", LOOPBACK, "--port", _port(where.prefect))
    command = (sys.executable, "-m", "prefect", "server", "start", *port)
    # Slots of a concurrency limit held by runs that were killed come back only if leases outlive the server.
    lease = "prefect.server.concurrency.lease_storage.filesystem"
    environment = {
        **_prefect_home(data),
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": lease,
        # By default pages of any origin may talk to it, and whoever talks to it can have the worker run code.
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": where.prefect,
        "PREFECT_SERVER_UI_API_URL": where.prefect_api,  # else its pages ask port 4200
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    }
    ready = f"{where.prefect_api}/health"
    return Server("prefect", command, _python(environment), lambda _: answers(ready), data, url=where.prefect)


def _worker(data: Path, where: Endpoints) -> Server:
    pool = ("--pool", WORK_POOL, "--type", "process", "--name", "local")
    command = (sys.executable, "-m", "prefect", "worker", "start", *pool)
    environment = {**os.environ, **_prefect_home(data), **_QUIET}  # flows run in it: it sees what their authors set
    use_environment(where.environment(), environment)
    return Server(
        "worker", command, environment, lambda born: worker_polls(where.prefect_api, born), Path.cwd(), after="prefect"
    )


def _prefect_home(data: Path) -> dict[str, str]:
    return {"PREFECT_HOME": str(data), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


def _python(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables for a server of this interpreter; `infra` must be found from any folder."""
    paths = (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(filter(None, paths))
    return {**_inherited(), **_QUIET, "PYTHONPATH": path, **environment}


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _port(url: str) -> str:
    return str(urlsplit(url).port)
