"""Masks: the arithmetic is that of pixels, and everything that compares boxes compares rectangular masks alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from strategies import detections, masked, with_rectangles

from nightshift.acquisition.disagreement import disagreement
from nightshift.domain.corrections import compare
from nightshift.domain.detections import Detections, clean, iou_matrix, on_equal_terms, overlap
from nightshift.domain.masks import (
    Masks,
    Patch,
    mask_areas,
    mask_iou,
    middle_mask,
    mirrored,
    pixels_of,
    rectangles,
    tight_boxes,
)
from nightshift.domain.outlines import TOLERANCE, Part, filled, joined_ring, outlines
from nightshift.evaluation.average_precision import evaluate
from nightshift.evaluation.bootstrap import paired_gain
from nightshift.evaluation.confusion import confusion_matrix
from nightshift.triage.evidence import evidence

NAMES = ("a", "b", "c")
quick = settings(deadline=None, max_examples=25)  # a busy machine is no failure


def disc(x: float, y: float, radius: float, size: tuple[int, int] = (60, 80)) -> Masks:
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    return Masks.of([(columns - x) ** 2 + (rows - y) ** 2 <= radius**2], size)


def solid(found: Detections) -> Masks:
    return found.masks or Masks((64, 72), ())


def one(masks: Masks, index: int) -> Masks:
    return masks.take(np.array([index]))


@quick
@given(masked())
def test_pixels_survive_their_run_lengths(found: Detections) -> None:
    masks = solid(found)
    pixels = [pixels_of(masks, i) for i in range(len(masks))]
    assert Masks.of(pixels, masks.size) == masks
    assert mask_areas(masks).tolist() == [each.sum() for each in pixels]


@quick
@given(st.data())
def test_a_part_of_a_picture_gives_the_mask_of_the_whole(data: st.DataObject) -> None:
    top, left, high, wide = (data.draw(st.integers(low, most)) for low, most in ((0, 5), (0, 6), (1, 7), (1, 8)))
    pixels = data.draw(arrays.arrays(np.bool_, (high, wide)))
    size = top + high + data.draw(st.integers(0, 2)), left + wide + data.draw(st.integers(0, 2))
    whole = np.zeros(size, np.bool_)
    whole[top : top + high, left : left + wide] = pixels
    assert Masks.of_patches([Patch(top, left, pixels)], size) == Masks.of([whole], size)


@quick
@given(masked(), masked())
def test_overlap_of_masks_is_symmetric_and_that_of_their_pixels(a: Detections, b: Detections) -> None:
    forth, back = mask_iou(solid(a), solid(b)), mask_iou(solid(b), solid(a))
    assert np.array_equal(forth, back.T)
    for i, j in np.ndindex(forth.shape):
        first, second = pixels_of(solid(a), i), pixels_of(solid(b), j)
        assert forth[i, j] == pytest.approx((first & second).sum() / (first | second).sum())


@quick
@given(masked(), st.data())
def test_a_box_keeps_its_mask_wherever_it_goes(a: Detections, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(a)))), np.intp)
    for part in (a.take(order), a.by_score(), a.above(0.5), clean(a.boxes, a.classes, a.scores, (72, 64), a.masks)):
        assert np.array_equal(tight_boxes(solid(part)), part.boxes)
    assert np.array_equal(overlap(a, a.take(order)), overlap(a, a)[:, order])


@quick
@given(masked())
def test_mirroring_twice_changes_nothing_and_once_moves_the_box(a: Detections) -> None:
    masks = solid(a)
    other = mirrored(masks)
    assert mirrored(other) == masks
    left, top, right, bottom = tight_boxes(masks).T
    assert np.array_equal(tight_boxes(other), np.stack([72 - right, top, 72 - left, bottom], axis=1))


@quick
@given(masked())
def test_an_outline_at_every_pixel_gives_back_its_mask(found: Detections) -> None:
    masks = solid(found)
    for i, parts in enumerate(outlines(masks, tolerance=0)):
        assert filled(parts, masks.size) == one(masks, i)


@quick
@given(masked())
def test_a_simplified_outline_keeps_four_fifths_of_a_solid_mask_and_has_fewer_corners(found: Detections) -> None:
    """It may stray by 0.75 pixels: the longer a mask's outline for its area, the more of it."""
    masks = solid(found)
    for i, (simple, full) in enumerate(zip(outlines(masks), outlines(masks, 0), strict=True)):
        length = sum(np.abs(np.diff(ring, axis=0)).sum() for each in full for ring in (each.outer, *each.holes))
        bound = 1 - 1.5 * TOLERANCE * length / mask_areas(masks)[i]  # of every corner's way round
        kept = mask_iou(filled(simple, masks.size), one(masks, i))[0, 0]
        assert kept >= bound
        assert kept >= 0.8 or mask_areas(masks)[i] < 300
        assert sum(len(each.outer) for each in simple) <= sum(len(each.outer) for each in full)


