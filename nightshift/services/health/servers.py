"""Checks of Label Studio, MLflow and Prefect: there, of a version we know, and really doing their work."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from nightshift.domain.errors import NightshiftError, ReviewError, TrackingError
from nightshift.services.addresses import check_server
from nightshift.services.health.findings import Finding, check
from nightshift.services.label_studio.api import Api

TIMEOUT = 10.0  # seconds
NO_RUNS = "Read the server's log: repeated `bulk_dml` errors mean SQLAlchemy 2.1; install `sqlalchemy<2.1`."
START = "Start it, or correct {variable}; `nightshift up` starts one on this machine."


def label_studio_findings(url: str | None, token: str | None) -> Iterator[Finding]:
    """Whether Label Studio answers, and whether the token opens it.

    Args:
        url: LABEL_STUDIO_URL.
        token: LABEL_STUDIO_API_KEY.
    """
    if not url or not token:
        yield _unset("Label Studio", "LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY")
        return
    yield (there := check("Label Studio", lambda: _label_studio_version(url)))
    if there.verdict != "failed":
        yield check("Label Studio: token", lambda: f"{token_kind(token)} of {_whoami(url, token)}")


def token_kind(token: str) -> str:
    """Which of its two kinds a Label Studio token is: three parts with dots make a JSON web token."""
    return "personal access token" if token.count(".") == 2 else "legacy token"  # noqa: PLR2004


def _label_studio_version(url: str) -> str:
    check_server("LABEL_STUDIO_URL", url)
    try:
        found = httpx.get(f"{url.rstrip('/')}/api/version", timeout=TIMEOUT).raise_for_status().json()
        return f"version {found['release']} at {url}"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise ReviewError(url, _why(error), START.format(variable="LABEL_STUDIO_URL")) from None


def _whoami(url: str, token: str) -> str:
    return str(Api(url, token, timeout=TIMEOUT).get("api/current-user/whoami")["email"])


def mlflow_findings(uri: str | None) -> Iterator[Finding]:
    """Whether MLflow answers, and whether its database does.

    Args:
        uri: MLFLOW_TRACKING_URI.
    """
    if not uri:
        yield _unset("MLflow", "MLFLOW_TRACKING_URI")
    elif not uri.startswith(("http://", "https://")):
        yield Finding("MLflow", "warning", f"{uri} is no server", "Fine for one machine; teams share a server.")
    else:
        yield check("MLflow", lambda: _mlflow(uri.rstrip("/")))


def _mlflow(uri: str) -> str:
    check_server("MLFLOW_TRACKING_URI", uri)
    try:
        with httpx.Client(timeout=TIMEOUT, auth=_login()) as client:
            version = client.get(f"{uri}/version").raise_for_status().text
            asked = {"max_results": 1}
            client.post(f"{uri}/api/2.0/mlflow/experiments/search", json=asked).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TrackingError(f"MLflow at {uri}", _why(error), START.format(variable="MLFLOW_TRACKING_URI")) from None
    return f"version {version} at {uri}, its database answers"


def _login() -> tuple[str, str] | None:
    """As MLflow's own client signs in; a login in the address wins."""
    user, password = (os.environ.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    return (user, password) if user and password else None


def prefect_findings(api: str | None, pool: str) -> Iterator[Finding]:
    """Whether Prefect answers, schedules what has a schedule, and has somebody to run it.

    Args:
        api: PREFECT_API_URL.
        pool: the work pool of the deployments.
    """
    if not api:
        yield _unset("Prefect", "PREFECT_API_URL")
        return
    api = api.rstrip("/")
    yield (there := check("Prefect", lambda: f"version {_prefect('GET', f'{api}/admin/version')} at {api}"))
    if there.verdict != "failed":
        yield check("Prefect: scheduler", lambda: _scheduler(api))
        yield check("Prefect: worker", lambda: _worker(api, pool))


def _scheduler(api: str) -> Finding:
    subject = "Prefect: scheduler"
    deployments = _prefect("POST", f"{api}/deployments/filter", {"limit": 200})
    scheduled = [each["id"] for each in deployments if not each["paused"] and _has_schedule(each)]
    if not scheduled:
        return Finding(subject, "warning", "nothing has a schedule yet", "Run `prefect deploy --all`.")
    of_these = {"deployments": {"id": {"any_": scheduled}}}
    planned = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    count = _prefect("POST", f"{api}/flow_runs/count", {**of_these, **planned})
    if not count:
        return Finding(subject, "failed", f"{len(scheduled)} schedules, but no run is planned", NO_RUNS)
    return Finding(subject, "ok", f"{count} runs planned for {len(scheduled)} schedules")


def _has_schedule(deployment: Mapping[str, Any]) -> bool:
    return any(each["active"] for each in deployment["schedules"])


def _worker(api: str, pool: str) -> Finding:
    subject, remedy = "Prefect: worker", f"Run `prefect worker start --pool {pool}` where rounds shall run."
    pools = _prefect("POST", f"{api}/work_pools/filter", {"work_pools": {"name": {"any_": [pool]}}})
    if not pools:
        return Finding(subject, "warning", f"there is no work pool '{pool}'", remedy)
    workers = _prefect("POST", f"{api}/work_pools/{pool}/workers/filter", {})
    online = [each["name"] for each in workers if each["status"] == "ONLINE"]
    if not online:
        return Finding(subject, "warning", f"nobody polls the work pool '{pool}'", remedy)
    return Finding(subject, "ok", f"'{', '.join(online)}' polls the work pool '{pool}'")


def _prefect(method: str, url: str, body: object = None) -> Any:
    check_server("PREFECT_API_URL", url)
    try:
        return httpx.request(method, url, json=body, timeout=TIMEOUT).raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NightshiftError(url, _why(error), START.format(variable="PREFECT_API_URL")) from None


def _unset(subject: str, variables: str) -> Finding:
    return Finding(subject, "failed", f"{variables} not set", f"Run `nightshift up`, or set {variables}.")


def _why(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    if isinstance(error, httpx.TransportError):
        return f"it does not answer ({type(error).__name__})"
    return "it answers, but not as it should"
