"""The S3 server of the stack: MiniStack behind a door that lets in only S3 requests that name our access key.

MiniStack answers well-known keys ("test", any account number) without looking at the signature, and its own pages
under `/_` answer anybody: one of them (`/_ministack/reset`) deletes everything, and a web page open in a browser on
this machine could post to it. Behind the door, links presigned with SigV4 are verified against our secret; requests
signed in headers are not (it treats our key as the root account's). That will do on loopback; use a real S3 elsewhere.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ministack.app import app as ministack
from ministack.core.router import extract_access_key_id

HEALTH = "/_ministack/health"
Message = MutableMapping[str, Any]


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """An ASGI application; hypercorn serves it."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    elif scope["type"] == "http" and not _may_enter(scope):
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    else:
        await ministack(scope, receive, send)


def _may_enter(scope: Message) -> bool:
    if scope["path"].startswith("/_"):  # no bucket's name can begin with an underscore
        return bool(scope["path"] == HEALTH)
    return scope["method"] == "OPTIONS" or named_key(scope) == os.environ["AWS_ACCESS_KEY_ID"]


def named_key(scope: Message) -> str:
    """The access key that a request signs with, read as MiniStack reads it; empty when it does not sign."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("utf-8", errors="replace"), keep_blank_values=True)
    return str(extract_access_key_id(headers, query))
