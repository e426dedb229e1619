"""Picture files that somebody made to break us, or that simply broke: named ones, and mutations of them.

Where the pixels are known, four squares in the corners say whether they came out right.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

SIDE, SIZE = 16, (64, 48)  # of a square; (width, height) of a picture
RED, GREEN, BLUE, GREY = (250, 0, 0), (0, 250, 0), (0, 0, 250), (200, 200, 200)
CORNERS = (RED, GREEN, BLUE, GREY)  # top left, top right, bottom left, bottom right
UPRIGHT = {1: (0, 1, 2, 3), 2: (1, 0, 3, 2), 3: (3, 2, 1, 0), 4: (2, 3, 0, 1),
           5: (0, 2, 1, 3), 6: (2, 0, 3, 1), 7: (3, 1, 2, 0), 8: (1, 3, 0, 2)}  # fmt: skip
ORIENTATION = 0x0112
USED, REFUSED = True, False  # what must become of a file; None where it may be either
HEADER = {"PNG": b"\x89PNG\r\n\x1a\n"}
EXIF_CHUNK = b"Exif\x00\x00II*\x00"


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile file.

    Args:
        name: of the file, hostile itself at times; unique.
        data: its bytes.
        usable: whether it must be USED, must be REFUSED, or may be either (None).
        corners: colours of the upright picture's corners, where they are known.
        tolerance: by which a colour may be off.
    """

    name: str
    data: bytes
    usable: bool | None = None
    corners: tuple[tuple[int, int, int], ...] | None = None
    tolerance: int = 8


def drawn(size: tuple[int, int] = SIZE, shade: int = 0) -> Pillow.Image:
    """RGB with a square of a known colour in each corner."""
    width, height = size
    pixels = np.full((height, width, 3), shade, np.uint8)
    pixels[:SIDE, :SIDE], pixels[:SIDE, -SIDE:], pixels[-SIDE:, :SIDE], pixels[-SIDE:, -SIDE:] = CORNERS
    return Pillow.fromarray(pixels)


def encoded(image: Pillow.Image, form: str, **options: Any) -> bytes:
    """A file."""
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def mutations(rng: np.random.Generator) -> Iterator[Case]:
    """Byte flips, cuts, swaps, noise and lies in headers, without end."""
    seeds = [each for make in SMALL for each in make() if len(each.data) < 100_000]
    number = 0
    while True:
        seed = seeds[int(rng.integers(len(seeds)))]
        mutate = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
        yield Case(f"mutated/{number:05d} {mutate.__name__.strip('_')}.jpg", mutate(bytearray(seed.data), rng))
        number += 1


def _flip(data: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(int(rng.integers(1, 9))):
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _lie(data: bytearray, rng: np.random.Generator) -> bytes:
    """Numbers that matter stand in the first bytes."""
    at = int(rng.integers(4, min(120, len(data) - 4)))
    data[at : at + 4] = struct.pack("<I", int(rng.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 30_000])))
    return bytes(data)


def _lie_backwards(data: bytearray, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(4, min(120, len(data) - 4)))
    data[at : at + 4] = struct.pack(">I", int(rng.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 30_000])))
    return bytes(data)


def _cut(data: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(data[: int(rng.integers(len(data)))])


def _cut_out(data: bytearray, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(data)))
    del data[start : start + int(rng.integers(1, 200))]
    return bytes(data)


def _repeat(data: bytearray, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(data)))
    piece = data[start : start + int(rng.integers(1, 200))]
    return bytes(data[:start] + piece * int(rng.integers(2, 50)) + data[start:])


def _noise(data: bytearray, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(8, len(data)))
    return bytes(data[:start]) + rng.bytes(len(data) - start)


MUTATIONS = (_flip, _lie, _lie_backwards, _cut, _cut_out, _repeat, _noise)


# -- files that must be used -------------------------------------------------------------------------------------------


