"""Real frames in a real bucket, a project of its own, and a proxy that loses answers."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from threading import Event
from typing import Any

import boto3
import numpy as np
from PIL import Image as Pictures

from infra.local import Endpoints
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.review import BLIND, Purpose, Question
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.setup import BucketAccess
from nightshift.simulation.line.scene import Scene, render_clip
from tests.faults.proxy import Answer, Fault, Proxy, Request, Watcher

AGES = 300  # seconds; no test takes so long
CLASSES = Ontology(
    tuple(
        ObjectClass(name, (name,), color)
        for name, color in (
            ("gear", "#e6194b"),
            ("bolt", "#3cb44b"),
            ("washer", "#4363d8"),
            ("bearing", "#f58231"),
        )
    )
)


@cache
def clip(seed: int) -> list[Scene]:
    return render_clip(seed, "day", 5)


@dataclass(frozen=True)
class Rig:
    """A project with its storage.

    Args:
        stack: the servers.
        desk: connected to Label Studio.
        project: its id.
        prefix: where its frames lie in the bucket.
    """

    stack: Endpoints
    desk: ReviewDesk
    project: int
    prefix: str

    def frames(self, count: int) -> list[tuple[Frame, Detections]]:
        """Frames with their truth, uploaded; no two are the same."""
        client = s3_client(self.stack)
        scenes = [each for seed in range(-(-count // 5)) for each in clip(seed)][:count]
        return [self._upload(client, number, scene) for number, scene in enumerate(scenes)]

    def _upload(self, client: Any, number: int, scene: Scene) -> tuple[Frame, Detections]:
        content = BytesIO()
        Pictures.fromarray(scene.image).save(content, "png")
        name = f"clip-{number // 5}/{number % 5:03d}.png"
        key = f"{self.prefix}/{name}"
        client.put_object(Bucket=self.stack.bucket, Key=key, Body=content.getvalue(), ContentType="image/png")
        height, width = scene.image.shape[:2]
        identity, uri = frame_id(content.getvalue()), f"s3://{self.stack.bucket}/{key}"
        return Frame(identity, uri, width, height, f"clip-{number // 5}", Split.POOL, name, 0), scene.truth


@contextmanager
def rig(stack: Endpoints) -> Iterator[Rig]:
    """A project that nobody else uses, removed afterwards."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    desk = ReviewDesk.connect(stack.label_studio, stack.label_studio_token)
    project = desk.ensure_project(name, CLASSES)
    try:
        # A prefix without any object is refused.
        s3_client(stack).put_object(Bucket=stack.bucket, Key=f"{name}/first", Body=b"")
        desk.ensure_storage(project, access(stack, f"{name}/"))
        yield Rig(stack, desk, project, name)
    finally:
        desk.api.delete(f"api/projects/{project}/")


def access(stack: Endpoints, prefix: str) -> BucketAccess:
    return BucketAccess(stack.bucket, prefix, stack.s3, "us-east-1", stack.access_key, stack.secret_key, 60)


def s3_client(stack: Endpoints) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=stack.s3,
        aws_access_key_id=stack.access_key,
        aws_secret_access_key=stack.secret_key,
        region_name="us-east-1",
    )


def questions(
    frames: Sequence[tuple[Frame, Detections]],
    *,
    number: int = 1,
    model: str = "owlv2-line@1a2b",
    purpose: Callable[[int], Purpose] = lambda position: Purpose.REVIEW,  # noqa: ARG005
) -> list[Question]:
    """A question for each frame, asked in this order; the truth is what the model proposes."""
    return [
        Question(
            frame, number, purpose(position), position, 2.0 - position / 100, 11.0, 0.055,
            "Teacher and student disagree about 2 boxes",
            None if purpose(position) in BLIND else proposal(truth), model,
        )
        for position, (frame, truth) in enumerate(frames)
    ]  # fmt: skip


def proposal(truth: Detections) -> Detections:
    return Detections.of(truth.boxes, truth.classes, np.linspace(0.9, 0.4, len(truth)))


@contextmanager
def proxy(target: str, watcher: Watcher) -> Iterator[str]:
    """Label Studio's address behind a proxy."""
    with Proxy("label-studio", target, watcher).running() as running:
        yield running.url


@dataclass
class LosesImports(Watcher):
    """Meddles with the first imports.

    Args:
        times: how many imports are meddled with.
        status: what the client is told after the import was committed; None passes the true answer on.
        until: before this, the import does not reach the server.
    """

    times: int
    status: int | None = None
    until: Event | None = None
    imports: int = 0

    def before(self, request: Request) -> Fault | None:
        if request.method != "POST" or not request.path.endswith("/import"):
            return None
        self.imports += 1
        if self.imports > self.times:
            return None
        if self.until:
            self.until.wait(AGES)
        return Fault("import", answer=Answer(self.status, content=b"Bad Gateway") if self.status else None)
