"""The connection to a Label Studio server: the SDK's client, raw JSON where the SDK would reshape it, our errors.

Writes are never repeated here: the SDK's own retries made three tasks of one when a proxy answered 502 after
the commit. Reads are. Knows HTTP; knows nothing of questions or answers.
"""

import json
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from nightshift.domain.errors import ReviewError

TIMEOUT = 60.0  # seconds
READ_RETRIES = 2  # after 1 and 2 seconds
UNAUTHORIZED, FORBIDDEN, CONFLICT = 401, 403, 409
MAYBE_DONE = (408, 429, 500, 502, 503, 504)  # a write answered like this may have been committed all the same
EXPLAIN = 300  # characters of the server's own words

HOW_TO_SIGN_IN = (
    "Set LABEL_STUDIO_API_KEY to a token from Account & Settings: a Personal Access Token, or a Legacy Token if "
    "Organization > API Token Settings allows them (LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN=true on the server)."
)


class Unsure(ReviewError):  # noqa: N818 - reads as what is known
    """The server did not say that it did it; it may have."""


class Taken(ReviewError):  # noqa: N818
    """It is there already."""


class Api:
    """One server and one token.

    Args:
        url: of the server, with its scheme.
        token: a personal access token or a legacy token.
        timeout: seconds for one request.

    Raises:
        ReviewError: the token has expired, or is no token.
    """

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT) -> None:
        self.url = url.rstrip("/")
        client = httpx.Client(timeout=timeout, follow_redirects=True)
        weakref.finalize(self, client.close)  # nobody has to remember to
        with translated(f"Label Studio at {self.url}"):
            # The SDK's subclass has an unannotated __init__.
            self.sdk = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=self.url, api_key=token, timeout=timeout, max_retries=0, httpx_client=client
            )

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Parsed JSON, as it came over the wire; repeated when the server stumbles."""
        return self._call("GET", path, params=params, request_options={"max_retries": READ_RETRIES})

    def post(self, path: str, body: object, params: Mapping[str, Any] | None = None) -> Any:
        """Parsed JSON; sent once.

        Raises:
            Unsure: no word, or a word that does not exclude that it was done.
            ReviewError: refused.
        """
        return self._call("POST", path, json=body, params=params)

    def patch(self, path: str, body: object) -> Any:
        """Parsed JSON; sent once."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Sent once."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        # The SDK's typed methods coerce or refuse what people may have written; its HTTP client underneath
        # returns it as it is, and refreshes personal access tokens.
        http = self.sdk._client_wrapper.httpx_client  # noqa: SLF001
        with translated(f"Label Studio, {path}"):
            answer = http.request(path, method=method, **options)
            if not answer.is_success:
                raise ApiError(status_code=answer.status_code, body=answer.text)
            return _parsed(answer.content)


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Errors of the SDK and of HTTP as ReviewError."""
    try:
        yield
    except ApiError as error:
        raise _refused(subject, error) from error
    except httpx.ConnectError as error:
        raise Unsure(subject, "it does not answer", "Start it, or correct LABEL_STUDIO_URL.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = f"the connection broke ({type(error).__name__})"
        raise Unsure(subject, reason, "Run it again: nothing is done twice.") from error
    except json.JSONDecodeError as error:
        raise Unsure(subject, "it answered no JSON", "Check that LABEL_STUDIO_URL is Label Studio.") from error


def _words(body: object) -> str:
    """What the server says of it: the detail of an API error, nothing of an HTML page."""
    text = " ".join(str(body).split())
    return "no reason given" if text.startswith("<") or not text else text[:EXPLAIN]


def _parsed(content: bytes) -> Any:
    return json.loads(content) if content.strip() else None


def _refused(subject: str, error: ApiError) -> ReviewError:
    status = error.status_code or 0
    words = _words(error.body)
    if status == UNAUTHORIZED:
        return ReviewError(subject, f"the token is not accepted ({words})", HOW_TO_SIGN_IN)
    if status == FORBIDDEN:
        return ReviewError(subject, "this token may not do that", "Use a token of an owner or administrator.")
    if status == CONFLICT:
        return Taken(subject, f"it is there already ({words})", "Nothing needs to be done.")
    if status in MAYBE_DONE:
        return Unsure(subject, f"it answered {status}: {words}", "Run it again, or read the server's log.")
    return ReviewError(subject, f"it answered {status}: {words}", "Correct what it names and run it again.")