def _plain() -> Iterator[Case]:
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 98, "subsampling": 0}, "PNG": {}, "BMP": {}, "TIFF": {}, "PPM": {}, "GIF": {},
        "WEBP": {"lossless": True},
    }  # fmt: skip
    for shade, (form, more) in enumerate(options.items()):
        data = encoded(drawn(shade=shade), form, **more)
        yield Case(f"plain/{form}.jpg", data, USED, CORNERS, 12)  # most of them with the wrong suffix
        yield Case(f"plain/{form} and more.png", data + b"\x00<script>alert(1)</script>" * 99, None, CORNERS, 12)
    progressive = encoded(drawn(shade=20), "JPEG", quality=98, subsampling=0, progressive=True)
    yield Case("plain/progressive.jpeg", progressive, USED, CORNERS, 12)


def _kinds() -> Iterator[Case]:
    rgb = drawn(shade=30)
    lit = tuple((round(0.299 * r + 0.587 * g + 0.114 * b),) * 3 for r, g, b in CORNERS)
    for form in ("JPEG", "TIFF"):
        yield Case(f"kinds/cmyk {form}.jpg", encoded(rgb.convert("CMYK"), form, quality=98), USED, CORNERS, 25)
    yield Case("kinds/grey.jpg", encoded(rgb.convert("L"), "JPEG", quality=98), USED, lit)
    yield Case("kinds/grey.png", encoded(rgb.convert("L"), "PNG"), USED, lit)
    yield Case("kinds/grey alpha.png", encoded(rgb.convert("LA"), "PNG"), USED, lit)
    yield Case("kinds/palette.png", encoded(rgb.quantize(16), "PNG"), USED, CORNERS)
    yield Case("kinds/palette with a clear colour.png", encoded(rgb.quantize(16), "PNG", transparency=15), USED)
    yield Case("kinds/alpha.png", encoded(rgb.convert("RGBA"), "PNG"), USED, CORNERS)
    clear = rgb.convert("RGBA")
    clear.putalpha(0)
    yield Case("kinds/clear.png", encoded(clear, "PNG"), USED, ((255, 255, 255),) * 4)
    yield Case("kinds/clear.webp", encoded(clear, "WEBP", lossless=True), USED, ((255, 255, 255),) * 4)
    yield Case("kinds/one bit.png", encoded(rgb.convert("1"), "PNG"), USED)
    yield Case("kinds/one bit.tif", encoded(rgb.convert("1"), "TIFF", compression="group4"), USED)
    yield Case("kinds/lab.tif", encoded(Pillow.new("LAB", SIZE, (200, 128, 128)), "TIFF"), USED)
    yield Case("kinds/ycbcr.tif", encoded(rgb.convert("YCbCr"), "TIFF"), USED, CORNERS, 12)
    yield from _deep(rgb, lit)


def _deep(rgb: Pillow.Image, lit: Any) -> Iterator[Case]:
    grey = np.asarray(rgb.convert("L"))
    sixteen, real = Pillow.fromarray(grey.astype(np.uint16) * 257), Pillow.fromarray(grey.astype(np.float32) / 255)
    yield Case("kinds/sixteen.png", encoded(sixteen, "PNG"), USED, lit, 1)
    yield Case("kinds/sixteen.tif", encoded(sixteen, "TIFF"), USED, lit, 1)
    yield Case("kinds/thirty-two.tif", encoded(Pillow.fromarray(grey.astype(np.int32) * 257), "TIFF"), USED, lit, 1)
    yield Case("kinds/real.tif", encoded(real, "TIFF", compression="tiff_lzw"), USED, lit, 1)
    for number, value in enumerate((np.nan, np.inf, -1.0, 1e30)):
        broken = np.full((8, 8), value, np.float32)
        yield Case(f"kinds/real {number}.tif", encoded(Pillow.fromarray(broken), "TIFF"), REFUSED)
    rows = b"".join(b"\0" + b"".join(struct.pack(">3H", 65535, y * 900, x * 900) for x in range(8)) for y in range(8))
    yield Case("kinds/sixteen rgb.png", png(8, 8, zlib.compress(rows), depth=16, colour=2), USED)