def test_a_disc_loses_three_hundredths_and_nine_tenths_of_its_corners() -> None:
    masks = disc(40, 30, 20)
    (simple,), (full,) = outlines(masks)[0], outlines(masks, 0)[0]
    assert mask_iou(filled([simple], masks.size), masks)[0, 0] > 0.97
    assert len(simple.outer) * 8 < len(full.outer)


def test_one_ring_says_all_pieces_and_fills_holes() -> None:
    pixels = np.zeros((40, 60), np.bool_)
    pixels[5:15, 5:20] = pixels[20:35, 30:50] = True
    whole = Masks.of([pixels], (40, 60))
    pixels[25:30, 35:40] = False
    holed = Masks.of([pixels], (40, 60))
    ring = joined_ring(outlines(holed, tolerance=0)[0])
    assert mask_iou(filled([Part(ring)], (40, 60)), whole)[0, 0] == 1


def test_an_empty_mask_has_no_outline_and_makes_no_detection() -> None:
    nothing = Masks.of([np.zeros((9, 9), np.bool_)], (9, 9))
    assert outlines(nothing) == [()]
    assert Detections.of_masks(nothing, [0]) == Detections.empty()


def test_what_sticks_out_of_the_picture_is_cut_off() -> None:
    ring = np.array([[-50.0, -50], [5, -50], [5, 500], [-50, 500]])
    assert filled([Part(ring)], (10, 20)) == rectangles(np.array([[0, 0, 5, 10]]), (10, 20))


def test_the_mask_of_a_thin_box_has_a_pixel_in_width() -> None:
    masks = rectangles(np.array([[3.6, 2, 3.9, 6], [29.7, 0, 30, 20]]), (20, 30))
    assert tight_boxes(masks).tolist() == [[3, 2, 4, 6], [29, 0, 30, 20]]


def test_the_middle_of_two_discs_is_the_disc_halfway_between() -> None:
    both = Masks.joined([disc(40, 30, 15), disc(40, 30, 21)])
    assert mask_iou(middle_mask(both), disc(40, 30, 18))[0, 0] > 0.97
    three = Masks.joined([both, disc(40, 30, 20)])
    assert mask_iou(middle_mask(three), disc(40, 30, 20))[0, 0] > 0.97


def test_the_middle_of_masks_that_share_nothing_is_the_largest() -> None:
    apart = Masks.joined([disc(10, 10, 5), disc(60, 40, 8)])
    assert middle_mask(apart) == disc(60, 40, 8)


@pytest.mark.parametrize("size", [(0, 5), (5, -1)])
def test_a_picture_without_pixels_has_no_masks(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="pixels"):
        Masks(size, ())


def test_masks_that_do_not_fit_the_boxes_or_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="masks"):
        Detections.of([[0, 0, 5, 5], [1, 1, 6, 6]], [0, 0], masks=disc(20, 20, 5))
    with pytest.raises(ValueError, match="sizes"):
        mask_iou(disc(20, 20, 5), disc(20, 20, 5, (50, 50)))


