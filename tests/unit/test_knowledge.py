"""What the ledger has taught survives its receipt, and people change what is believed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import MODEL, drawn_box, entry, shown_box
from strategies import detections

from nightshift.domain.corrections import Change
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import Asked, Entry
from nightshift.policy.knowledge import Knowledge, learn, mean_objects
from nightshift.policy.worth import Worth, seconds

SHOWN = (Change.KEPT, Change.MOVED, Change.RELABELLED, Change.DELETED)
BOXES = st.lists(st.builds(shown_box, st.sampled_from(SHOWN), st.floats(0, 1), st.integers(0, 1)), max_size=4)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    entries = []
    for i in range(draw(st.integers(0, 6))):
        asked = Asked(MODEL, hidden=draw(st.floats(0, 2)), alone=draw(st.floats(0, 5)))
        boxes = [*draw(BOXES), *[drawn_box()] * draw(st.integers(0, 2))]
        entries.append(entry(boxes, i, asked=asked, seconds=draw(st.floats(1, 60)), asked_in=draw(st.integers(0, 3))))
    return entries


@settings(max_examples=20)
@given(ledgers(), detections(), st.none() | detections())
def test_knowledge_that_went_through_json_weighs_and_prices_every_frame_alike(
    entries: list[Entry], boxes: Detections, second: Detections | None
) -> None:
    known = learn(entries, Prices(), classes=3)
    back = Knowledge.from_dict(json.loads(json.dumps(known.as_dict())))
    assert back.prices == known.prices
    assert back.rates.additions == known.rates.additions
    one, other = (each.scale([1, 2, 3], 0.3).weigh(boxes, second, MODEL) for each in (known, back))
    assert one == other


def test_without_answers_the_price_list_and_the_scores_are_believed() -> None:
    start = Prices(draw_seconds=9.0)
    known = learn([], start, classes=2)
    assert known.prices == start
    assert (known.rates.additions.hidden, known.rates.additions.alone) == (1.0, 1.0)
    assert known.rates.expect_blind(None).added == 5.0


def test_objects_known_without_answers_are_what_an_unseen_frame_is_expected_to_hold() -> None:
    assert learn([], Prices(), classes=2, objects=12.0).rates.expect_blind(None).added == 12.0


def test_people_who_delete_what_they_see_make_more_corrections_expected_of_such_boxes() -> None:
    box = Detections.of([[0, 0, 9, 9]], [0], [0.8])

    def value(change: Change) -> float:
        known = learn([entry([shown_box(change, 0.8)], i) for i in range(40)], Prices(), classes=1)
        return known.scale([0], 0.3).weigh(box, None, MODEL).edits.corrections

    assert value(Change.DELETED) > value(Change.KEPT)


def test_a_second_model_that_found_what_people_drew_makes_its_lonely_boxes_worth_and_cost_more() -> None:
    """Of the ledger's frames half had such a box: on these people drew one, or no one did."""
    box = Detections.of([[0, 0, 9, 9]], [0], [0.9])
    lonely = Detections.of([[50, 50, 59, 59]], [0], [0.8])

    def known(right: int) -> Worth:
        seen = [shown_box(Change.KEPT, 0.9)]
        with_it = [entry([*seen, *[drawn_box()] * right], i, asked=Asked(MODEL, alone=0.8)) for i in range(40)]
        taught = learn(with_it + [entry(seen, i) for i in range(40)], Prices(), classes=1)
        return taught.scale([0], 0.3).weigh(box, lonely, MODEL)

    right, wrong = known(1), known(0)
    assert right.edits.added == pytest.approx(1, abs=0.15)
    assert wrong.edits.added < 0.2
    assert right.settled > wrong.settled
    assert seconds(right.edits, Prices()) > seconds(wrong.edits, Prices())


def test_the_mean_number_of_objects_counts_empty_frames_and_is_a_guess_before_the_first() -> None:
    two = Detections.of([[0, 0, 9, 9], [20, 0, 29, 9]], [0, 0])
    assert mean_objects({"a": two, "b": Detections.empty()}) == 1.0
    assert mean_objects({}, otherwise=4.0) == 4.0
