"""Listens for Label Studio with hypercorn. Knows addresses; the door itself is `app`."""

import asyncio
import signal
from collections.abc import Callable

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from infra.webhook.app import PATIENCE, make_app
from infra.webhook.bell import REST, SETTLE, Bell
from infra.webhook.gate import Allowance, Secret

STRANGERS = (20, 20.0)  # answers without the secret: at once, a minute
KNOWN = (120, 240.0)  # hints that are read: at once, a minute


def serve(
    secret: Secret, look: Callable[[], bool], host: str, port: int, settle: float = SETTLE, rest: float = REST
) -> None:
    """Listen until SIGINT or SIGTERM.

    Args:
        secret: that requests must carry.
        look: follows a hint, see `Bell`.
        host: address of the interface to listen on.
        port: to listen on.
        settle: see `Bell`.
        rest: see `Bell`.
    """
    asyncio.run(_serve(secret, look, _config(host, port), settle, rest))


async def _serve(secret: Secret, look: Callable[[], bool], config: Config, settle: float, rest: float) -> None:
    bell, ended = Bell(look, settle, rest), asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, ended.set)
    app = make_app(secret, bell.ring, bell.watch, Allowance(*STRANGERS), Allowance(*KNOWN))
    await hypercorn_serve(app, config, shutdown_trigger=ended.wait)  # type: ignore[arg-type] # its own, narrower types


def _config(host: str, port: int) -> Config:
    config = Config()
    config.bind = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    config.accesslog = None  # requests carry the secret
    config.errorlog = "-"
    config.include_server_header = False
    config.read_timeout = round(PATIENCE)
    config.h11_max_incomplete_size = 16 * 1024
    return config
