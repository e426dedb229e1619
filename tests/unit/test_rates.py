"""Expected edits follow the scores before anybody has answered, and what people did afterwards."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import MODEL, drawn_box, entry, shown_box
from strategies import detections

from nightshift.domain.corrections import Change
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.ledger import Asked, Entry
from nightshift.domain.review import Purpose
from nightshift.evaluation.additions import expected_missing
from nightshift.evaluation.rates import Rates, Shown, fit_rates

QUIET = settings(deadline=None, max_examples=20)
SHOWN_FATES = (Change.KEPT, Change.MOVED, Change.RELABELLED, Change.DELETED)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """Some answers about boxes of three classes, with and without hints at what is not shown."""
    box = st.builds(shown_box, st.sampled_from(SHOWN_FATES), st.floats(0, 1), st.integers(0, 2))
    new = st.builds(drawn_box, st.integers(0, 2))
    contents = draw(st.lists(st.tuples(st.lists(box, max_size=5), st.lists(new, max_size=3)), max_size=8))
    purposes = st.sampled_from([Purpose.REVIEW, Purpose.CONTROL, Purpose.SEED])
    known = st.builds(Asked, st.just(MODEL), st.floats(0, 3), st.floats(0, 3))
    return [
        entry([*new, *([] if (why := draw(purposes)) is Purpose.SEED else old)], i, why, draw(known), asked_in=i)
        for i, (old, new) in enumerate(contents)
    ]


def boxes(*scores: float, label: int = 0) -> Detections:
    corners = [[0, 20 * i, 10, 20 * i + 10] for i in range(len(scores))]
    return Detections.of(corners, [label] * len(scores), scores)


def many(number: int, score: float, right: float, label: int = 0, model: str = MODEL, **known: Any) -> list[Entry]:
    """Answers about one box each, the first `right` of them kept, the others deleted."""
    kept = round(number * right)
    return [
        entry([shown_box(Change.KEPT if i < kept else Change.DELETED, score, label)], i, asked=Asked(model), **known)
        for i in range(number)
    ]


def share_right(rates: Rates, score: float, label: int = 0, model: str = MODEL) -> float:
    return float(rates.changes(boxes(score, label=label), model)[0, :2].sum())


@pytest.mark.parametrize("score", [0.0, 0.13, 0.5, 0.77, 1.0])
def test_without_answers_a_box_is_right_as_often_as_its_score_says(score: float) -> None:
    assert share_right(fit_rates([], classes=3), score) == pytest.approx(score, abs=1e-6)


def test_with_a_single_class_nothing_is_expected_to_be_relabelled() -> None:
    assert fit_rates([], classes=1).expect(boxes(0.2, 0.9)).relabelled == 0


@QUIET
@given(ledgers(), detections())
def test_the_four_probabilities_of_every_box_add_up_to_one(answers: list[Entry], shown: Detections) -> None:
    chances = fit_rates(answers, classes=3).changes(shown, MODEL)
    assert chances.shape == (len(shown), 4)
    assert (chances >= 0).all()
    assert np.allclose(chances.sum(axis=1), 1)


@QUIET
@given(ledgers(), st.integers(0, 2))
def test_a_surer_box_is_never_less_often_right(answers: list[Entry], label: int) -> None:
    chances = fit_rates(answers, classes=3).changes(boxes(*np.linspace(0, 1, 41), label=label), MODEL)
    assert (np.diff(chances[:, :2].sum(axis=1)) >= -1e-9).all()


@QUIET
@given(ledgers(), st.lists(detections(), max_size=4))
def test_many_frames_at_once_are_expected_what_each_alone_is(answers: list[Entry], frames: list[Detections]) -> None:
    rates, hidden = fit_rates(answers, classes=3), [0.3 * i for i in range(len(frames))]
    alone = [1.0 / (i + 1) for i in range(len(frames))]
    together, each_one = Shown.of(frames, hidden, MODEL, alone), list(zip(frames, hidden, alone, strict=True))
    seen = [rates.expect(shown, h, MODEL, a).vector for shown, h, a in each_one]
    blind = [rates.expect_blind(shown, h, MODEL, a).added for shown, h, a in each_one]
    assert np.allclose(rates.expect_all(together), np.array(seen).reshape(-1, 5))
    assert np.allclose(rates.drawn_all(together), blind)


@QUIET
@given(ledgers(), detections())
def test_rates_survive_a_receipt(answers: list[Entry], shown: Detections) -> None:
    rates = fit_rates(answers, classes=3)
    again = Rates.from_dict(json.loads(json.dumps(rates.as_dict())))
    assert again.expect(shown, 0.5, MODEL, 0.7) == rates.expect(shown, 0.5, MODEL, 0.7)
    assert again.expect_blind(None) == rates.expect_blind(None)


@QUIET
@given(ledgers(), st.randoms(use_true_random=False), detections())
def test_the_order_of_answers_and_of_boxes_does_not_matter(
    answers: list[Entry], chance: Any, shown: Detections
) -> None:
    mixed = chance.sample(answers, len(answers))
    first, second = (fit_rates(each, classes=3) for each in (answers, mixed))
    turned = shown.take(np.arange(len(shown))[::-1])
    assert np.allclose(first.expect(shown, 0.2, MODEL, 0.7).vector, second.expect(turned, 0.2, MODEL, 0.7).vector)


def test_an_overconfident_model_is_believed_less_with_every_answer() -> None:
    few, more = (share_right(fit_rates(many(n, 0.85, 0.4), classes=3), 0.85) for n in (10, 300))
    assert 0.85 > few > more
    assert more == pytest.approx(0.4, abs=0.05)


def test_a_class_is_judged_by_itself_once_it_has_answers_and_by_all_others_before() -> None:
    answers = many(200, 0.55, 0.9, label=0) + many(200, 0.55, 0.2, label=1)
    rates = fit_rates(answers, classes=3)
    assert share_right(rates, 0.55, 0) > 0.85
    assert share_right(rates, 0.55, 1) < 0.3
    assert share_right(rates, 0.55, 2) == pytest.approx(0.55, abs=0.05)


def test_two_families_of_models_are_judged_apart_and_versions_of_one_together() -> None:
    answers = many(200, 0.35, 0.95, model="owlv2/tiny@aa") + many(200, 0.35, 0.1, model="yolo11n@bb")
    rates = fit_rates(answers, classes=3)
    assert share_right(rates, 0.35, model="owlv2/tiny@cc") > 0.85
    assert share_right(rates, 0.35, model="champion/yolo11n@dd") < 0.2


def test_what_was_long_ago_counts_less() -> None:
    answers = many(100, 0.55, 0.1, asked_in=0) + many(100, 0.55, 0.9, asked_in=20)
    assert share_right(fit_rates(answers, classes=3), 0.55) > 0.85
    remembering = fit_rates(answers, classes=3, half_life=float("inf"))
    assert share_right(remembering, 0.55) == pytest.approx(0.5, abs=0.05)


def test_expected_counts_agree_with_counted_ones_where_there_is_much_evidence() -> None:
    """Simulated: right with probability s², additions with mean 0.6 hidden + 0.4 alone + 0.1 boxes + 0.3."""
    rng = np.random.default_rng(1)
    rates = fit_rates([_answer(rng, i) for i in range(800)], classes=3)
    fresh = [_answer(rng, i) for i in range(800)]
    forecast = sum((_expected(rates, each) for each in fresh), Edits()).vector
    actual = sum((each.edits for each in fresh), Edits()).vector
    assert (np.abs(forecast - actual) < 3.5 * np.sqrt(forecast + actual)).all()  # both are as uncertain as counts
    assert (forecast > 100).all()
    assert rates.additions.hidden == pytest.approx(0.6, abs=0.15)
    assert rates.additions.alone == pytest.approx(0.4, abs=0.15)


def _answer(rng: np.random.Generator, number: int) -> Entry:
    scores, hidden, alone = rng.random(rng.integers(1, 8)), float(rng.uniform(0, 2)), float(rng.uniform(0, 2))
    wrong = rng.random(len(scores)) > scores**2
    fates = [rng.choice([2, 3], p=[0.3, 0.7]) if w else rng.choice([0, 1], p=[0.8, 0.2]) for w in wrong]
    new = [drawn_box()] * rng.poisson(0.6 * hidden + 0.4 * alone + 0.1 * len(scores) + 0.3)
    old = [shown_box(SHOWN_FATES[f], float(s)) for f, s in zip(fates, scores, strict=True)]
    return entry([*old, *new], number, asked=Asked(MODEL, hidden, alone))


def _expected(rates: Rates, answer: Entry) -> Edits:
    shown = boxes(*(each.score_before for each in answer.boxes if each.change is not Change.ADDED))
    return rates.expect(shown, answer.asked.hidden, MODEL, answer.asked.alone)


# ---- additions, blank frames, blind frames


def test_what_is_not_shown_is_taken_at_face_value_before_anybody_has_answered() -> None:
    assert fit_rates([], classes=3).expect(boxes(0.5), 0.7).added == pytest.approx(0.7)
    assert fit_rates([], classes=3).expect(boxes(0.5), 0.7, alone=0.4).added == pytest.approx(1.1)


@QUIET
@given(ledgers(), detections(), st.floats(0, 3), st.tuples(st.floats(0, 5), st.floats(0, 5)))
def test_more_that_only_the_second_model_saw_never_lowers_what_is_drawn_nor_the_price(
    answers: list[Entry], shown: Detections, hidden: float, masses: tuple[float, float]
) -> None:
    """Nor what a blind frame takes; and nothing else is expected of the boxes shown."""
    rates, prices = fit_rates(answers, classes=3), Prices()
    less, more = (rates.expect(shown, hidden, MODEL, mass) for mass in sorted(masses))
    assert more.added >= less.added - 1e-9
    assert prices.frame_seconds(more.counts) >= prices.frame_seconds(less.counts) - 1e-9
    assert replace(more, added=less.added) == less
    blind = [rates.expect_blind(shown, hidden, MODEL, mass).added for mass in sorted(masses)]
    assert blind[1] >= blind[0] - 1e-9


def _second_opinions(drawn: int, purpose: Purpose = Purpose.REVIEW, shown: int = 1) -> list[Entry]:
    """Answers about frames of which one half hold a box that only the second model saw; people drew `drawn` there."""
    seen = [shown_box(Change.KEPT, 0.9)] * shown
    lonely = [entry([*seen, *[drawn_box()] * drawn], i, purpose, Asked(MODEL, alone=0.5)) for i in range(100)]
    return lonely + [entry(seen, i, purpose, Asked(MODEL)) for i in range(100)]


@pytest.mark.parametrize("drawn", [0, 1, 2])
def test_the_ledger_teaches_how_many_boxes_what_only_the_second_model_saw_comes_to(drawn: int) -> None:
    rates = fit_rates(_second_opinions(drawn), classes=3)
    assert rates.additions.alone == pytest.approx(2 * drawn, rel=0.1, abs=0.15)
    assert rates.expect(boxes(0.9), 0.0, MODEL, 0.5).added == pytest.approx(drawn, abs=0.15)
    assert rates.expect(boxes(0.9), 0.0, MODEL, 0.0).added == pytest.approx(0, abs=0.1)


def test_answers_without_a_second_opinion_or_without_boxes_shown_teach_nothing_about_it() -> None:
    unseen = [entry([shown_box(Change.KEPT, 0.9), drawn_box()], i) for i in range(100)]
    blind = _second_opinions(3, Purpose.AUDIT, shown=0)
    assert fit_rates(unseen + blind, classes=3).additions.alone == pytest.approx(1)


def test_few_second_opinions_move_the_belief_in_their_scores_a_little() -> None:
    few, more = (fit_rates(_second_opinions(0)[90 - n : 110 + n], classes=3).additions.alone for n in (0, 90))
    assert 0.8 > few > 2 * more


def test_without_evidence_half_of_the_blank_frames_are_assumed_to_hide_objects() -> None:
    assert expected_missing(4.0, 0, 0) == 2.0
    assert expected_missing(4.0, 98, 0) == pytest.approx(0.04)


def test_where_nothing_is_shown_the_second_model_is_believed_once_it_sees_more_than_such_frames_hide() -> None:
    rates, nothing = fit_rates([], classes=3, objects=5.0), Detections.empty()
    assert rates.expect(nothing, alone=1.0).added == rates.expect(nothing).added == 2.5
    assert rates.expect(nothing, alone=4.0).added == pytest.approx(4)


def test_people_who_always_draw_two_more_are_believed() -> None:
    answers = [entry([shown_box(Change.KEPT, 0.9), drawn_box(), drawn_box()], i) for i in range(200)]
    assert fit_rates(answers, classes=3).expect(boxes(0.9), 0.0).added == pytest.approx(2, abs=0.15)


def test_a_frame_on_which_nothing_was_found_is_worth_what_people_drew_on_such_frames() -> None:
    empty = [entry([], i) for i in range(30)]
    full = [entry([drawn_box()] * 4, i) for i in range(30)]
    nothing = Detections.empty()
    assert fit_rates(empty, classes=3).expect(nothing).added < 0.3
    assert fit_rates(full, classes=3).expect(nothing).added == pytest.approx(4, abs=0.3)


def test_a_blind_frame_of_unknown_content_holds_as_much_as_random_frames_did() -> None:
    crowded = [entry([drawn_box()] * 12, i) for i in range(40)]
    random = [entry([drawn_box()] * 3, i, Purpose.GOLDEN) for i in range(40)]
    assert fit_rates([], classes=3, objects=5.0).expect_blind(None).added == pytest.approx(5)
    assert fit_rates(crowded, classes=3).expect_blind(None).added == pytest.approx(12, abs=0.5)
    assert fit_rates(crowded + random, classes=3).expect_blind(None).added == pytest.approx(3, abs=1)


def test_a_blind_frame_is_expected_to_be_drawn_as_often_as_blind_answers_have_shown() -> None:
    predicted = boxes(0.9, 0.9)
    asked = Asked(MODEL, predicted=predicted)
    answers = [entry([drawn_box()] * 4, i, Purpose.AUDIT, asked) for i in range(100)]
    before, after = (fit_rates(each, classes=3).expect_blind(predicted, 0.0, MODEL) for each in ([], answers))
    assert before.vector == pytest.approx([0, 0, 0, 1.82, 0])  # 0.9 right, and a tenth of the wrong is another class
    assert after.added == pytest.approx(4, abs=0.2)


def test_blind_answers_that_hold_what_only_the_second_model_saw_were_foretold() -> None:
    """They do not make blind frames look fuller than the forecast."""
    asked = Asked("", alone=2.0, predicted=boxes(1.0))
    answers = [entry([drawn_box()] * 3, i, Purpose.AUDIT, asked) for i in range(100)]
    assert fit_rates(answers, classes=3).blind == pytest.approx(1, abs=0.01)


def test_boxes_without_a_frame_each_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Shown(np.zeros(2, np.int64), np.zeros(2), np.zeros(1, np.int64), np.zeros(1), np.zeros(1))
