"""Ceph's S3 server on loopback for tests: one monitor, one OSD in memory, one gateway, no manager.

Debian's packages ceph-mon, ceph-osd and radosgw; everything runs as this process's own children in one folder.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.server_process import Server, free_ports, listens, running, wait_until

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "monmaptool")
KEY, SECRET = "nightshift", "nightshift-secret"
READY_SECONDS = 90
# one copy of everything, no authentication inside, no manager to wait for
CONF = """
[global]
fsid = {fsid}
mon_host = v2:127.0.0.1:{monitor}
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
run_dir = {folder}
admin_socket = {folder}/$name.asok
log_file = {folder}/$name.log
keyring = {folder}/keyring
mon_data = {folder}/mon
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_crush_chooseleaf_type = 0
osd_crush_update_on_start = true
rgw_frontends = beast endpoint=127.0.0.1:{gateway}
rgw_data = {folder}/rgw
rgw_enable_usage_log = false
"""


@contextmanager
def radosgw_server(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yields (endpoint, access key, secret); skips where the programs are not installed."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"radosgw: {', '.join(missing)} not installed (Debian: ceph-mon ceph-osd radosgw)")
    monitor, gateway = free_ports(2)
    conf = folder / "ceph.conf"
    fsid = str(uuid4())
    conf.write_text(CONF.format(fsid=fsid, folder=folder, monitor=monitor, gateway=gateway))
    with ExitStack() as stack:
        _start_monitor(stack, folder, conf, fsid, monitor)
        _start_osd(stack, folder, conf)
        (folder / "rgw").mkdir()
        server = _start(stack, folder, ["radosgw", "-n", "client.rgw", "-f", "-c", str(conf)])
        _wait_for_port(gateway, server, folder)
        user = ["user", "create", "--uid=night", "--display-name=night", f"--access-key={KEY}", f"--secret={SECRET}"]
        _run(folder, ["radosgw-admin", "-n", "client.rgw", "-c", str(conf), *user])
        yield f"http://127.0.0.1:{gateway}", KEY, SECRET


def _start_monitor(stack: ExitStack, folder: Path, conf: Path, fsid: str, port: int) -> None:
    monmap = str(folder / "monmap")
    address = f"[v2:127.0.0.1:{port}]"
    _run(folder, ["monmaptool", "--create", "--addv", "a", address, "--fsid", fsid, monmap])
    _run(folder, ["ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap, "-c", str(conf)])
    server = _start(stack, folder, ["ceph-mon", "-i", "a", "-f", "-c", str(conf)])
    _wait_for_port(port, server, folder)


def _start_osd(stack: ExitStack, folder: Path, conf: Path) -> None:
    (folder / "osd").mkdir()
    uuid = str(uuid4())
    _run(folder, ["ceph", "-c", str(conf), "--connect-timeout", "60", "osd", "new", uuid])
    _run(folder, ["ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", uuid, "-c", str(conf)])
    _start(stack, folder, ["ceph-osd", "-i", "0", "-f", "-c", str(conf)])


def _start(stack: ExitStack, folder: Path, command: Sequence[str]) -> Server:
    """All of it is in memory and thrown away: nothing needs to be put in order at the end."""
    return stack.enter_context(running(command, folder / f"{command[0]}.out", _environment(), abruptly=True))


def _run(folder: Path, command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, timeout=READY_SECONDS, check=False, env=_environment())
    if done.returncode:
        raise RuntimeError(f"{command[0]} in {folder}: {done.stderr.decode(errors='replace')[-2000:]}")


def _environment() -> dict[str, str]:
    """Ceph's own scripts need the system's Python, not that of a virtual environment."""
    return {"PATH": os.defpath + ":/usr/local/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def _wait_for_port(port: int, server: Server, folder: Path) -> None:
    wait_until(lambda: listens(port), server, sorted(folder.glob("*.out")), READY_SECONDS)
