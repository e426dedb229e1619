"""Names of files that can be shown anywhere, and still find their file.

Whoever names a file may put into it what a screen, a log or a table must not be handed: line breaks, terminal
commands, marks that turn the direction of reading, bytes that are no text. These are written as escapes, so that two
names never become one. Escaping what is HTML is left to those who write HTML.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from nightshift.domain.frames import SourceFile
from nightshift.frames.scan import Source

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})  # control, format, half characters, private, line breaks
JOINERS = frozenset("\u200c\u200d")  # Persian and emoji are spelt with them
LOOKS_ESCAPED = re.compile(r"\\(?=[xuU])")


def printable(name: str) -> str:
    r"""A name in which everything can be seen; different names stay different.

    Hidden characters become \\x0a, \\u202e or \\U000e0041, as do bytes that are not UTF-8 (\\udcff), and a backslash
    that would look like one of these.
    """
    unambiguous = LOOKS_ESCAPED.sub(lambda _: r"\x5c", name)
    return "".join(_escaped(each) if _hidden(each) else each for each in unambiguous)


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN and character not in JOINERS


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


class Legible:
    """A source seen through names that can be shown; reading finds the file that such a name stands for."""

    def __init__(self, source: Source) -> None:
        self._source, self._real = source, dict[str, str]()

    def list(self) -> Iterator[SourceFile]:
        """Every file, as the source has it."""
        for each in self._source.list():
            name = printable(each.name)
            if name != each.name:
                self._real[name] = each.name
            yield replace(each, name=name)

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            NightshiftError: as the source.
        """
        return self._source.read(self._real.get(name, name))

    def uri(self, name: str) -> str | None:
        """The address under which it may stay, unchanged."""
        return self._source.uri(self._real.get(name, name))
