import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.corrections import Change
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, NightshiftError, StoreError, UnknownName
from nightshift.domain.frames import Frame, Split, audit_rank, frame_id, golden_rank, is_golden
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.review import Purpose, Question

GEAR = ObjectClass("gear", ("gear", "cog"), "#ff0000")
BOLT = ObjectClass("bolt", ("bolt",), "#00ff00")


def test_an_error_shows_commands_to_the_terminal_instead_of_giving_them() -> None:
    error = StoreError("a\x1b[2J\n\ud800.png", "it\u202e is\nodd", "Look.")
    assert str(error) == "a\\x1b[2J\\n\\ud800.png: it\\u202e is\nodd. Look."


def test_an_error_names_the_object_the_reason_and_the_remedy() -> None:
    error = StoreError("s3://bucket/key", "access was denied", "Check AWS_ACCESS_KEY_ID.")
    assert str(error) == "s3://bucket/key: access was denied. Check AWS_ACCESS_KEY_ID."


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(StoreError("a", "b", "c")))  # noqa: S301 - our own bytes
    assert (type(error), str(error)) == (StoreError, "a: b. c")
    assert isinstance(error, NightshiftError)


def test_every_prompt_leads_to_its_class() -> None:
    assert Ontology((GEAR, BOLT)).prompts == (("gear", 0), ("cog", 0), ("bolt", 1))


def test_an_unknown_class_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="gear, bolt"):
        Ontology((GEAR, BOLT)).index("washer")


@pytest.mark.parametrize("classes", [(), (GEAR, GEAR)])
def test_an_ontology_needs_classes_with_names_of_their_own(classes: tuple[ObjectClass, ...]) -> None:
    with pytest.raises(ConfigError):
        Ontology(classes)


@given(st.text(min_size=1), st.integers(0, 2**31))
def test_whether_a_clip_is_golden_never_changes_and_grows_with_the_share(clip: str, seed: int) -> None:
    assert is_golden(clip, 1.0, seed)
    assert not is_golden(clip, 0.0, seed)
    if is_golden(clip, 0.2, seed):
        assert is_golden(clip, 0.3, seed)


def test_about_the_asked_share_of_many_clips_is_golden() -> None:
    golden = sum(is_golden(f"clip-{i}", 0.2, 1) for i in range(5000))
    assert 900 < golden < 1100


@given(st.text(), st.integers(0, 2**31))
def test_the_rank_of_an_audit_never_changes_and_lies_below_one(frame: str, seed: int) -> None:
    assert 0 <= audit_rank(frame, seed) == audit_rank(frame, seed) < 1


def test_ranks_of_audits_are_spread_evenly_and_have_nothing_to_do_with_what_is_golden() -> None:
    names = [f"frame-{i}" for i in range(4000)]
    audits, golden = (np.array([rank(each, 1) for each in names]) for rank in (audit_rank, golden_rank))
    assert np.histogram(audits, 10, (0, 1))[0] == pytest.approx(400, abs=80)
    assert abs(np.corrcoef(audits, golden)[0, 1]) < 0.06


def test_a_frame_is_known_by_its_content() -> None:
    assert frame_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_question_that_nobody_is_asked_is_refused() -> None:
    frame = Frame("0" * 64, "s3://b/k", 10, 10, "c", Split.POOL, "n", 0)
    with pytest.raises(ValueError, match="at least one person"):
        Question(frame, 1, Purpose.REVIEW, 0, 1.0, 1.0, 0.1, "", None, "", opinions=0)


def test_a_blind_question_cannot_show_boxes() -> None:
    frame = Frame("0" * 64, "s3://b/k", 10, 10, "c", Split.POOL, "n", 0)
    with pytest.raises(ValueError, match="blind"):
        Question(frame, 1, Purpose.AUDIT, 0, 1.0, 1.0, 0.1, "", Detections.empty(), "m")


@given(st.dictionaries(st.sampled_from(Change), st.floats(0, 50)))
def test_a_frame_costs_at_least_a_glance_and_at_most_the_cap(edits: dict[Change, float]) -> None:
    prices = Prices(lead_time_cap_seconds=60)
    assert prices.glance_seconds <= prices.frame_seconds(edits) <= 60


def test_an_hour_costs_what_an_hour_costs() -> None:
    prices = Prices(reviewer_usd_per_hour=18, gpu_usd_per_hour=2)
    assert prices.people_usd(3600) == 18
    assert prices.compute_usd(1800) == 1


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(ValueError, match="draw_seconds"):
        Prices(draw_seconds=-1)
