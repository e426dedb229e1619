"""Judgements of the doctor that need no server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.doctor import _checkpoints
from nightshift.config import Config
from nightshift.domain.errors import ModelError, StoreError
from nightshift.services.health.bucket import WRITERS, _race_to_create, judge_skew
from nightshift.services.health.findings import Finding, check
from nightshift.services.health.models import checkpoint_finding, student_finding
from nightshift.services.health.servers import label_studio_findings, mlflow_findings, prefect_findings, token_kind


class Forgetful:
    """A store that ignores If-None-Match without a word: every writer is told that it won."""

    class place:  # noqa: N801
        uri = "s3://forgetful/x"

    def create(self, key: str, data: bytes) -> bool:  # noqa: ARG002
        return True

    def delete(self, key: str) -> None:
        pass


def test_a_store_that_ignores_conditions_is_found_out() -> None:
    found = check("race", lambda: _race_to_create(cast("Any", Forgetful())))
    assert found.verdict == "failed"
    assert f"{WRITERS} of {WRITERS}" in found.detail


@given(st.floats(-5000, 5000))
def test_clocks_may_differ_by_a_minute_and_never_by_more_than_s3_accepts(skew: float) -> None:
    verdict = judge_skew("clock", skew).verdict
    assert verdict == ("failed" if abs(skew) > 900 else "warning" if abs(skew) > 60 else "ok")


def test_a_clock_that_is_behind_is_said_to_be_behind() -> None:
    assert judge_skew("clock", -70).detail == "this machine is 70 s behind"


def test_a_check_that_fails_says_how_to_mend_it() -> None:
    def ask() -> str:
        raise StoreError("bucket", "it is closed", "Open it.")

    assert check("S3", ask) == Finding("S3", "failed", "bucket: it is closed", "Open it.")


def test_no_finding_fails_without_a_remedy() -> None:
    with pytest.raises(ValueError, match="remedy"):
        Finding("S3", "failed", "it is closed")


@pytest.mark.parametrize(
    ("token", "kind"),
    [("0123456789abcdef" * 2 + "01234567", "legacy token"), ("eyJhbGciOi.eyJ0b2tlbl.c2ln", "personal access token")],
)
def test_both_kinds_of_label_studio_tokens_are_told_apart(token: str, kind: str) -> None:
    assert token_kind(token) == kind


@pytest.mark.parametrize(
    ("ask", "variable"),
    [
        (lambda: label_studio_findings("http://here", None), "LABEL_STUDIO_API_KEY"),
        (lambda: mlflow_findings(None), "MLFLOW_TRACKING_URI"),
        (lambda: prefect_findings("", "pool"), "PREFECT_API_URL"),
    ],
)
def test_a_variable_that_is_not_set_is_named(ask: Callable[[], Any], variable: str) -> None:
    (only,) = ask()
    assert only.verdict == "failed"
    assert variable in only.remedy


def test_a_teacher_in_a_folder_is_relative_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "teacher").mkdir()
    with pytest.raises(ModelError, match=r"config\.json"):
        checkpoint_finding("Teacher: weights", "teacher", tmp_path)
    (tmp_path / "teacher/config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        checkpoint_finding("Teacher: weights", "teacher", tmp_path)
    (tmp_path / "teacher/model.safetensors").touch()
    assert "teacher" in str(checkpoint_finding("Teacher: weights", "teacher", tmp_path))


def test_a_teacher_that_is_no_name_at_all_is_refused_without_asking_anybody(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a folder nor a name"):
        checkpoint_finding("Teacher: weights", "two words", tmp_path)


def test_a_student_without_published_weights_is_worth_a_word_and_no_failure(tmp_path: Path) -> None:
    found = student_finding("yolo11n", "yolo11n.pt", tmp_path)
    assert isinstance(found, Finding)
    assert found.verdict == "warning"
    (tmp_path / "yolo11n.pt").touch()
    assert "yolo11n.pt" in str(student_finding("yolo11n", "yolo11n.pt", tmp_path))


def test_a_students_weights_are_looked_for_where_its_card_says(tmp_path: Path) -> None:
    assert "nobody publishes" in str(student_finding("dfine-pico", "", tmp_path))
    found = student_finding("dfine-nano", "nobody/dfine-nano-of-nowhere", tmp_path)
    assert isinstance(found, Finding)
    assert "nobody/dfine-nano-of-nowhere in the hub's cache" in found.detail
    (tmp_path / "dfine-nano").mkdir()
    (tmp_path / "dfine-nano" / "config.json").touch()
    assert "dfine-nano is in" in str(student_finding("dfine-nano", "nobody/dfine-nano-of-nowhere", tmp_path))


def test_every_model_that_is_configured_is_looked_for() -> None:
    config = Config.model_validate(
        {
            "project": "p",
            "task": "segment",
            "ontology": [{"name": "a"}],
            "frames": {"source": "f"},
            "store": {"uri": "s3://b/p"},
            "embedding": {"name": "clip", "checkpoint": "some/clip"},
            "teacher": {
                "name": "ensemble",
                "members": [{"name": "sam3", "checkpoint": "some/sam3"}, {"name": "yoloe", "checkpoint": "yoloe.pt"}],
                "second_opinion": "some/siglip",
            },
            "masks": {"name": "sam", "checkpoint": "some/sam2"},
        }
    )
    assert [each for _, each in _checkpoints(config)] == ["some/sam3", "some/siglip", "some/clip", "some/sam2"]
