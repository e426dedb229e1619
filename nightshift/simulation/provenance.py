"""Which code decided: a digest of the sources on which a replay's results depend."""

import hashlib
from functools import cache
from pathlib import Path

import nightshift

DECIDING = ("acquisition", "domain", "evaluation", "frames", "policy", "simulation", "students", "triage")


@cache
def code_digest() -> str:
    """sha-256 of the deciding packages' sources, in hex: results of other code are not taken for this one's."""
    root = Path(nightshift.__file__).parent
    content = hashlib.sha256()
    for path in sorted(path for name in DECIDING for path in (root / name).rglob("*.py")):
        content.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return content.hexdigest()
