"""What each acquisition function and strategy is for, on frames small enough to reckon by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pools import bare_pool, found, full_pool, rank_by, value_of

from nightshift.acquisition.functions import ppal
from nightshift.domain.detections import Detections

BOX = [10, 10, 50, 50]


def test_by_default_one_great_frame_is_preferred_to_a_cheap_one_that_leaves_no_money_for_it() -> None:
    pool = bare_pool([found(0.5)] * 2, corrections=np.array([0.2, 10.0]), usd=np.array([0.01, 1.0]))
    assert rank_by("gain_per_dollar", pool, 1.0) == [1]


def test_by_default_a_frame_that_looks_like_a_labelled_one_waits() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, -1]], np.float32)
    pool = bare_pool([found(0.5)] * 3, vectors=vectors, labelled_vectors=np.array([[1, 0.01]], np.float32))
    assert rank_by("gain_per_dollar", pool, 2.0) == [1, 2]


def test_entropy_of_a_coin_is_the_logarithm_of_two_and_a_frame_sums_averages_or_picks() -> None:
    pool = bare_pool([found(0.5, 1.0), found(0.5, 0.5)])
    assert value_of("entropy_sum", pool) == pytest.approx([np.log(2), 2 * np.log(2)])
    assert value_of("entropy_mean", pool) == pytest.approx([np.log(2) / 2, np.log(2)])
    assert value_of("entropy_max", pool) == pytest.approx([np.log(2), np.log(2)])


def test_entropy_uses_every_class_where_it_is_known() -> None:
    shown = [found(0.9)]
    scores = [np.array([[0.9, 0.5, 0.0]], np.float32)]
    pool = bare_pool(shown, student=shown, probabilities=scores)
    assert value_of("entropy_sum", pool)[0] > value_of("entropy_sum", bare_pool(shown))[0]


def test_boxes_near_zero_are_noise() -> None:
    assert value_of("entropy_sum", bare_pool([found(0.05, 0.09), found(0.11)])) == pytest.approx([0, 0.3466], abs=1e-3)


def test_least_confidence_is_the_mean_distance_to_certainty_and_nothing_for_a_blank_frame() -> None:
    pool = bare_pool([found(0.9, 0.5), Detections.empty()])
    assert value_of("least_confidence", pool) == pytest.approx([0.3, 0.0])


def test_margin_sees_a_close_second_class_that_the_top_score_hides() -> None:
    shown = [found(0.8), found(0.8)]
    scores = [np.array([[0.8, 0.75, 0]], np.float32), np.array([[0.8, 0.1, 0]], np.float32)]
    pool = bare_pool(shown, student=shown, probabilities=scores)
    assert value_of("margin", pool) == pytest.approx([0.95, 0.3])


def test_disagreement_counts_missed_extra_swapped_and_misplaced_boxes() -> None:
    base = Detections.of([BOX], [0], [0.8])
    others = (
        base,
        Detections.empty(),
        Detections.of([BOX], [1], [0.6]),
        Detections.of([[20, 10, 60, 50]], [0], [0.9]),
    )
    pool = bare_pool([base] * 4, second=others)
    assert value_of("disagreement", pool) == pytest.approx([0.0, 0.8, 0.6, 0.8])


def test_consistency_is_zero_for_equal_views_and_one_for_views_with_nothing_in_common() -> None:
    views = [found(0.9, 0.5), found(0.9), found(0.9), found(0.31)]
    mirrored = [found(0.9, 0.5), Detections.empty(), found(0.9, label=1), found(0.29)]
    pool = bare_pool(views, student=views, mirrored=mirrored)
    assert value_of("consistency", pool) == pytest.approx([0, 1, 1, 0])


def test_novelty_is_nothing_on_a_labelled_frame_and_the_same_everywhere_while_nothing_is_labelled() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    pool = bare_pool([found(0.5)] * 3, vectors=vectors, labelled_vectors=vectors[:1])
    value = value_of("novelty", pool)
    assert value[0] == pytest.approx(0, abs=1e-6)
    assert value[2] > value[1] > 0.5
    assert value_of("novelty", replace(pool, labelled_vectors=vectors[:0])).tolist() == [1, 1, 1]


def test_reconstruction_finds_the_frame_that_is_like_no_labelled_one_of_its_class() -> None:
    rng = np.random.default_rng(0)
    known = np.hstack([rng.normal(size=(20, 1)), rng.normal(size=(20, 3)) * 0.1]).astype(np.float32)
    pool = bare_pool(
        [found(0.9), found(0.9)],
        vectors=np.array([[1.5, 0, 0, 0], [0, 0, 2, 0]], np.float32),
        labelled_vectors=known,
        labelled_holds=np.ones((20, 3), np.bool_),
    )
    ordinary, odd = value_of("reconstruction", pool)
    assert ordinary < 2
    assert odd > 5


def test_three_of_six_donuts_are_three_suspicions() -> None:
    donuts = found(0.9, 0.9, 0.9, 0.9, 0.9, 0.9)
    said = Detections(donuts.boxes, donuts.classes, np.ones(6, np.float32))
    pool = bare_pool([donuts, donuts, donuts], labelled=[said, said.take(np.arange(3)), None])
    assert value_of("suspicion", pool) == pytest.approx([0, 3 * 0.9, 0])


def test_swapped_and_unseen_boxes_of_people_are_suspicious() -> None:
    right = Detections.of([BOX], [0])
    models = [Detections.of([BOX], [0], [0.8])] * 2 + [Detections.empty()]
    pool = bare_pool(models, labelled=[right, Detections.of([BOX], [1]), right])
    assert value_of("suspicion", pool) == pytest.approx([0, 0.8, 0.5])  # the model matches one of class 0's two


def test_a_frame_among_its_like_is_more_typical_than_a_lonely_one() -> None:
    rng = np.random.default_rng(0)
    near, far = rng.normal([5, 0, 0], 0.1, (12, 3)), rng.normal([-5, 5, 0], 3, (4, 3))
    pool = bare_pool([found(0.5)] * 16, vectors=np.vstack([near, far]).astype(np.float32))
    value = value_of("typicality", pool)
    assert value[:12].min() > value[12:].max()


def test_typiclust_asks_each_group_once_before_any_twice() -> None:
    rng = np.random.default_rng(0)
    middles = np.repeat(np.eye(4) * 9, 6, axis=0)
    pool = bare_pool([found(0.5)] * 24, vectors=(middles + rng.normal(0, 0.1, (24, 4))).astype(np.float32))
    assert {i // 6 for i in rank_by("typiclust", pool, 4.0)} == {0, 1, 2, 3}


def test_core_set_takes_the_frame_farthest_from_what_is_labelled() -> None:
    vectors = np.array([[1, 0], [0.9, 0.5], [-1, 0]], np.float32)
    pool = bare_pool([found(0.5)] * 3, vectors=vectors, labelled_vectors=vectors[:1])
    assert rank_by("core_set", pool, 1.0) == [2]


def test_ppal_weighs_hard_classes_and_chooses_among_the_most_uncertain_only() -> None:
    shown = [found(0.5), found(0.5, label=1), found(1.0), found(1.0), found(1.0), found(1.0)]
    known: dict[str, Any] = {"class_difficulty": np.array([0.0, 1.0, 0.5])}
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    pool = bare_pool(shown, vectors=vectors, **known)
    easy, hard = ppal.uncertainty(pool)[:2]
    assert easy == pytest.approx(np.log(2))
    assert hard == pytest.approx(np.log(2) * (1 + ppal.BETA))  # log(1 + γ) = 1 / α
    assert rank_by("ppal", pool, 1.0)[0] in {0, 1, 2, 3}


def test_ppal_learns_what_is_hard_from_peoples_boxes() -> None:
    good = Detections.of([BOX], [0], [1.0])
    people = [Detections.of([BOX], [0]), Detections.of([BOX], [1])]
    assert ppal.difficulty(bare_pool([good, good], labelled=people))[:2] == pytest.approx([0, 1])


def test_a_pool_refuses_what_does_not_fit_together() -> None:
    pool = full_pool(0)
    nan = np.full(6, np.nan)
    wrong: dict[str, Any] = {"usd": np.zeros(6), "corrections": -np.ones(6), "clips": ["a"], "shown_above": 2.0}
    wrong |= {"vectors": np.zeros((5, 4), np.float32), "class_counts": np.zeros(0, np.int64), "student": None}
    wrong |= {"labelled_holds": np.ones((1, 1), np.bool_), "class_difficulty": np.ones(1), "probabilities": [[]] * 5}
    for name, value in wrong.items():
        with pytest.raises(ValueError, match=r".+"):
            replace(pool, **{name: value})
    with pytest.raises(ValueError, match="finite"):
        replace(pool, corrections=nan)
