"""The embedded stack: real servers, on loopback, that start, repair and stop as promised."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mlflow import MlflowClient

from infra.local import Endpoints, Stack, processes
from infra.local.endpoints import LISTENING, is_free
from infra.local.environment import environment_file, read_environment
from nightshift.domain.errors import StackError
from nightshift.services.buckets import client_from

pytestmark = pytest.mark.live
SERVERS = {*LISTENING, "worker"}


def family(stack: Stack) -> list[psutil.Process]:
    return processes.marked(f"{stack.folder}:")


def signer(stack: Endpoints) -> boto3.client:
    """As Label Studio signs its links: version 4."""
    return boto3.client(
        "s3",
        endpoint_url=stack.s3,
        aws_access_key_id=stack.access_key,
        aws_secret_access_key=stack.secret_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


def test_label_studio_knows_the_generated_user_and_token(stack: Endpoints) -> None:
    answer = httpx.get(
        f"{stack.label_studio}/api/current-user/whoami",
        headers={"Authorization": f"Token {stack.label_studio_token}"},
    )
    assert answer.json()["email"] == stack.label_studio_user


def test_nobody_signs_up_at_label_studio_without_an_invitation(stack: Endpoints) -> None:
    with httpx.Client(base_url=stack.label_studio) as browser:
        browser.get("/user/signup/")
        form = {"email": "new@example.com", "password": "long-enough-1", "csrfmiddlewaretoken": ""}
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert browser.post("/user/signup/", data=form).status_code == 403


def test_mlflow_keeps_runs_and_serves_artifacts(stack: Endpoints, tmp_path: Path) -> None:
    client = MlflowClient(stack.mlflow)
    run = client.create_run(client.create_experiment(f"stack-{time.time_ns()}")).info.run_id
    (tmp_path / "note.txt").write_text("kept")
    client.log_artifact(run, str(tmp_path / "note.txt"))
    client.set_terminated(run)
    assert Path(client.download_artifacts(run, "note.txt", str(tmp_path))).read_text() == "kept"


def test_prefect_has_the_work_pool_and_a_worker_that_polls_it(stack: Endpoints) -> None:
    workers = httpx.post(f"{stack.prefect_api}/work_pools/nightshift/workers/filter", json={}).json()
    assert [each["status"] for each in workers if each["name"] == "local"] == ["ONLINE"]


def test_the_bucket_is_there_and_label_studios_pages_may_read_it(stack: Endpoints) -> None:
    client = signer(stack)
    client.put_object(Bucket=stack.bucket, Key="stack/a b/ü.png", Body=b"picture")
    link = client.generate_presigned_url("get_object", {"Bucket": stack.bucket, "Key": "stack/a b/ü.png"})
    answer = httpx.get(link, headers={"Origin": stack.label_studio})
    assert answer.content == b"picture"
    assert answer.headers["access-control-allow-origin"] == stack.label_studio
    assert "access-control-allow-origin" not in httpx.get(link, headers={"Origin": "http://elsewhere"}).headers


def test_a_link_that_was_tampered_with_opens_nothing(stack: Endpoints) -> None:
    client = signer(stack)
    client.put_object(Bucket=stack.bucket, Key="stack/mine", Body=b"mine")
    client.put_object(Bucket=stack.bucket, Key="stack/other", Body=b"other")
    link = client.generate_presigned_url("get_object", {"Bucket": stack.bucket, "Key": "stack/mine"})
    assert httpx.get(link).content == b"mine"
    assert httpx.get(link.replace("stack/mine", "stack/other")).status_code == 403


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"])
def test_the_emulators_well_known_keys_open_nothing(stack: Endpoints, key: str) -> None:
    client = client_from({**stack.environment(), "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "test"})
    with pytest.raises(ClientError, match="403"):
        client.list_objects_v2(Bucket=stack.bucket)


def test_a_page_in_a_browser_cannot_empty_the_store(stack: Endpoints) -> None:
    assert httpx.post(f"{stack.s3}/_ministack/reset").status_code == 403


def test_every_server_listens_on_loopback_only(local_stack: Stack, stack: Endpoints) -> None:
    """Every socket of every process of the stack that takes connections or packets, in both families."""
    open_ = {each for process in family(local_stack) for each in _listening(process)}
    assert {ip for ip, _ in open_} == {"127.0.0.1"}
    assert {port for _, port in open_} >= {_port(url) for url in (stack.s3, stack.label_studio, stack.mlflow)}


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def _listening(process: psutil.Process) -> list[tuple[str, int]]:
    try:
        found = process.net_connections(kind="inet")
    except psutil.NoSuchProcess:  # a short-lived helper of a server ended while we looked
        return []
    waiting = [each for each in found if each.status == psutil.CONN_LISTEN or each.type == socket.SOCK_DGRAM]
    return [(each.laddr.ip, each.laddr.port) for each in waiting if each.laddr]


def test_what_is_secret_is_readable_by_its_owner_only(local_stack: Stack) -> None:
    assert local_stack.folder.stat().st_mode & 0o777 == 0o700
    for name in ("secrets.json", "env", "state.json"):
        assert (local_stack.folder / name).stat().st_mode & 0o777 == 0o600, name


def test_what_servers_write_is_readable_by_its_owner_only(spare: Stack) -> None:
    """Label Studio's database holds the keys of the bucket, and logs may tell more than anybody thought."""
    spare.up()
    databases = [*spare.folder.glob("*/**/*.db"), *spare.folder.glob("prefect/**/*.db*")]
    logs = list((spare.folder / "logs").iterdir())
    assert databases
    assert logs
    for path in logs + [each for each in databases if "prefect" in each.parts]:  # the others were copied here
        assert path.stat().st_mode & 0o077 == 0, path


