"""Whether a model's weights are on this machine, or could be had from where they are published.

Asks each host once more only if it answered before, so that a machine without network is told so at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import huggingface_hub
from huggingface_hub import constants

from nightshift.services.health.models import WEIGHTS

RELEASES = "https://github.com/ultralytics/assets/releases/download/v8.4.0"  # where Ultralytics looks for its files
TIMEOUT = 5.0  # seconds
REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
Ask = Callable[[str], int]  # address → status of its answer; httpx.HTTPError where there is none


class Where(StrEnum):
    """Where weights are."""

    HERE = "here"
    DOWNLOAD = "to be downloaded"
    GATED = "behind a login"  # the hub wants its terms accepted, and HF_TOKEN
    NOWHERE = "not in reach"


@dataclass(slots=True)
class Reach:
    """Answers where weights are.

    Args:
        folder: of published weights that come as files.
        ask: a HEAD request; None to look at this machine only.
        hub: the address of the hub.
    """

    folder: Path
    ask: Ask | None
    hub: str = constants.ENDPOINT
    _silent: set[str] = field(default_factory=set)

    def where(self, weights: str) -> Where:
        """Where some weights are.

        Args:
            weights: `weights` of a ModelCard.
        """
        if not weights or self._is_here(weights):
            return Where.HERE
        return self._published(self._address(weights))

    def _is_here(self, weights: str) -> bool:
        if "/" not in weights:
            return (self.folder / weights).is_file()
        cached = (huggingface_hub.try_to_load_from_cache(weights, name) for name in WEIGHTS)
        return any(isinstance(each, str) for each in cached)

    def _address(self, weights: str) -> str:
        """Of a small file that lies beside the weights on the hub, under the same terms; or of the file itself."""
        if "/" not in weights:
            return f"{RELEASES}/{weights}"
        return f"{self.hub}/{weights}/resolve/main/config.json"

    def _published(self, address: str) -> Where:
        host = urlsplit(address).netloc
        if self.ask is None or host in self._silent:
            return Where.NOWHERE
        try:
            status = self.ask(address)
        except httpx.HTTPError:
            self._silent.add(host)
            return Where.NOWHERE
        if status in REFUSED:
            return Where.GATED
        return Where.DOWNLOAD if status < httpx.codes.BAD_REQUEST else Where.NOWHERE


def head(address: str) -> int:
    """The status of a HEAD request, with the hub's token if there is one and it is the hub that is asked.

    Raises:
        httpx.HTTPError: nobody answers.
    """
    token = huggingface_hub.get_token() if address.startswith(constants.ENDPOINT) else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.head(address, headers=headers, timeout=TIMEOUT, follow_redirects=True).status_code
