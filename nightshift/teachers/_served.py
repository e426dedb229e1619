"""One server, asked: requests and their repeats, answers and their checks.

An answer is read up to a limit, validated, and only then believed. Labelling twice changes nothing, so a request may be
repeated: after a refused connection, a time-out, or a status that says "later". Which model answered is part of every
answer: another one than at the beginning ends the work, for its labels would carry the wrong name.

Knows nothing of what the server does, and not where a name leads: whoever opens the teacher has that checked.
"""

import base64
import io
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import numpy as np
import torch
from PIL import Image as Picture
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.teachers._found import Found
from nightshift.teachers._prompted import PromptedTeacher, classes_of

TOKEN = "NIGHTSHIFT_TEACHER_TOKEN"  # noqa: S105 - the variable's name
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
STRANGERS = frozenset({401, 403})
MOST_BOXES = 3000  # in one image
MOST_PIXELS = 1 << 24  # of the images of one request; a larger one goes alone
QUOTED = 200  # characters of an answer that is told in an error
FAST = 1  # of PNG's nine levels: the network is rarely the slowest part
REMEDY = "Look at that server and its log, then run the round again: it goes on where it stopped."
Real = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Manners:
    """How patient we are, and how much is read. Times in seconds.

    Args:
        connect: until a connection stands.
        silence: between two parts of an answer.
        whole: of one request, its answer read.
        attempts: of one request.
        first_pause: the longest the first pause may be; the limit doubles each time.
        longest_pause: no pause is longer, whatever the server asks for.
        most_bytes: of an answer.
    """

    connect: float = 10.0
    silence: float = 120.0
    whole: float = 600.0
    attempts: int = 5
    first_pause: float = 1.0
    longest_pause: float = 60.0
    most_bytes: int = 1 << 24


class Seen(BaseModel):
    """What the server found in one image."""

    model_config = ConfigDict(strict=True)
    boxes: list[tuple[Real, Real, Real, Real]] = Field(max_length=MOST_BOXES)
    prompts: list[Annotated[int, Field(ge=0)]] = Field(max_length=MOST_BOXES)
    scores: list[Annotated[float, Field(ge=0, le=1)]] = Field(max_length=MOST_BOXES)


class Reply(BaseModel):
    """What the server answers."""

    model_config = ConfigDict(strict=True)
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}$")
    images: list[Seen]


