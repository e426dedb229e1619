"""What rounds are called in MLflow: within its limits, nothing lost, nothing told that is secret."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name, _validate_param

from nightshift.domain.rounds import Plan, Sealed, Weights
from nightshift.services.tracking import board, names
from nightshift.services.tracking.dataset import DatasetNote, data_input

WHEN = datetime(2026, 11, 21, tzinfo=UTC)
ANY_NAME = st.text(min_size=1, max_size=300)


def _plan(config: dict[str, object]) -> Plan:
    weights = Weights(2, "rounds/0002/student/weights.pt", "ab" * 32)
    return Plan(3, 2, "nightly", WHEN, config, "cd" * 32, weights, 7, {"torch": "2.14.1"})


def _sealed(**figures: dict[str, float]) -> Sealed:
    return Sealed(3, 2, "nightly", WHEN, None, figures.get("metrics", {}), figures.get("per_class", {}), {})


def test_everything_in_the_plan_becomes_a_parameter() -> None:
    found = names.params(_plan({"student": {"steps": 800}, "ontology": [{"name": "gear", "prompts": ["a gear"]}]}))
    assert found["number"] == "3"
    assert found["opened_at"] == "2026-11-21T00:00:00+00:00"
    assert found["champion.key"] == "rounds/0002/student/weights.pt"
    assert found["config.student.steps"] == "800"
    assert found["config.ontology.0.prompts"] == '["a gear"]'
    assert found["versions.torch"] == "2.14.1"


@pytest.mark.parametrize("key", ["api_key", "label_studio_token", "PASSWORD", "aws_secret_access_key"])
def test_what_looks_like_a_secret_is_not_logged(key: str) -> None:
    assert "hunter2" not in names.params(_plan({key: "hunter2", "deep": [{key: "hunter2"}]})).values()


def test_credentials_inside_an_address_are_not_logged() -> None:
    assert names.params(_plan({"uri": "https://me:hunter2@host/x"}))["config.uri"] == "https://host/x"


@given(st.dictionaries(ANY_NAME, st.one_of(st.text(max_size=7000), st.integers(), st.none()), max_size=4))
def test_mlflow_takes_every_parameter(config: dict[str, object]) -> None:
    for key, value in names.params(_plan(config)).items():
        _validate_param(key, value)
        assert len(value) <= names.VALUE_LENGTH


@given(st.lists(ANY_NAME, unique=True, max_size=6))
def test_mlflow_takes_every_class_name_and_two_classes_stay_two(classes: list[str]) -> None:
    found = names.round_metrics(_sealed(per_class=dict.fromkeys(classes, 0.5)))
    assert len(found) == len(classes)
    for name in found:
        _validate_metric_name(name)


@given(ANY_NAME)
def test_mlflow_takes_every_metric_name(name: str) -> None:
    (found,) = names.round_metrics(_sealed(metrics={name: 1.0}))
    _validate_metric_name(found)


def test_ordinary_names_stay_as_they_are() -> None:
    found = names.round_metrics(_sealed(metrics={"map50": 0.5}, per_class={"Getriebe Größe 2": 0.25}))
    assert found == {"map50": 0.5, "ap/Getriebe Größe 2": 0.25}


def test_a_figure_that_is_not_a_number_is_left_out() -> None:
    assert names.round_metrics(_sealed(metrics={"map50": math.nan, "map50_95": math.inf})) == {}


def test_curves_count_epochs_from_one() -> None:
    curves = [{"epoch": 1.0, "train/box_loss": 2.0, "metrics/mAP50(B)": 0.1}, {"train/box_loss": 1.0}]
    assert list(names.curve_metrics(curves)) == [
        ("training/train.box_loss", 2.0, 1),
        ("training/metrics.mAP50", 0.1, 1),
        ("training/train.box_loss", 1.0, 2),
    ]


def test_the_page_arrangement_fits_into_an_experiment_tag() -> None:
    assert len(board.tag()) < 5000


def test_a_data_set_digest_fits_and_its_source_is_found_again() -> None:
    entity = data_input(DatasetNote("line", "e" * 64, "s3://bucket/labels.parquet", 3, 9)).dataset
    assert (entity.digest, entity.source) == ("e" * 36, '{"uri": "s3://bucket/labels.parquet"}')


@pytest.mark.parametrize("wrong", [{"name": ""}, {"digest": ""}, {"frames": -1}])
def test_a_data_set_without_name_digest_or_sense_is_refused(wrong: dict[str, object]) -> None:
    said = {"name": "line", "digest": "e", "uri": "s3://b/k", "frames": 1, "boxes": 1} | wrong
    with pytest.raises(ValueError, match="data set"):
        DatasetNote(**said)
