"""Start the next round early when people have finished the queue; listens for Label Studio's webhook."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infra.webhook.gate import Secret
    from nightshift.project import Project

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def command(
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
    host: Annotated[str, typer.Option(help="The interface to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8350,
    deployment: Annotated[str, typer.Option(help="Prefect's flow/deployment to run.")] = "nightly/nightly",
    *,
    register: Annotated[bool, typer.Option("--register", help="Tell Label Studio where to send, and end.")] = False,
    url: Annotated[str, typer.Option(help="Where Label Studio reaches this; with --register.")] = "",
) -> None:
    """Needs NIGHTSHIFT_WEBHOOK_SECRET (16 characters or more), which Label Studio sends along.

    Register once with --register, then keep this running where Label Studio reaches it. See docs/webhook.md.
    """
    from infra.webhook.gate import Secret  # noqa: PLC0415 - heavy: imported when the command runs
    from nightshift.project import Project  # noqa: PLC0415

    secret, project = Secret.from_environment(), Project.load(config)
    if register:
        _register(project, url, (host, port), secret)
    else:
        _listen(project, config, secret, (host, port), deployment)


def _register(project: Project, url: str, where: tuple[str, int], secret: Secret) -> None:
    from infra.webhook.app import PATH  # noqa: PLC0415
    from infra.webhook.gate import HEADER  # noqa: PLC0415
    from nightshift.domain.errors import ReviewError  # noqa: PLC0415
    from nightshift.services.addresses import check_server  # noqa: PLC0415
    from nightshift.services.label_studio.setup import find_project  # noqa: PLC0415
    from nightshift.services.label_studio.webhooks import ensure_webhook  # noqa: PLC0415

    title = project.config.review.project or project.config.project
    there = check_server("--url", url or f"http://{where[0]}:{where[1]}{PATH}")
    found = find_project(project.desk.api, title)
    if found is None:
        raise ReviewError(f"Label Studio project '{title}'", "it is not there yet", "Run the first round, then this.")
    number = ensure_webhook(project.desk.api, int(found["id"]), there, HEADER, secret.value)
    typer.echo(f"Webhook {number} of '{title}' sends to {there}.")


def _listen(project: Project, config: Path, secret: Secret, where: tuple[str, int], deployment: str) -> None:
    from infra.webhook.app import PATH  # noqa: PLC0415
    from infra.webhook.early import EarlyRound, Starter  # noqa: PLC0415
    from infra.webhook.serve import serve  # noqa: PLC0415

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("infra.webhook").setLevel(logging.INFO)
    typer.echo(f"Listening on http://{where[0]}:{where[1]}{PATH}")
    if where[0] not in LOOPBACK:
        typer.echo("The secret travels as it is: put a proxy with HTTPS before this address.", err=True)
    serve(secret, EarlyRound(project, Starter(config, deployment)).look, *where)
