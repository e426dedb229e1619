"""Near hashes found in blocks, and the frames of a video that are worth keeping."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import scene

from nightshift.domain.keeping import Keeping, is_video
from nightshift.frames.novelty import Looks, kept, look, near_pairs
from nightshift.frames.video import Moment

CODES = st.lists(st.integers(0, 2**64 - 1), max_size=12)


@given(CODES, st.lists(st.tuples(st.integers(0, 11), st.sets(st.integers(0, 63), max_size=14)), max_size=12),
       st.integers(0, 15))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_blocks_find_exactly_the_pairs_that_comparing_all_would(
    codes: list[int], variants: list[tuple[int, set[int]]], most: int
) -> None:
    near = [codes[i] ^ sum(1 << bit for bit in bits) for i, bits in variants if i < len(codes)]
    every = [*codes, *near]
    pairs = [(i, j) for j in range(len(every)) for i in range(j) if (every[i] ^ every[j]).bit_count() <= most]
    assert near_pairs(every, most) == sorted(pairs)


def test_among_many_hashes_only_few_are_compared() -> None:
    codes = np.random.default_rng(0).integers(0, 2**63, 20_000)
    looks = Looks(3)
    for each in codes.tolist():
        looks.add(each)
    touched = sum(
        len(block.get(codes[0].item() >> at & 0xFFFF, []))
        for block, at in zip(looks._blocks, (0, 16, 32, 48), strict=True)
    )
    assert touched < 40
    assert list(looks.near(codes[0].item() ^ 0b101)) == [0]


@pytest.mark.parametrize("most", [-1, 64])
def test_no_number_of_bits_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match="of 64 bits"):
        Looks(most)


def _film(*seeds: int) -> list[Moment]:
    return [Moment(float(i), scene(seed)) for i, seed in enumerate(seeds)]


def _times(frames: list[Moment], keeping: Keeping) -> list[float]:
    return [each.seconds for each in kept(frames, keeping)]


def test_what_was_seen_before_is_not_kept_again() -> None:
    assert _times(_film(1, 1, 2, 1, 3, 2), Keeping(new=4)) == [0, 2, 4]


def test_all_are_kept_where_that_is_wanted_and_no_more_than_the_most() -> None:
    assert _times(_film(1, 1, 1), Keeping(new=0)) == [0, 1, 2]
    assert _times(_film(1, 2, 3), Keeping(new=0, most=2)) == [0, 1]


def test_a_new_scene_is_kept_however_alike_its_hash_is() -> None:
    dark, bright = np.full((48, 64, 3), 10, np.uint8), np.full((48, 64, 3), 240, np.uint8)
    assert look(dark) == look(bright)
    assert _times([Moment(0.0, dark), Moment(1.0, bright), Moment(2.0, bright)], Keeping()) == [0, 1]


def test_a_little_noise_is_nothing_new() -> None:
    first = scene(5)
    noisy = np.clip(first.astype(int) + np.random.default_rng(0).integers(-6, 7, first.shape), 0, 255).astype(np.uint8)
    assert _times([Moment(0.0, first), Moment(1.0, noisy)], Keeping(new=5)) == [0]


@pytest.mark.parametrize("name", ["a.mp4", "cam/B.MKV", "x.y.webm"])
def test_videos_are_told_by_their_names(name: str) -> None:
    assert is_video(name)
    assert not is_video(f"{name}.txt")


def test_frames_cannot_be_kept_by_nonsense() -> None:
    with pytest.raises(ValueError, match="no frames can be kept"):
        Keeping(every=-1)
