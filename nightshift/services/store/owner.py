"""Who holds a lease, as a text that tells on the same machine whether the process still lives.

Knows processes of this machine only: of any other machine's it never says that they are gone.
"""

import os
import socket
from hashlib import blake2b
from pathlib import Path

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


def this_process() -> str:
    """host:pid:started:place; place is the boot and the process namespace in which the pid means something."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid)}:{_place()}"


def is_gone(owner: str) -> bool:
    """Whether the process certainly lives no more. False for another machine, another boot, another container."""
    _, _, told = owner.partition(":")
    pid, _, rest = told.partition(":")
    started, _, place = rest.partition(":")
    return pid.isdigit() and place == _place() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a living process began, in whole seconds; empty for one that is dead or only waits to be collected."""
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return str(int(process.create_time())) if alive else ""
    except psutil.NoSuchProcess:
        return ""


def _place() -> str:
    boot = BOOT.read_text(encoding="ascii").strip() if BOOT.exists() else ""
    namespace = str(PID_NAMESPACE.readlink()) if PID_NAMESPACE.exists() else ""
    return blake2b(f"{socket.gethostname()} {boot} {namespace}".encode(), digest_size=4).hexdigest()