def test_run_lengths_that_do_not_fill_the_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="decoded"):
        pixels_of(Masks((40, 60), (b"1",)), 0)


def test_one_frame_without_masks_has_all_compared_by_boxes() -> None:
    with_mask, boxes, nothing = (
        Detections.of_masks(disc(20, 20, 5), [0]),
        Detections.of([[0, 0, 5, 5]], [0]),
        Detections.empty(),
    )
    assert on_equal_terms([with_mask, nothing], [nothing, with_mask]) == ([with_mask, nothing], [nothing, with_mask])
    assert on_equal_terms([with_mask], [boxes]) == ([with_mask.unmasked], [boxes])


# -- rectangles: whatever is decided by boxes is decided alike ---------------------------------------------------------


@quick
@given(detections(), detections())
def test_rectangular_masks_overlap_as_their_boxes(a: Detections, b: Detections) -> None:
    first, second = with_rectangles(a), with_rectangles(b)
    assert np.array_equal(overlap(first, second), iou_matrix(a.boxes, b.boxes))
    assert np.array_equal(overlap(first, b), iou_matrix(a.boxes, b.boxes))


@quick
@given(detections(), detections())
def test_rectangular_masks_are_corrected_audited_and_disputed_as_their_boxes(a: Detections, b: Detections) -> None:
    first, second = with_rectangles(a), with_rectangles(b)
    assert compare(first, second) == compare(a, b)
    assert disagreement(first, second) == disagreement(a, b)
    by_masks, by_boxes = evidence(first, second, 0.5, 0, 1), evidence(a, b, 0.5, 0, 1)
    assert np.array_equal(by_masks.right, by_boxes.right)
    assert np.array_equal(by_masks.found, by_boxes.found)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(detections(), detections()), min_size=1, max_size=3))
def test_rectangular_masks_have_the_average_precision_of_their_boxes(
    frames: list[tuple[Detections, Detections]],
) -> None:
    truth, found = [t for t, _ in frames], [f for _, f in frames]
    masked_truth, masked_found = [with_rectangles(t) for t in truth], [with_rectangles(f) for f in found]
    sizes = [(200, 200)] * len(frames)
    by_masks, by_boxes = evaluate(masked_truth, masked_found, NAMES, sizes), evaluate(truth, found, NAMES, sizes)
    assert by_masks.map50_95 == pytest.approx(by_boxes.map50_95)
    assert by_masks.per_class50 == pytest.approx(by_boxes.per_class50)
    assert by_masks.by_masks == any(len(t) for t in truth)
    assert np.array_equal(confusion_matrix(masked_truth, masked_found, 3), confusion_matrix(truth, found, 3))


def test_masks_decide_where_boxes_cannot_tell() -> None:
    """A ring and the disc in it have nearly the same box: by boxes a hit, by masks none."""
    ring = Masks.of([pixels_of(disc(40, 30, 20), 0) & ~pixels_of(disc(40, 30, 18), 0)], (60, 80))
    truth, found = Detections.of_masks(disc(40, 30, 20), [0]), Detections.of_masks(ring, [0])
    assert evaluate([truth], [found], NAMES, [(80, 60)]).map50 == 0
    assert evaluate([truth.unmasked], [found], NAMES, [(80, 60)]).map50 == 1
    assert [each.change for each in compare(found, truth)] == ["deleted", "added"]


def test_a_rival_that_knows_boxes_only_is_compared_by_boxes() -> None:
    ring = Masks.of([pixels_of(disc(40, 30, 20), 0) & ~pixels_of(disc(40, 30, 18), 0)], (60, 80))
    truth, ours = [Detections.of_masks(disc(40, 30, 20), [0])] * 4, [Detections.of_masks(ring, [0])] * 4
    theirs = [each.unmasked for each in truth]
    gain = paired_gain(truth, ours, theirs, ["a", "b", "c", "d"], NAMES, np.random.default_rng(0), draws=20)
    assert gain.mean == 0
