"""Pictures of one burst are found together, whatever their names; pictures of other scenes are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pictures import scene

from nightshift.frames.alike import ALIKE, group_alike, look_hash

BITS = hnp.arrays(np.uint8, st.tuples(st.integers(0, 7), st.just(24)), elements=st.integers(0, 1))


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return int((look_hash(one) != look_hash(other)).sum())


def test_a_look_is_256_bits() -> None:
    bits = look_hash(scene(0))
    assert (bits.shape, bits.dtype) == ((256,), np.uint8)
    assert set(bits.tolist()) <= {0, 1}


def test_a_brighter_smaller_or_noisier_copy_looks_alike_and_another_scene_does_not() -> None:
    first = scene(0)
    noise = np.random.default_rng(9).normal(0, 3, first.shape)
    for copy in (np.clip(first.astype(int) + 15, 0, 255), first[::2, ::2], np.clip(first + noise, 0, 255)):
        assert apart(first, np.ascontiguousarray(copy, np.uint8)) <= ALIKE
    assert apart(first, scene(1)) > 2 * ALIKE


def test_bursts_are_told_apart_and_each_is_named_by_its_first_picture() -> None:
    burst = [np.clip(scene(3).astype(int) + shift, 0, 255).astype(np.uint8) for shift in (0, 4, 8)]
    looks = [look_hash(each) for each in (burst[0], scene(4), burst[1], scene(5), burst[2])]
    assert group_alike(looks) == [0, 1, 0, 3, 0]


def test_a_chain_of_small_steps_is_one_group_though_its_ends_differ() -> None:
    steps = [np.repeat([1, 0], [10 * i, 256 - 10 * i]).astype(np.uint8) for i in range(8)]
    assert group_alike(steps, most=10) == [0] * 8
    assert group_alike(steps[::7], most=10) == [0, 1]


def test_a_picture_that_comes_last_may_join_two_groups() -> None:
    left, middle, right = (np.repeat([1, 0], [n, 24 - n]).astype(np.uint8) for n in (0, 4, 8))
    assert group_alike([left, right, middle], most=4) == [0, 0, 0]


def test_no_pictures_have_no_groups_and_a_single_one_is_its_own() -> None:
    assert group_alike([]) == []
    assert group_alike([np.zeros(256, np.uint8)]) == [0]


@settings(max_examples=50)
@given(BITS, st.integers(0, 24))
def test_pictures_are_together_exactly_when_a_chain_of_near_ones_joins_them(bits: np.ndarray, most: int) -> None:
    groups = group_alike(list(bits), most)
    near = (bits[:, None] != bits[None]).sum(axis=2) <= most
    for _ in range(len(bits)):  # paths of any length
        near = near @ near
    assert all((groups[i] == groups[j]) == near[i, j] for i in range(len(bits)) for j in range(len(bits)))
    assert all(group == groups.index(group) for group in groups)


@settings(max_examples=50)
@given(BITS, st.integers(0, 23))
def test_more_tolerance_never_parts_a_group(bits: np.ndarray, most: int) -> None:
    strict, loose = group_alike(list(bits), most), group_alike(list(bits), most + 1)
    assert all(loose[i] == loose[first] for i, first in enumerate(strict))


def test_the_order_of_the_pictures_changes_no_group() -> None:
    looks = [look_hash(scene(each)) for each in (0, 1, 0, 2, 1)]
    assert group_alike(looks) == [0, 1, 0, 3, 1]
    assert group_alike(looks[::-1]) == [0, 1, 2, 0, 2]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 2, 3)])
def test_odd_shapes_have_a_look_too(shape: tuple[int, int, int]) -> None:
    assert look_hash(np.zeros(shape, np.uint8)).shape == (256,)
