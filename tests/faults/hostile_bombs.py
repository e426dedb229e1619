"""Picture files made to break us, and files that are no pictures: bombs, lies in headers, odd names."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image as Pillow

from tests.faults.hostile_pictures import CORNERS, REFUSED, SMALL, USED, Case, chunk, drawn, encoded, png


def named() -> list[Case]:
    """All collected ones, always the same."""
    makers = (*SMALL, _edges, _bombs, _tiffs, _no_pictures, _names, _large)
    return [case for make in makers for case in make()]


def _edges() -> Iterator[Case]:
    for size in ((30_000, 1), (1, 30_000), (1, 1), (30_000, 2), (2, 30_000)):
        for form in ("PNG", "JPEG", "TIFF", "GIF", "BMP"):
            image = Pillow.new("RGB", size, (90, 120, 30))
            yield Case(f"edges/{form} {size[0]}x{size[1]}.png", encoded(image, form), USED)
    row = zlib.compress(bytes(1 + 30_000 // 8))
    yield Case("edges/30000x30000.png", png(30_000, 30_000, row, depth=1, colour=0), REFUSED)
    yield Case("edges/nothing wide.png", png(0, 10, row), REFUSED)
    yield Case("edges/as wide as can be.png", png(2**31 - 1, 2**31 - 1, row), REFUSED)
    for form in ("JPEG", "GIF", "BMP", "WEBP"):
        yield Case(f"edges/{form} that lies.jpg", lying(form, shade=91), REFUSED)
    for number, head in enumerate(
        (b"P6 99999999999 1 255\n", b"P6 30000 30000 255\n", b"P5 9 9 99999999\n", b"P6 -1 -1 255\n")
    ):
        yield Case(f"edges/{number}.ppm", head + bytes(1000), REFUSED)


def lying(form: str, shade: int) -> bytes:
    """A small picture whose header claims the largest one."""
    data = bytearray(encoded(drawn(shade=shade), form))
    if form == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    elif form == "GIF":
        data[6:10] = struct.pack("<HH", 65_535, 65_535)
    elif form == "BMP":
        data[18:26] = struct.pack("<ii", 2**30, -(2**30))
    else:  # a lossy WebP
        data[26:30] = struct.pack("<HH", 16_383, 16_383)
    return bytes(data)


# -- bombs -------------------------------------------------------------------------------------------------------------


def inflating(piece: bytes, times: int) -> bytes:
    """What zlib makes of so many pieces, without making them: a full flush lets its blocks be repeated."""
    squeeze = zlib.compressobj(9)
    block = squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH)
    sums = 1
    for _ in range(times):
        sums = zlib.adler32(piece, sums)
    return block[:2] + block[2:] * times + b"\x03\x00" + struct.pack(">I", sums)


def _zeros(mebibytes: int) -> bytes:
    return inflating(bytes(1 << 20), mebibytes)


def _bombs() -> Iterator[Case]:
    zeros = _zeros(300)
    yield Case("bombs/more than its rows.png", png(64, 48, zeros))
    for kind, head in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")):
        yield Case(
            f"bombs/{kind.decode()}.png", png(64, 48, zlib.compress(bytes(193 * 48)), chunks=chunk(kind, head + zeros))
        )
    many = b"".join(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000))) for _ in range(100))
    yield Case("bombs/100 zTXt.png", png(64, 48, zlib.compress(bytes(193 * 48)), chunks=many))
    scans = encoded(drawn(shade=100), "JPEG", progressive=True)
    at = scans.rindex(b"\xff\xda")
    yield Case("bombs/2000 scans.jpg", scans[:at] + scans[at:-2] * 2000 + b"\xff\xd9")
    frame = bytearray(encoded(Pillow.new("P", (40, 40)), "GIF"))
    at = frame.index(b",\0\0\0\0")
    frame[at + 5 : at + 9] = struct.pack("<HH", 65_535, 65_535)
    yield Case("bombs/a frame larger than its screen.gif", bytes(frame), REFUSED)
    webp = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + (16_382).to_bytes(3, "little") * 2
    yield Case("bombs/canvas.webp", b"RIFF" + struct.pack("<I", len(webp) + 4) + b"WEBP" + webp, REFUSED)


def tiff(tags: dict[int, tuple[int, int, int]], body: bytes = b"") -> bytes:
    """A TIFF from tag → (type, count, value); the body begins at byte 512."""
    entries = b"".join(struct.pack("<HHII", tag, *said) for tag, said in sorted(tags.items()))
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    return head.ljust(512, b"\0") + body


def _tags(width: int, height: int, body: int, **more: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    said = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 8), 262: (3, 1, 1),
            273: (4, 1, 512), 277: (3, 1, 1), 278: (4, 1, height), 279: (4, 1, body)}  # fmt: skip
    return said | {int(name[1:]): value for name, value in more.items()}


def _tiffs() -> Iterator[Case]:
    zeros = _zeros(650)
    tile = {"t322": (4, 1, 25_600), "t323": (4, 1, 25_600), "t324": (4, 1, 512), "t325": (4, 1, len(zeros))}
    yield Case("tiffs/a tile of 650 MB.tif", tiff(_tags(64, 48, len(zeros), **tile), zeros))
    tile |= {"t322": (4, 1, 30_000), "t323": (4, 1, 30_000)}
    yield Case("tiffs/a tile of 900 MB.tif", tiff(_tags(64, 48, len(zeros), **tile), zeros), REFUSED)
    tile |= {"t322": (4, 1, 1 << 20), "t323": (4, 1, 1 << 20)}
    yield Case("tiffs/a tile without end.tif", tiff(_tags(64, 48, len(zeros), **tile), zeros[:9000]), REFUSED)
    small = zlib.compress(bytes(64 * 48))
    yield Case("tiffs/rows without end.tif", tiff(_tags(64, 48, len(small), t278=(4, 1, 2**32 - 1)), small))
    yield Case("tiffs/900 MP.tif", tiff(_tags(30_000, 30_000, len(small)), small), REFUSED)
    yield Case("tiffs/a body that is not there.tif", tiff(_tags(64, 48, 2**32 - 1), small))
    yield Case("tiffs/a strip elsewhere.tif", tiff(_tags(64, 48, 99, t273=(4, 1, 2**32 - 9)), small), REFUSED)
    for number, count in enumerate((2**32 - 1, 2**31, 10**6)):
        yield Case(f"tiffs/{number} values.tif", tiff(_tags(64, 48, len(small), t258=(3, count, 300)), small))
    yield Case("tiffs/ten samples.tif", tiff(_tags(64, 48, len(small), t277=(3, 1, 65_535)), small), REFUSED)
    loop = bytearray(tiff(_tags(64, 48, len(small)), small))
    at = 8 + 2 + 12 * 9
    loop[at : at + 4] = struct.pack("<I", 8)
    yield Case("tiffs/leads to itself.tif", bytes(loop), USED)
    yield Case("tiffs/no rows a strip.tif", tiff(_tags(64, 48, len(small), t278=(4, 1, 0)), small))
    for number, words in enumerate((0, 2, 5, 7, 9, 32_773, 34_661, 34_712, 34_925, 50_000, 50_001)):  # compressions
        yield Case(
            f"tiffs/compression {number}.tif", tiff(_tags(64, 48, 3072, t259=(3, 1, words)), bytes(range(256)) * 12)
        )


def _large() -> Iterator[Case]:
    """As large as they may be, several at once: what memory is measured with."""
    for number in range(4):
        body = inflating((b"\0" + bytes([number, 80, 90, 255]) * 8000) * 100, 80)
        yield Case(f"large/{number}.png", png(8000, 8000, body, colour=6), USED, ((number, 80, 90),) * 4)
    grey = inflating(bytes((1 + 9000 // 8) * 98), 100)
    yield Case("large/89 MP of a bit.png", png(9000, 9800, grey, depth=1, colour=0), USED, ((0, 0, 0),) * 4)
    jpeg = encoded(Pillow.new("RGB", (4000, 4000), (90, 90, 90)), "JPEG", progressive=True, subsampling=0)
    yield Case("large/progressive.jpg", jpeg, USED, ((90, 90, 90),) * 4)
    webp = encoded(Pillow.new("RGBA", (3000, 2000), (9, 90, 9, 200)), "WEBP", method=0)
    yield Case("large/alpha.webp", webp, USED)


# -- no pictures, and names --------------------------------------------------------------------------------------------


def _no_pictures() -> Iterator[Case]:
    zipped = b"PK\x03\x04" + bytes(200)
    contents = {
        "nothing": b"", "a byte": b"\xff", "zeros": bytes(100_000), "svg": b"<svg onload='alert(1)'/>",
        "html": b"<html><script>alert(1)</script></html>", "zip": zipped, "script": b"#!/bin/sh\nrm -rf /\n",
        "pdf": b"%PDF-1.7\n", "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
        "elf": b"\x7fELF" + bytes(500), "pickle": b"\x80\x04cos\nsystem\n(S'id'\ntR.", "soi": b"\xff\xd8\xff",
        "ico": encoded(drawn(shade=110), "ICO"), "tga": encoded(drawn(shade=111), "TGA"),
    }  # fmt: skip
    for name, data in contents.items():
        yield Case(f"no picture/{name}.jpg", data, REFUSED)


def _names() -> Iterator[Case]:
    names = (
        "new\nline.png", "tab\t.png", "\x1b[31mred\x1b[0m.png", "\u202egnp.exe.png", "\u2066isolated\u2069.png",
        "emoji 👨\u200d👩\u200d👧 🙂.png", "<script>alert(1)</script>.png".replace("/", "\u2215"), "' onerror='x.png",
        "a" * 250 + ".png", "/".join(["deep" * 50] * 5) + "/x.png", "case.png", "CASE.png", "\u00e9.png", "e\u0301.png",
        "a..png", "x... .png", "%2e%2e%2fetc%2fpasswd.png", "back\\slash.png", "fake\\x0aline.png", "fake\nline.png",
        "{{7*7}}.png", "${HOME}.png", "$(id).png", "con.png", "-rf.png", "\udcff\udcfe bytes.png", "\ufeffmark.png",
        "line\u2028separator.png", "s3:\u2215\u2215bucket\u2215key.png", "[red]x[\u2215red].png", "\U000e0041tag.png",
    )  # fmt: skip
    for number, name in enumerate(names):
        yield Case(f"names/{name}", encoded(drawn(shade=120 + number), "PNG"), USED, CORNERS)