def _orientations() -> Iterator[Case]:
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 98, "subsampling": 0}, "PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}
    }  # fmt: skip
    for form, more in options.items():
        for turn, corners in UPRIGHT.items():
            tags = Pillow.Exif()
            tags[ORIENTATION] = turn
            data = encoded(drawn(shade=40 + turn), form, exif=tags, **more)
            yield Case(f"turned/{form} {turn}.jpg", data, USED, tuple(CORNERS[each] for each in corners), 12)
    for said in (0, 9, 65_535):
        tags = Pillow.Exif()
        tags[ORIENTATION] = said
        yield Case(f"turned/to {said}.png", encoded(drawn(shade=said % 100 + 60), "PNG", exif=tags), USED, CORNERS)


def _series() -> Iterator[Case]:
    more = [Pillow.new("RGB", SIZE, (number, 9, 9)) for number in range(20)]
    for form in ("GIF", "PNG", "WEBP", "TIFF"):
        options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
        data = encoded(drawn(shade=70), form, save_all=True, append_images=more, **options)
        yield Case(f"series/{form}.png", data, USED, CORNERS, 12)
    mpo = encoded(drawn(shade=71), "MPO", save_all=True, append_images=more[:2], quality=98, subsampling=0)
    yield Case("series/MPO.jpg", mpo, USED, CORNERS, 12)
    yield Case("series/a thousand.gif", encoded(drawn(shade=72), "GIF", save_all=True, append_images=more * 50))


def _baggage() -> Iterator[Case]:
    for number, block in enumerate((b"", b"garbage", EXIF_CHUNK + b"\xff\xff\xff\x7f", EXIF_CHUNK + bytes(60_000))):
        yield Case(f"baggage/exif {number}.png", encoded(drawn(shade=80 + number), "PNG", exif=block), USED, CORNERS)
        jpeg = encoded(drawn(shade=80 + number), "JPEG", exif=block[:60_000], quality=98, subsampling=0)
        yield Case(f"baggage/exif {number}.jpg", jpeg, USED, CORNERS, 12)
    loop = EXIF_CHUNK + struct.pack("<IHHHIIIHHIII", 8, 1, 0x8769, 4, 1, 8, 8, 1, 0x8769, 4, 1, 8)
    yield Case("baggage/exif that leads to itself.png", encoded(drawn(shade=84), "PNG", exif=loop), USED, CORNERS)
    icc = encoded(drawn(shade=85), "PNG", icc_profile=np.random.default_rng(0).bytes(3_000_000))
    yield Case("baggage/icc.png", icc, None, CORNERS)
    icc = encoded(drawn(shade=86), "JPEG", icc_profile=b"x" * 3_000_000, quality=98, subsampling=0)
    yield Case("baggage/icc.jpg", icc, USED, CORNERS, 12)
    notes = PngInfo()
    for number in range(2000):
        notes.add_itxt(f"key {number}", "\u202e<b>" * 200)
    yield Case("baggage/itxt.png", encoded(drawn(shade=87), "PNG", pnginfo=notes), None, CORNERS)


def png(width: int, height: int, idat: bytes, depth: int = 8, colour: int = 2, chunks: bytes = b"") -> bytes:
    """A PNG whose header says what it likes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return HEADER["PNG"] + head + chunks + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def corners_of(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(4, 3): the colours in the middle of the four squares."""
    height, width, _ = pixels.shape
    y, x = min(SIDE // 2, height - 1), min(SIDE // 2, width - 1)
    return pixels[[y, y, -1 - y, -1 - y], [x, -1 - x, x, -1 - x]].astype(np.int64)


SMALL = (_plain, _kinds, _orientations, _series, _baggage)
