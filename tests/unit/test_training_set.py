"""What the student learns from: people's word before the teacher's, and never what nobody has vouched for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.policy.training_set import Source, TrainingRule, training_set

NAMES = ("a", "b", "c", "d", "e")
SOME = st.dictionaries(st.sampled_from(NAMES), detections(most=3), max_size=5)
RULES = st.builds(
    TrainingRule,
    auto_labels=st.sampled_from(["confident", "accepted", "none"]),
    auto_above=st.floats(0, 1),
    human_weight=st.floats(0.1, 10),
)
SURE, FAINT = (Detections.of([[0, 0, 9, 9]], [0], [score]) for score in (0.9, 0.1))


@settings(max_examples=25)
@given(st.permutations(NAMES), SOME, SOME, SOME, RULES)
def test_a_persons_word_about_a_frame_is_final(
    pool: list[str],
    human: dict[str, Detections],
    auto: dict[str, Detections],
    accepted: dict[str, Detections],
    rule: TrainingRule,
) -> None:
    lessons = training_set(pool, human, auto, accepted, rule)
    assert {name for name, each in lessons.items() if each.human} == set(human)
    for name, said in human.items():
        assert (lessons[name].labels, lessons[name].weight) == (said, rule.human_weight)


@settings(max_examples=25)
@given(st.permutations(NAMES), SOME, SOME, SOME, RULES)
def test_an_auto_label_is_never_empty_and_counts_once(
    pool: list[str],
    human: dict[str, Detections],
    auto: dict[str, Detections],
    accepted: dict[str, Detections],
    rule: TrainingRule,
) -> None:
    for each in training_set(pool, human, auto, accepted, rule).values():
        assert each.human or (len(each.labels) > 0 and each.weight == 1.0)


@settings(max_examples=25)
@given(st.permutations(NAMES), SOME, SOME, SOME, RULES)
def test_lessons_come_in_the_order_of_the_pool_and_from_nowhere_else(
    pool: list[str],
    human: dict[str, Detections],
    auto: dict[str, Detections],
    accepted: dict[str, Detections],
    rule: TrainingRule,
) -> None:
    lessons = list(training_set(pool[:3], human, auto, accepted, rule))
    assert lessons == [name for name in pool[:3] if name in lessons]


@settings(max_examples=25)
@given(SOME, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_teaches_more(auto: dict[str, Detections], one: float, other: float) -> None:
    def boxes(above: float) -> int:
        found = training_set(NAMES, {}, auto, {}, TrainingRule(auto_above=above))
        return sum(len(each.labels) for each in found.values())

    assert boxes(max(one, other)) <= boxes(min(one, other))


@pytest.mark.parametrize(
    ("source", "learned"), [("confident", {"a", "c"}), ("accepted", {"b", "c"}), ("none", set[str]())]
)
def test_each_source_teaches_what_its_name_says(source: Source, learned: set[str]) -> None:
    """Where the teacher's own boxes are not at hand, what was accepted is taken even by 'confident'."""
    auto, accepted = {"a": SURE, "b": FAINT}, {"b": FAINT, "c": SURE}
    lessons = training_set(NAMES, {}, auto, accepted, TrainingRule(source, 0.2))
    assert set(lessons) == learned


def test_a_frame_that_a_person_left_empty_teaches_that_there_is_nothing() -> None:
    lesson = training_set(NAMES, {"a": Detections.empty()}, {"a": SURE}, {}, TrainingRule())["a"]
    assert (len(lesson.labels), lesson.human) == (0, True)


@pytest.mark.parametrize("wrong", [{"auto_above": -0.1}, {"auto_above": 1.1}, {"human_weight": 0.0}])
def test_a_rule_outside_its_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="auto_above lies in"):
        TrainingRule(**wrong)  # type: ignore[arg-type]


def test_what_is_left_out_of_an_accepted_frame_goes_along_as_doubtful() -> None:
    taken, left_out = (Detections.of([[x, 0, x + 9, 9]], [0], [0.5]) for x in (0, 50))
    rule = TrainingRule(auto_labels="accepted")
    lessons = training_set(["a", "b"], {}, {}, {"a": taken, "b": taken}, rule, {"a": left_out})
    assert lessons["a"].doubtful == left_out
    assert len(lessons["b"].doubtful) == 0
