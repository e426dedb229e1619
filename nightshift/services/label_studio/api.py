"""The connection to a Label Studio server: the SDK's client, raw JSON where the SDK would reshape it, our errors.

What may be done twice (reads, changes that say what shall be, deletions) is repeated here until the patience ends.
What may not is made with a look first: a request that was committed although its answer was lost is found, not sent
again. The SDK's own retries are off: they made three tasks of one when a proxy answered 502 after the commit.
Knows HTTP; knows nothing of questions or answers.
"""

import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError
from pydantic import ValidationError

from nightshift.domain.errors import ReviewError
from nightshift.services.addresses import check_server, no_login, origin
from nightshift.services.patience import BRIEF, Patience, Stumble, retry_after

TIMEOUT = 60.0  # seconds
SETTLE = 1.0  # seconds before we look whether something was made: the server may still be committing it
MAYBE_DONE = (408, 429, 500, 502, 503, 504)  # a write answered like this may have been committed all the same
EXPLAIN = 300  # characters of the server's own words

HOW_TO_SIGN_IN = (
    "Set LABEL_STUDIO_API_KEY to a token from Account & Settings: a Personal Access Token, or a Legacy Token if "
    "Organization > API Token Settings allows them (LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN=true on the server)."
)


class Unsure(ReviewError):  # noqa: N818 - reads as what is known
    """The server did not say that it did it; it may have.

    Args:
        subject: what was asked.
        reason: how it was answered.
        remedy: what to do.
        after: seconds that the server asked us to wait.
    """

    def __init__(self, subject: str, reason: str, remedy: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(subject, reason, remedy)


class Taken(ReviewError):  # noqa: N818
    """It is there already."""


class Gone(ReviewError):  # noqa: N818
    """It is not there."""


class Api:
    """One server and one token.

    Args:
        url: of the server, with its scheme.
        token: a personal access token or a legacy token.
        timeout: seconds for one request.
        patience: with this server; brief when left out.

    Raises:
        ReviewError: the token has expired, or is no token.
        ConfigError: the address is no place for a server.
    """

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT, patience: Patience | None = None) -> None:
        self.url = no_login("LABEL_STUDIO_URL", check_server("LABEL_STUDIO_URL", url)).rstrip("/")
        self._patience = patience or Patience(named(url), BRIEF)
        # Asked for every redirect as well.
        hooks: dict[str, list[Callable[..., Any]]] = {"request": [partial(_stay, self.url)]}
        client = httpx.Client(timeout=timeout, follow_redirects=True, event_hooks=hooks)
        weakref.finalize(self, client.close)  # nobody has to remember to
        with translated(named(url)):
            # The SDK's subclass has an unannotated __init__.
            self.sdk = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=self.url, api_key=token, timeout=timeout, max_retries=0, httpx_client=client
            )

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Parsed JSON, as it came over the wire; repeated when the server stumbles.

        Raises:
            Unsure: it stumbled to the end of our patience.
            ReviewError: refused.
            ServiceDown: it has done so several times in a row.
        """
        return self._patience.call(lambda: self._send("GET", path, params=params), _stumble)

    def post(self, path: str, body: object, params: Mapping[str, Any] | None = None) -> Any:
        """Parsed JSON; sent once.

        Raises:
            Unsure: no word, or a word that does not exclude that it was done.
            ReviewError: refused.
            ServiceDown: it has not answered several times in a row.
        """
        return self._patience.call(
            lambda: self._send("POST", path, json=body, params=params), _stumble, repeatable=False
        )

    def make(
        self,
        path: str,
        body: Callable[[], object],
        look: Callable[[], Any],
        whole: Callable[[Any], bool] = lambda _: True,
    ) -> Any:
        """Make something by POST exactly once, whatever happens to requests and answers.

        Args:
            path: where.
            body: what to send; asked before each attempt, because `look` may have found a part of it.
            look: finds what shall be made; None while it is not there, or not all of it. Where the server itself
                refuses to make it twice, it may always say None.
            whole: whether an answer says that all of it was made.

        Returns:
            The server's answer, or what `look` found when an answer was lost; None where the server says that it
            made it before, in one of our attempts.

        Raises:
            Taken: it was there before our first attempt.
            ReviewError: refused, or not answered to the end of our patience.
            ServiceDown: not answered several times in a row.
        """
        making = _Making(lambda: self._made(path, body(), whole), look)
        return self._patience.call(making.attempt, making.judge)

    def patch(self, path: str, body: object) -> Any:
        """Parsed JSON; the same change twice is one change, so it is repeated when the answer is lost."""
        return self._patience.call(lambda: self._send("PATCH", path, json=body), _stumble)

    def delete(self, path: str) -> None:
        """Repeated until it is gone; what is gone already was deleted by an attempt whose answer was lost."""
        self._patience.call(lambda: self._delete(path), _stumble)

    def _delete(self, path: str) -> None:
        try:
            self._send("DELETE", path)
        except Gone:
            return

    def _made(self, path: str, body: object, whole: Callable[[Any], bool]) -> Any:
        answer = self._send("POST", path, json=body)
        if not whole(answer):
            raise Unsure(f"Label Studio, {path}", "it did not say that it took all of it", "Run it again.")
        return answer

    def _send(self, method: str, path: str, **options: Any) -> Any:
        # The SDK's typed methods coerce or refuse what people may have written; its HTTP client underneath
        # returns it as it is, and refreshes personal access tokens.
        http = self.sdk._client_wrapper.httpx_client  # noqa: SLF001
        with translated(f"Label Studio, {path}"):
            answer = http.request(path, method=method, request_options={"max_retries": 0}, **options)
            if not answer.is_success:
                raise ApiError(status_code=answer.status_code, headers=dict(answer.headers), body=answer.text)
            if method == "DELETE" or answer.status_code == HTTPStatus.NO_CONTENT:
                return None
            return json.loads(answer.content)


@dataclass(slots=True)
class _Making:
    """Something that shall be made exactly once, attempt after attempt.

    Args:
        send: asks the server to make it.
        look: finds it, if it is there.
        doubts: answers that do not tell whether it was made.
    """

    send: Callable[[], Any]
    look: Callable[[], Any]
    doubts: list[Unsure] = field(default_factory=list)

    def attempt(self) -> Any:
        """Look first, unless no attempt can have made it yet."""
        if self.doubts and (found := self.look()) is not None:
            return found
        try:
            return self.send()
        except Unsure as doubt:
            self.doubts.append(doubt)
            raise
        except Taken:
            if not self.doubts:
                raise
            return self.look()

    def judge(self, error: BaseException) -> Stumble | None:
        """A doubt is worth another attempt; an error of `look` has had its own."""
        ours = next((each for each in self.doubts if each is error), None)
        return Stumble(max(SETTLE, ours.after or 0.0)) if ours else None


def named(url: str) -> str:
    """What the server is called in errors."""
    return f"Label Studio at {url.rstrip('/')}"


def _stay(server: str, request: httpx.Request) -> None:
    """Follow redirects on this server only: neither the token nor the questions go anywhere else."""
    if origin(str(request.url)) != origin(server):
        there = "{}://{}:{}".format(*origin(str(request.url)))
        remedy = f"If that is Label Studio's own address, set LABEL_STUDIO_URL to {there}."
        raise ReviewError(named(server), f"it sends us on to {there}, another server", remedy)


def _stumble(error: BaseException) -> Stumble | None:
    return Stumble(error.after) if isinstance(error, Unsure) else None


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Errors of the SDK and of HTTP as ReviewError."""
    try:
        yield
    except ApiError as error:
        raise _refused(subject, error) from error
    except httpx.ConnectError as error:
        raise Unsure(subject, "it does not answer", "Start it, or correct LABEL_STUDIO_URL.") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ReviewError(subject, f"its address is none ({error})", "Correct LABEL_STUDIO_URL.") from error
    except httpx.HTTPError as error:
        reason = f"the connection broke ({type(error).__name__})"
        raise Unsure(subject, reason, "Run it again: nothing is done twice.") from error
    except (json.JSONDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise Unsure(subject, "it answered no JSON", "Check that LABEL_STUDIO_URL is Label Studio.") from error


def _words(body: object) -> str:
    """What the server says of it: the detail of an API error, nothing of an HTML page."""
    text = " ".join(str(body).split())
    return "no reason given" if text.startswith("<") or not text else text[:EXPLAIN]


def _refused(subject: str, error: ApiError) -> ReviewError:
    status = error.status_code or 0
    words = _words(error.body)
    if status == HTTPStatus.UNAUTHORIZED:
        return ReviewError(subject, f"the token is not accepted ({words})", HOW_TO_SIGN_IN)
    if status == HTTPStatus.FORBIDDEN:
        return ReviewError(subject, "this token may not do that", "Use a token of an owner or administrator.")
    if status == HTTPStatus.CONFLICT:
        return Taken(subject, f"it is there already ({words})", "Nothing needs to be done.")
    if status == HTTPStatus.NOT_FOUND:
        remedy = "See whether somebody deleted it, and whether LABEL_STUDIO_URL is Label Studio; then run it again."
        return Gone(subject, f"it answered 404: {words}", remedy)
    if status in MAYBE_DONE:
        after, remedy = retry_after(error.headers or {}), "Run it again, or read the server's log."
        return Unsure(subject, f"it answered {status}: {words}", remedy, after)
    return ReviewError(subject, f"it answered {status}: {words}", "Correct what it names and run it again.")