class _Later(Exception):  # noqa: N818 - reads as what happened
    """Worth another attempt; `after` is what the server asked us to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Server:
    """A server that finds boxes for prompts.

    Args:
        url: where requests are posted.
        prompts: what to look for.
        threshold: lowest score that is wanted; the server may leave out what is below.
        manners: how patient we are.
        sleep: waits.
    """

    def __init__(
        self,
        url: str,
        prompts: Sequence[str],
        threshold: float,
        manners: Manners | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url, self._manners, self._sleep = url, manners or Manners(), sleep
        self._said = {"prompts": list(prompts), "threshold": threshold}
        self._rng = random.Random()  # noqa: S311 - pauses are no secret
        self._certificates = httpx.create_ssl_context()  # read once: it takes longer than a connection
        self.version = self.ask([]).version

    def ask(self, images: Sequence[Image]) -> Reply:
        """What the server finds, checked.

        Raises:
            ModelError: it cannot be reached, refuses, or does not answer as agreed.
        """
        body = self._said | {"images": [_packed(each) for each in images]}
        reply = self._checked(self._patiently(body), len(images))
        if reply.version != getattr(self, "version", reply.version):
            reason = f"its model changed from '{self.version}' to '{reply.version}' meanwhile"
            raise ModelError(self._subject, reason, "Run the round again: it takes the new model from the beginning.")
        return reply

    @property
    def _subject(self) -> str:
        return f"teacher at {self._url}"

    def _patiently(self, body: dict[str, Any]) -> bytes:
        attempts = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._manners.attempts),
            wait=self._pause,
            retry=retry_if_exception_type(_Later),
            reraise=True,
        )
        try:
            return attempts(self._once, body)
        except _Later as error:
            reason = f"{error}, {self._manners.attempts} times in a row"
            raise ModelError(self._subject, reason, REMEDY) from error

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _Later) else 0.0
        limit = self._manners.first_pause * 2.0 ** (state.attempt_number - 1)
        return min(self._manners.longest_pause, asked + self._rng.uniform(0, limit))

    def _once(self, body: dict[str, Any]) -> bytes:
        try:
            with self._connection() as client, client.stream("POST", self._url, json=body) as answer:
                content = b"".join(self._parts(answer))
        except httpx.TimeoutException as error:
            raise _Later("it did not answer in time") from error
        except httpx.TransportError as error:
            raise _Later(f"it cannot be reached ({error or type(error).__name__})") from error
        if answer.status_code in LATER:
            raise _Later(f"it answered {answer.status_code}", _asked(answer))
        if answer.status_code != httpx.codes.OK:
            raise self._refused(answer.status_code, content)
        return content

    def _connection(self) -> httpx.Client:
        """For one request: between two of them lies the work of a batch, and nothing is left open at the end."""
        limits = httpx.Timeout(self._manners.silence, connect=self._manners.connect)
        return httpx.Client(timeout=limits, headers=_headers(), verify=self._certificates)

    def _parts(self, answer: httpx.Response) -> Iterator[bytes]:
        """The answer as it came: what is packed could unfold to any size."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._wrong("it is packed, though nobody asked for that")
        until, total = time.monotonic() + self._manners.whole, 0
        for part in answer.iter_raw():
            total += len(part)
            if total > self._manners.most_bytes:
                raise self._wrong(f"it has more than {self._manners.most_bytes} bytes")
            if time.monotonic() > until:
                raise _Later("it did not answer in time")
            yield part

    def _refused(self, status: int, content: bytes) -> ModelError:
        remedy = f"Set {TOKEN} to a token that it accepts." if status in STRANGERS else REMEDY
        said = " ".join(content[:QUOTED].decode("utf-8", "replace").split())
        return ModelError(self._subject, f"it answered {status} ({said or 'without a word'})", remedy)

    def _checked(self, content: bytes, images: int) -> Reply:
        try:
            reply = Reply.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(each) for each in first["loc"]) or "the whole of it"
            raise self._wrong(f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}") from error
        if len(reply.images) != images:
            raise self._wrong(f"it speaks of {len(reply.images)} images, but {images} were sent")
        for index, seen in enumerate(reply.images):
            self._check_seen(index, seen)
        return reply

    def _check_seen(self, index: int, seen: Seen) -> None:
        lengths = {len(seen.boxes), len(seen.prompts), len(seen.scores)}
        if len(lengths) > 1:
            raise self._wrong(f"images.{index}: boxes, prompts and scores differ in number")
        known = len(self._said["prompts"])  # type: ignore[arg-type]
        if seen.prompts and max(seen.prompts) >= known:
            raise self._wrong(f"images.{index}: prompt {max(seen.prompts)} of {known}, counted from 0")

    def _wrong(self, reason: str) -> ModelError:
        return ModelError(self._subject, f"its answer is not as agreed; {reason}", "docs/http-teacher.md says how.")


@dataclass(frozen=True, slots=True)
class AskServer:
    """Images in, what the server saw out."""

    server: Server
    apart: bool = False

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        return [_found(seen) for some in _groups(images) for seen in self.server.ask(some).images]


def open_served(
    spec: TeacherSpec,
    ontology: Ontology,
    manners: Manners | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> PromptedTeacher:
    """The teacher at `spec.url`; raises as `open_teacher` of the family."""
    if not spec.url:
        raise ConfigError("teacher.url", "it is missing", "Say where the model is served.")
    server = Server(spec.url, [prompt for prompt, _ in ontology.prompts], spec.threshold, manners, sleep)
    return PromptedTeacher(
        version=f"http/{server.version}",
        ask=AskServer(server),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=torch.device("cpu"),
    )


def _headers() -> dict[str, str]:
    token = os.environ.get(TOKEN)
    return {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})


def _asked(answer: httpx.Response) -> float:
    """Seconds that a server asks us to wait, where it gives a number."""
    said = answer.headers.get("retry-after", "").strip()
    return float(said[:9]) if said.isascii() and said.isdigit() else 0.0


def _packed(image: Image) -> dict[str, Any]:
    """As PNG: the pixels that arrive are those that were sent."""
    content = io.BytesIO()
    Picture.fromarray(image).save(content, "PNG", compress_level=FAST)
    height, width = image.shape[:2]
    return {"width": width, "height": height, "png": base64.b64encode(content.getvalue()).decode("ascii")}


def _groups(images: Sequence[Image]) -> Iterator[list[Image]]:
    """In their order, so many that a request stays within bounds."""
    group: list[Image] = []
    for image in images:
        if group and sum(each.shape[0] * each.shape[1] for each in [*group, image]) > MOST_PIXELS:
            yield group
            group = []
        group.append(image)
    if group:
        yield group


def _found(seen: Seen) -> Found:
    boxes = np.array(seen.boxes, np.float32).reshape(-1, 4)
    return Found(boxes, np.array(seen.prompts, np.int64), np.array(seen.scores, np.float32))
