"""What the embedded stack decides without starting a server: ports, secrets, variables, processes, its door."""

import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local import processes
from infra.local.endpoints import LISTENING, LOOPBACK, choose_ports, endpoints, keep_secrets
from infra.local.environment import load_environment, read_environment, use_environment, write_environment
from infra.local.label_studio import find_label_studio
from infra.local.servers import servers
from nightshift.domain.errors import StackError

OFFERED = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:2",
    "LABEL_STUDIO_URL": "http://127.0.0.1:3",
    "LABEL_STUDIO_API_KEY": "token",
    "PREFECT_API_URL": "http://127.0.0.1:4/api",
}


def test_ports_are_kept_from_start_to_start() -> None:
    first = choose_ports({})
    assert set(first) == set(LISTENING)
    assert len(set(first.values())) == len(LISTENING)
    assert choose_ports(first) == first


def test_a_port_that_somebody_took_is_replaced_and_the_others_stay() -> None:
    first = choose_ports({})
    with socket.socket() as other:
        other.bind((LOOPBACK, first["s3"]))
        other.listen()
        second = choose_ports(first)
        assert choose_ports(first, busy=frozenset({"s3"})) == first  # it is our own server that holds it
    assert second["s3"] != first["s3"]
    assert {**second, "s3": 0} == {**first, "s3": 0}


def test_secrets_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    first = keep_secrets(tmp_path / "secrets.json")
    assert keep_secrets(tmp_path / "secrets.json") == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert keep_secrets(tmp_path / "other.json").items().isdisjoint(set(first.items()) - {_user(first)})


def _user(secrets: dict[str, str]) -> tuple[str, str]:
    return "label_studio_user", secrets["label_studio_user"]


def test_the_addresses_show_no_secret_when_printed(tmp_path: Path) -> None:
    secrets = keep_secrets(tmp_path / "secrets.json")
    shown = repr(endpoints(dict.fromkeys(LISTENING, 1), secrets, "b"))
    hidden = ("secret_key", "label_studio_password", "label_studio_token")
    assert not any(secrets[name] in shown for name in hidden)


def test_the_variables_are_exactly_those_that_clients_read(tmp_path: Path) -> None:
    secrets = keep_secrets(tmp_path / "secrets.json")
    assert set(endpoints(dict.fromkeys(LISTENING, 1), secrets, "b").environment()) == set(OFFERED)


@given(
    st.dictionaries(st.sampled_from(sorted(OFFERED)), st.text(st.characters(codec="utf-8", exclude_characters="\0\r")))
)
def test_whatever_is_written_to_the_environment_file_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("env")
    path = write_environment(folder, variables)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_environment(folder) == variables


def test_what_the_user_left_unset_comes_from_the_stack(tmp_path: Path) -> None:
    write_environment(tmp_path, OFFERED)
    environ: dict[str, str] = {"HOME": "/home/me"}
    load_environment(tmp_path, environ)
    assert environ == {**OFFERED, "HOME": "/home/me"}


@pytest.mark.parametrize("own", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_ROLE_ARN"])
def test_keys_of_a_real_account_are_never_sent_to_the_local_store_nor_the_reverse(tmp_path: Path, own: str) -> None:
    write_environment(tmp_path, OFFERED)
    environ = {own: "mine"}
    load_environment(tmp_path, environ)
    assert {name: value for name, value in environ.items() if name.startswith("AWS_")} == {own: "mine"}
    assert environ["MLFLOW_TRACKING_URI"] == OFFERED["MLFLOW_TRACKING_URI"]


def test_a_process_that_uses_a_stack_forgets_the_session_of_another_account() -> None:
    environ = {"AWS_SESSION_TOKEN": "mine", "AWS_PROFILE": "mine", "AWS_ACCESS_KEY_ID": "mine", "HOME": "/home/me"}
    use_environment(OFFERED, environ)
    assert environ == {**OFFERED, "HOME": "/home/me"}


def test_without_a_stack_nothing_is_set(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    load_environment(tmp_path, environ)
    assert environ == {}


def test_servers_do_not_see_the_settings_of_the_users_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Label Studio reads plain HOST and DEBUG; PREFECT_* and MLFLOW_* would name other databases."""
    for name in ("HOST", "DEBUG", "PREFECT_API_DATABASE_CONNECTION_URL", "MLFLOW_BACKEND_STORE_URI", "DJANGO_DB"):
        monkeypatch.setenv(name, "somebody else's")
    where = endpoints(dict.fromkeys(LISTENING, 1), keep_secrets(tmp_path / "s.json"), "b")
    for server in servers(tmp_path, where, Path("label-studio")):
        if server.name != "worker":  # flows run in it: it sees what the user's own commands see
            assert "somebody else's" not in server.environment.values(), server.name


def test_label_studio_is_looked_for_where_it_was_said_and_its_absence_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_LABEL_STUDIO_BIN", str(tmp_path / "label-studio"))
    with pytest.raises(StackError, match="make install"):
        find_label_studio()
    (tmp_path / "label-studio").touch(mode=0o755)
    assert find_label_studio() == tmp_path / "label-studio"


PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); "
                          "print('deaf', flush=True); time.sleep(600)"], stdout=subprocess.PIPE)
child.stdout.readline()
print("ready", flush=True)
time.sleep(600)
"""


def test_stopping_ends_children_too_even_orphans_that_ignore_the_polite_signal(tmp_path: Path) -> None:
    mark, log = f"{tmp_path}:parent", tmp_path / "log"
    parent = processes.start([sys.executable, "-c", PARENT], dict(os.environ), tmp_path, log, mark)
    known = processes.identity(parent.pid)
    _until(lambda: "ready" in processes.tail(log))
    assert processes.is_alive(known)
    family = processes.marked(mark)
    assert len(family) == 2
    parent.kill()
    parent.wait()
    assert not processes.is_alive(known)
    assert len(processes.marked(mark)) == 1
    assert processes.stop(mark, patience=0.5) == []
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in _existing(family))


def test_only_the_marked_are_stopped(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    mine = processes.start(sleep, dict(os.environ), tmp_path, tmp_path / "log", f"{tmp_path}/a:s3")
    other = processes.start(sleep, dict(os.environ), tmp_path, tmp_path / "log", f"{tmp_path}/ab:s3")
    try:
        assert processes.stop(f"{tmp_path}/a:") == []
        assert mine.poll() is not None
        assert other.poll() is None
    finally:
        processes.stop(f"{tmp_path}/ab:")
        other.wait()


def test_a_process_number_that_was_given_to_another_process_is_not_mistaken_for_it() -> None:
    assert processes.is_alive(processes.identity(os.getpid()))
    assert not processes.is_alive((os.getpid(), 0.0))
    assert json.loads(json.dumps(processes.identity(os.getpid()))) == list(processes.identity(os.getpid()) or ())


def _until(happened: Callable[[], bool]) -> None:
    while not happened():
        pass


def _existing(family: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.status()
            found.append(each)
    return found
