"""The rights on the bucket that Nightshift needs, as IAM policies: for the night, for whoever shows frames, for gc.

One JSON file a role, which infra/terraform fills in too. Knows no account and no principal.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from nightshift.domain.errors import ConfigError
from nightshift.services.store.places import Place

FOLDER = Path(__file__).parent
ROLES: Mapping[str, str] = {
    "night": "the rounds themselves, `nightshift doctor`, `status` and `fsck`",
    "frames": "Label Studio, and rounds whose frames lie outside the project's prefix: looking only",
    "keeper": "`nightshift gc`, on top of the night's rights",
}


def policy(role: str, uri: str) -> dict[str, Any]:
    """The policy of a role for one place.

    Args:
        role: one of ROLES.
        uri: s3://bucket/prefix: store.uri for the night and the keeper, where the frames lie for `frames`.

    Raises:
        ConfigError: there is no such role, or the address is none.
    """
    if role not in ROLES:
        raise ConfigError(f"role '{role}'", "nobody knows it", f"Known: {', '.join(ROLES)}.")
    template = Template((FOLDER / f"{role}.json").read_text(encoding="utf-8"))
    place = Place.parse(uri)
    named = {"bucket": place.bucket, "prefix": place.prefix, "root": place.root}
    filled: dict[str, Any] = json.loads(template.substitute(named))
    return filled
