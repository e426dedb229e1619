"""What came over the wire, made fit to keep and to show: text without surprises, raw JSON of bounded length.

Knows no task and no region.
"""

import json

DETAIL = 2_000  # characters kept of a region or a value that cannot be used
WHOLE = 20_000  # characters kept of an answer or a task that cannot be used
UNTOLD = "nightshift.untold"  # of a task that the server cannot tell: why not, in place of what is in it
NAMED = 40  # characters of a name that is quoted in a reason


def legible(given: object, longest: int = NAMED) -> str:
    """Text on one line that every table, page and terminal takes: what cannot be printed becomes a space."""
    text = given if isinstance(given, str) else kept(given, longest)
    clear = "".join(letter if letter.isprintable() else " " for letter in text[: longest + 1])
    return clear if len(clear) <= longest else f"{clear[: longest - 1]}…"


def kept(raw: object, longest: int = DETAIL) -> str:
    """Its JSON, in ASCII and cut off after `longest` characters, so that nothing that was said is lost."""
    try:
        text = json.dumps(raw, default=repr)
    except (ValueError, TypeError, RecursionError):
        return f"it cannot be written as JSON ({type(raw).__name__})"
    return text if len(text) <= longest else f"{text[: longest - 1]}~"
