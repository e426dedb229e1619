"""What a safetensors file says of its weights, read without PyTorch: its first bytes are JSON.

The format: eight bytes of length, little-endian, then that many bytes of JSON, whose `__metadata__` is text by name.
Knows no network.
"""

import json
from pathlib import Path

KEY = "nightshift"  # of the metadata; a single one, as safetensors writes several in any order
MOST = 64 << 20  # bytes of a header; the library itself refuses more than 100 MB


def said_family(weights: Path) -> str:
    """The family that a file names; empty where it names none."""
    try:
        with weights.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= MOST else {}
        return str(json.loads(header["__metadata__"][KEY])["family"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
