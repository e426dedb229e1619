"""A language model's answer is a list of boxes, or a reason why it is not."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.errors import ConfigError
from nightshift.teachers._answers import read_answers
from nightshift.teachers._phrase_words import check_words, same_words, words

LIMITS = (100.0, 60.0)
boxes = st.tuples(st.integers(0, 100), st.integers(0, 60), st.integers(0, 100), st.integers(0, 60))
lists = st.lists(st.tuples(boxes, st.text(max_size=8)), max_size=6)


def written(answers: list[tuple[tuple[int, ...], str]]) -> str:
    return json.dumps([{"bbox_2d": list(box), "label": label} for box, label in answers], ensure_ascii=False)


def sure(text: str, surety: float = 1.0) -> tuple[list[str], list[float]]:
    """A letter a token."""
    return list(text), [surety] * len(text)


@given(lists, st.floats(0.01, 1), st.sampled_from(["{}", "```json\n{}\n```", "  ```\n{}```\n"]))
def test_what_was_written_is_read_and_an_even_surety_is_the_score(
    answers: list[tuple[tuple[int, ...], str]], surety: float, around: str
) -> None:
    text = around.replace("{}", written(answers))
    read = read_answers(*sure(text, surety), LIMITS)
    assert [(each.answer.bbox_2d, each.answer.label) for each in read] == answers
    assert all(each.score == pytest.approx(surety) for each in read)


@given(lists.filter(bool), st.data())
def test_an_answer_that_was_cut_off_is_none(answers: list[tuple[tuple[int, ...], str]], data: st.DataObject) -> None:
    text = written(answers)
    with pytest.raises(ValueError, match=r".+"):
        read_answers(*sure(text[: data.draw(st.integers(0, len(text) - 1))]), LIMITS)


@given(st.text())
def test_no_text_ends_the_night(text: str) -> None:
    """It is read, or refused by the one error that is caught."""
    with suppress(ValueError):
        read_answers(*sure(text), LIMITS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("There are none.", "Invalid JSON"),
        ('{"bbox_2d": [1, 2, 3, 4], "label": "nut"}', "valid array"),
        ('[{"bbox_2d": [1, 2, 3], "label": "nut"}]', "0 bbox_2d 3: Field required"),
        ('[{"bbox_2d": [1, 2, 3, "4"], "label": "nut"}]', "0 bbox_2d 3: Input should be a valid number"),
        ('[{"bbox_2d": [1, 2, 3, -4], "label": "nut"}]', "greater than or equal to 0"),
        ('[{"bbox_2d": [1, 2, 3, 1e999], "label": "nut"}]', "finite"),
        ('[{"bbox_2d": [1, 2, 3, 4], "label": "nut", "score": 1}]', "Extra inputs"),
        ('[{"bbox_2d": [1, 2, 101, 4], "label": "nut"}]', "a box reaches beyond 100 x 60"),
        ('[{"bbox_2d": [1, 2, 3, 61], "label": "nut"}]', "a box reaches beyond 100 x 60"),
    ],
)
def test_what_is_not_as_asked_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_answers(*sure(text), LIMITS)


def test_only_the_digits_of_a_box_make_its_score() -> None:
    """Brackets are always sure, and a label may have digits of its own."""
    text = '[{"label": "m8 [bolt]", "bbox_2d": [1, 2, 3, 4]}, {"bbox_2d": [5, 6, 7, 8], "label": "nut"}]'
    odds = {"1": 0.5, "2": 0.5, "3": 0.5, "4": 0.5, "5": 0.1, "6": 1, "7": 1, "8": 0.1}
    surety = [float(odds.get(letter, 0.9)) for letter in text]
    read = read_answers(list(text), surety, LIMITS)
    assert [each.score for each in read] == pytest.approx([0.5, 0.1**0.5])


@pytest.mark.parametrize(
    ("phrase", "prompt"),
    [("Red bolt", 0), ("the red  bolt.", 0), ("red_bolt", 0), ("round nut", 1), ("A round nut", 1), ("bolt", None),
     ("", None)],
)  # fmt: skip
def test_a_phrase_stands_for_the_prompt_with_its_words(phrase: str, prompt: int | None) -> None:
    assert same_words(["red bolt", "a round nut", "..."])(phrase) == prompt


def test_a_prompt_without_words_is_refused_by_name() -> None:
    check_words(["red bolt", "m8"])
    with pytest.raises(ConfigError, match=r"prompt '\.\.\.': it has no word"):
        check_words(["red bolt", "..."])


@given(st.text())
def test_words_of_words_are_the_same_words(phrase: str) -> None:
    once = words(phrase)
    assert words(once) == once or once.split()[0] in {"a", "an", "the"}
