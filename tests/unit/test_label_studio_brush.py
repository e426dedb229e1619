"""Brush regions: what Label Studio packs is read, what is packed here Label Studio reads, what is broken is said."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nightshift.services.label_studio.brush import Unpackable, packed, unpacked

quick = settings(deadline=None, max_examples=25)
pictures = st.tuples(st.integers(1, 24), st.integers(1, 40)).flatmap(lambda size: arrays.arrays(np.bool_, size))


@quick
@given(pictures)
def test_a_mask_survives_packing(mask: np.ndarray) -> None:
    assert np.array_equal(unpacked(packed(mask), mask.shape), mask)


def test_a_long_run_is_cut_into_several() -> None:
    mask = np.ones((200, 300), np.bool_)
    mask[150:, 7] = False
    assert np.array_equal(unpacked(packed(mask), mask.shape), mask)


@pytest.mark.slow  # the SDK's converter takes seconds to import
def test_label_studio_s_own_sdk_reads_and_writes_the_same() -> None:
    from label_studio_sdk.converter.brush import decode_rle, encode_rle, mask2rle  # noqa: PLC0415

    rng = np.random.default_rng(0)
    for size in ((1, 1), (30, 40), (150, 300)):
        mask = rng.random(size) < 0.3
        mask[: size[0] // 2] = True
        assert np.array_equal(decode_rle(packed(mask)).reshape(*size, 4)[..., 3] > 0, mask)
        assert np.array_equal(unpacked(mask2rle(mask.astype(np.uint8) * 255), size), mask)
        soft = rng.integers(0, 256, (*size, 4), np.uint8)
        assert np.array_equal(unpacked(encode_rle(soft.ravel()), size), soft[..., 3] >= 128)


def test_single_values_are_read_wherever_they_begin() -> None:
    """As the editor writes soft edges: packets of values that differ, after a run that ends within a byte."""
    alpha = np.array([[0, 200, 100, 255, 128, 127]], np.uint8)
    values = np.repeat(alpha, 4).tolist()
    bits = f"{24:032b}{7:05b}" + "".join(f"{each - 1:04b}" for each in (3, 4, 8, 16))
    bits += f"100{3:03b}{0:08b}" + f"010{19:08b}" + "".join(f"{each:08b}" for each in values[4:])
    content = [int(bits[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8)]
    assert unpacked(content, (1, 6)).tolist() == [[False, True, False, True, True, False]]


GOOD = packed(np.eye(9, dtype=np.bool_))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "another size"),
        ([1, 2, 3], "another size"),
        (GOOD[:12], "too soon"),
        (["1"], "no bytes"),
        ([300], "no bytes"),
        ([*GOOD[:4], 0xFF, *GOOD[5:]], "no bytes"),
        ([255, 255, 255, 255, *GOOD[4:]], "another size"),
    ],
)
def test_broken_run_lengths_are_refused_with_the_reason(values: list[int], why: str) -> None:
    with pytest.raises(Unpackable, match=why):
        unpacked(values, (9, 9))


def test_a_packet_beyond_the_picture_is_refused() -> None:
    bits = f"{4:032b}{7:05b}" + "".join(f"{each - 1:04b}" for each in (3, 4, 8, 16)) + f"111{9:016b}{255:08b}"
    content = [int(bits[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8)]
    with pytest.raises(Unpackable, match="longer than the picture"):
        unpacked(content, (1, 1))


@quick
@given(st.lists(st.integers(0, 255), max_size=60))
def test_whatever_is_sent_is_read_or_refused(values: list[int]) -> None:
    head = packed(np.zeros((3, 5), np.bool_))[:7]
    with contextlib.suppress(Unpackable):
        assert unpacked([*head, *values], (3, 5)).shape == (3, 5)
