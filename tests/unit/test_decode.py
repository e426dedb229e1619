import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import UPRIGHT, corners, encoded, exif, picture
from PIL import Image as Pillow

from nightshift.domain.errors import FrameError
from nightshift.frames.decode import decode, memory, opened, probe_size

# Pillow says of many damaged files what is wrong with them before it raises, or reads what it can
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}


@pytest.mark.parametrize("form", LOSSLESS)
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_each_of_the_eight_orientations_comes_out_upright(form: str, orientation: int) -> None:
    data = encoded(Pillow.fromarray(corners()), form, exif=exif(orientation), **LOSSLESS[form])
    upright = decode(data).astype(int)
    found = upright[3, 3], upright[3, -4], upright[-4, 3], upright[-4, -4]
    assert np.abs(np.array(found) - np.array(UPRIGHT[orientation])).max() <= 6
    assert upright.shape[:2] == ((20, 30) if orientation < 5 else (30, 20))
    assert probe_size(data) == (upright.shape[1], upright.shape[0])


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_changes_nothing(orientation: int) -> None:
    data = encoded(Pillow.fromarray(corners()), exif=exif(orientation))
    assert np.array_equal(decode(data), corners())


def test_a_broken_exif_block_does_not_cost_the_picture() -> None:
    data = encoded(Pillow.fromarray(corners()), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f garbage")
    assert np.array_equal(decode(data), corners())


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F", "LAB"])
def test_every_kind_of_pixel_becomes_rgb(mode: str) -> None:
    form = "PNG" if mode in {"1", "L", "P", "LA", "RGBA", "I;16"} else "TIFF"
    pixels = decode(encoded(Pillow.new(mode, (7, 5)), form))
    assert (pixels.shape, pixels.dtype) == ((5, 7, 3), np.uint8)


def test_sixteen_bits_keep_their_upper_eight() -> None:
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    pixels = decode(encoded(Pillow.fromarray(values)))
    assert np.array_equal(pixels[..., 0], np.rint(values / 257).astype(np.uint8))


def test_transparency_is_laid_over_white() -> None:
    image = Pillow.new("RGBA", (2, 1), (200, 0, 0, 255))
    image.putpixel((1, 0), (10, 20, 30, 0))
    assert decode(encoded(image)).tolist() == [[[200, 0, 0], [255, 255, 255]]]


def test_float_pixels_beyond_one_are_refused_instead_of_guessed() -> None:
    with pytest.raises(FrameError, match="outside 0 to 1"):
        decode(encoded(Pillow.fromarray(np.full((4, 4), 300.0, np.float32)), "TIFF"))


def test_more_than_89_megapixels_are_refused_before_they_are_decoded() -> None:
    data = encoded(Pillow.new("1", (8901, 10_000)))
    for attempt in (decode, probe_size):
        with pytest.raises(FrameError, match="89 million"):
            attempt(data, "bomb.png")


def test_what_would_take_too_much_memory_is_refused_by_its_header() -> None:
    tags = {256: 64, 257: 48, 258: 8, 259: 8, 262: 1, 277: 1, 322: 1 << 20, 323: 1 << 20, 324: 512, 325: 99}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(600)
    for attempt in (decode, probe_size):
        with pytest.raises(FrameError, match=r"a\.tif: decoding it takes 1048576 MiB of memory"):
            attempt(data, "a.tif")


@pytest.mark.parametrize(("pattern", "price"), [({}, 7), ({"progressive": True, "subsampling": 0}, 10)])
def test_the_price_in_memory_of_a_picture_is_told_from_its_header(pattern: dict[str, object], price: int) -> None:
    with opened(encoded(Pillow.new("RGB", (100, 50)), "JPEG", **pattern), "x") as image:
        assert memory(image) == 100 * 50 * price


def test_a_picture_wider_and_higher_than_a_block_comes_out_whole() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 5000, 3), np.uint8)
    for turn in (1, 7):
        upright = decode(encoded(Pillow.fromarray(pixels), compress_level=1, exif=exif(turn)))
        assert np.array_equal(upright, pixels if turn == 1 else pixels[::-1, ::-1].transpose(1, 0, 2))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8\xff\xe0", bytes(1000)])
def test_what_is_no_picture_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(FrameError, match=r"a/b\.jpg"):
        decode(data, "a/b.jpg")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM"])
@given(cut=st.floats(0, 0.9), seed=st.integers(0, 9))
def test_a_truncated_picture_is_refused_or_whole_never_a_crash(form: str, cut: float, seed: int) -> None:
    data = picture(seed, form=form)
    assert shape_or_reason(data[: int(len(data) * cut)]) in {(8, 12, 3), "refused"}


@given(position=st.integers(0, 400), value=st.integers(0, 255))
def test_a_damaged_byte_never_crashes(position: int, value: int) -> None:
    data = bytearray(encoded(Pillow.fromarray(corners()), "JPEG", exif=exif(6)))
    data[position % len(data)] = value
    assert shape_or_reason(bytes(data)) is not None
    with contextlib.suppress(FrameError):
        assert min(probe_size(bytes(data))) > 0


def shape_or_reason(data: bytes) -> object:
    try:
        return decode(data).shape
    except FrameError:
        return "refused"
