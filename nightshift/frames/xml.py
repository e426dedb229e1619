"""XML that is written: indented, in UTF-8, and without characters that no XML may hold. Reading is defusedxml's."""

import re
from xml.etree.ElementTree import Element, indent, tostring

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def document(root: Element) -> str:
    """A file of its own."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{fragment(root)}'


def fragment(root: Element) -> str:
    """Without the declaration that opens a file. What XML cannot hold becomes the replacement character."""
    for element in root.iter():
        element.text = FORBIDDEN.sub("\ufffd", element.text) if element.text else element.text
        for name, value in element.attrib.items():
            element.set(name, FORBIDDEN.sub("\ufffd", value))
    indent(root)
    return tostring(root, encoding="unicode") + "\n"