def test_no_secret_is_on_a_command_line(local_stack: Stack) -> None:
    """Every user of a machine may read the command lines of all processes."""
    kept = json.loads((local_stack.folder / "secrets.json").read_text())
    secret = {value for name, value in kept.items() if name != "label_studio_user"}
    lines = [" ".join(each.cmdline()) for each in family(local_stack) if each.is_running()]
    assert lines
    assert not [line for line in lines for value in secret if value in line]


def test_a_page_from_elsewhere_may_not_drive_prefect(stack: Endpoints) -> None:
    """A browser asks before it sends JSON across origins; whoever may make a deployment may run code."""
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for origin, allowed in (("http://elsewhere.example", None), (stack.prefect, stack.prefect)):
        answer = httpx.options(f"{stack.prefect_api}/deployments/", headers={"Origin": origin, **ask})
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_the_environment_file_says_what_the_endpoints_say(local_stack: Stack, stack: Endpoints) -> None:
    assert read_environment(local_stack.folder) == stack.environment()


def test_starting_what_runs_changes_nothing(local_stack: Stack, stack: Endpoints) -> None:
    before = local_stack.running()
    assert set(before) == SERVERS
    assert local_stack.up() == stack
    assert Stack(local_stack.folder).running() == before


def test_a_server_that_dies_is_reported_with_its_last_words_and_nothing_stays(tmp_path: Path) -> None:
    broken = tmp_path / "label-studio"
    broken.write_text("#!/bin/sh\necho 'no such table: tasks'\nexit 3\n")
    broken.chmod(0o755)
    stack = Stack(tmp_path / "stack", broken)
    with pytest.raises(StackError, match=r"(?s)exit code 3.*label-studio\.log.*no such table: tasks"):
        stack.up()
    assert family(stack) == []


@pytest.fixture(scope="module")
def spare(local_stack: Stack, label_studio_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own to be maltreated, with Label Studio's and MLflow's prepared databases (saves 30 s)."""
    folder = tmp_path_factory.mktemp("spare")
    shutil.copy(local_stack.folder / "secrets.json", folder)
    for name in ("label-studio", "mlflow"):
        shutil.copytree(local_stack.folder / name, folder / name)
    stack = Stack(folder, label_studio_bin)
    stack.up()
    yield stack
    stack.down()


def test_servers_that_crashed_are_started_again_where_they_were_with_their_data(spare: Stack) -> None:
    where, before = spare.up(), spare.running()
    signer(where).put_object(Bucket=where.bucket, Key="kept", Body=b"over kill -9")
    for name in ("s3", "mlflow"):  # MLflow leaves a child behind that still holds its port
        psutil.Process(before[name]).send_signal(signal.SIGKILL)
    while set(spare.running()) & {"s3", "mlflow"}:
        pass
    assert spare.up() == where
    after = spare.running()
    assert {name for name in after if after[name] != before[name]} == {"s3", "mlflow"}
    assert signer(where).get_object(Bucket=where.bucket, Key="kept")["Body"].read() == b"over kill -9"
    assert httpx.get(f"{where.mlflow}/health").status_code == 200


FLOW = """
import pathlib, subprocess, sys, time
from prefect import flow

@flow
def endless(told: str) -> None:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])  # as a student's training would
    pathlib.Path(told).touch()
    time.sleep(600)
"""
DEPLOYMENT = """
pull: [{prefect.deployments.steps.set_working_directory: {directory: %s}}]
deployments: [{name: now, entrypoint: "long.py:endless", work_pool: {name: nightshift}}]
"""


def start_endless_flow(stack: Endpoints, folder: Path) -> None:
    """Have the worker run a flow that does not end by itself, and wait until it runs."""
    (folder / "long.py").write_text(FLOW)
    (folder / "prefect.yaml").write_text(DEPLOYMENT % folder)
    deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    environment = {**os.environ, **stack.environment(), "PREFECT_HOME": str(folder / "home"), "DO_NOT_TRACK": "1"}
    subprocess.run(deploy, cwd=folder, env=environment, check=True, capture_output=True)
    api = f"{stack.prefect_api}/deployments"
    deployment = httpx.get(f"{api}/name/endless/now").raise_for_status().json()["id"]
    asked = {"parameters": {"told": str(folder / "told")}, "state": {"type": "SCHEDULED"}}
    httpx.post(f"{api}/{deployment}/create_flow_run", json=asked).raise_for_status()
    while not (folder / "told").exists():
        time.sleep(0.2)


def test_stopping_leaves_no_process_no_port_and_no_environment_behind(spare: Stack, tmp_path: Path) -> None:
    """Not even a flow run that the worker started, nor what that run started."""
    where = spare.up()
    before = len(family(spare))
    start_endless_flow(where, tmp_path)
    assert len(family(spare)) >= before + 2
    ports = [int(url.rsplit(":", 1)[1]) for url in (where.s3, where.label_studio, where.mlflow, where.prefect)]
    spare.down()
    assert family(spare) == []
    assert all(is_free(port) for port in ports)
    assert not environment_file(spare.folder).exists()
    spare.down()  # once more is harmless


def test_prefects_pages_ask_the_server_that_serves_them(stack: Endpoints) -> None:
    settings = httpx.get(f"{stack.prefect}/ui-settings").raise_for_status().json()
    assert settings["api_url"] == stack.prefect_api
