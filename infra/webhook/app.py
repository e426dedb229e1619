"""The door: one path, one method, one content type, a small body, the secret. Answers carry a status and nothing else.

Knows whom to tell (`ring`); knows nothing of questions or rounds.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from infra.webhook.gate import HEADER, Allowance, Secret
from nightshift.services.label_studio.webhooks import ACTIONS

PATH = "/label-studio"
LARGEST = 16 * 1024  # bytes of a body; without payload Label Studio sends some thirty
PATIENCE = 10.0  # seconds for a body to arrive


def make_app(
    secret: Secret,
    ring: Callable[[], None],
    watch: Callable[[], Coroutine[Any, Any, None]],
    strangers: Allowance,
    known: Allowance,
    patience: float = PATIENCE,
) -> FastAPI:
    """The application.

    Args:
        secret: that a request must carry.
        ring: told of each hint; must return at once.
        watch: runs as long as the application does.
        strangers: how many requests without the secret get an answer of their own.
        known: how many requests with the secret are read.
        patience: seconds for a body to arrive.
    """
    app = FastAPI(lifespan=_beside(watch), docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    app.exception_handler(HTTPException)(_silently)

    @app.post(PATH)
    async def hint(request: Request) -> Response:
        if not secret.matches(request.headers.getlist(HEADER)):
            return _only(HTTPStatus.UNAUTHORIZED if strangers.take() else HTTPStatus.TOO_MANY_REQUESTS)
        return _only(await _told(request, ring, known, patience))

    return app


def _beside(watch: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """An application's life, with something that runs as long."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return life


async def _told(request: Request, ring: Callable[[], None], known: Allowance, patience: float) -> HTTPStatus:
    """Hear out somebody who knows the secret."""
    if not known.take():
        ring()  # it may be the last answer of the queue: unread, but not unheard
        return HTTPStatus.TOO_MANY_REQUESTS
    status = await _read(request, patience)
    if status is HTTPStatus.ACCEPTED:
        ring()
    return status


async def _read(request: Request, patience: float) -> HTTPStatus:
    """What to answer to a request of Label Studio's; accepted is one that says that somebody answered."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    try:
        async with asyncio.timeout(patience):
            body = await _body(request)
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    except ClientDisconnect:
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if body is None else _understood(body)


def _understood(body: bytes) -> HTTPStatus:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return HTTPStatus.BAD_REQUEST
    if not isinstance(said, dict) or not isinstance(said.get("action"), str):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.ACCEPTED if said["action"] in ACTIONS else HTTPStatus.NO_CONTENT


async def _body(request: Request) -> bytes | None:
    """The body; None as soon as it is too large, whatever its headers say."""
    if int(request.headers.get("content-length") or 0) > LARGEST:
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return body


async def _silently(_: Request, error: Exception) -> Response:
    return _only(HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST)


def _only(status: HTTPStatus) -> Response:
    return Response(status_code=status)
