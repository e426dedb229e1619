"""The policies as files: filled in, narrow, and the same for Terraform; and what a refusal says."""

import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from infra.cli import app
from infra.iam import FOLDER, ROLES, policy
from nightshift.domain.errors import ConfigError
from nightshift.services.store.faults import ACTIONS, from_answer

SEGMENT = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,8}", fullmatch=True)
KNOWN = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:AbortMultipartUpload"}


@settings(max_examples=25)
@given(bucket=st.from_regex(r"[a-z0-9]{3,9}", fullmatch=True), parts=st.lists(SEGMENT, max_size=3))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_policy_allows_known_actions_inside_its_place_only(role: str, bucket: str, parts: list[str]) -> None:
    uri = "/".join([f"s3://{bucket}", *parts])
    inside = f"arn:aws:s3:::{'/'.join([bucket, *parts])}"
    for each in policy(role, uri)["Statement"]:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        resources = [each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"]
        assert set(actions) <= KNOWN
        assert each["Effect"] == "Allow"
        if actions == ["s3:ListBucket"]:
            assert resources == [f"arn:aws:s3:::{bucket}"]
            assert each["Condition"]
        else:
            assert all(resource.startswith(f"{inside}/") for resource in resources)


def test_every_file_is_a_role_and_names_only_the_three_variables_that_terraform_gives() -> None:
    files = {path.stem: path.read_text() for path in FOLDER.glob("*.json")}
    assert set(files) == set(ROLES)
    assert {name for text in files.values() for name in re.findall(r"\$\{(\w+)\}", text)} == {
        "bucket",
        "prefix",
        "root",
    }
    given_ = (FOLDER.parent / "terraform" / "main.tf").read_text()
    assert all(f'"{name}.json"' in given_ or f"{name}.json" in given_ for name in files)


def test_an_unknown_role_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="night, frames, keeper"):
        policy("admin", "s3://b/p")


@pytest.mark.parametrize("operation", sorted(ACTIONS))
@pytest.mark.parametrize("code", ["AccessDenied", "403", "AllAccessDisabled"])
def test_a_refusal_names_the_action_to_allow(operation: str, code: str) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    error = from_answer("s3://b/k", ClientError(answer, operation))
    assert error.reason.startswith("access is")
    (first, *_) = re.findall(r"s3:\w+", error.remedy)
    assert first in KNOWN
    assert "docs/permissions.md" in error.remedy


@pytest.mark.parametrize(
    ("role", "resource"), [("night", "arn:aws:s3:::b/p/*"), ("frames", "arn:aws:s3:::b/p/frames/*")]
)
def test_the_command_prints_the_policy_of_a_project(tmp_path: Path, role: str, resource: str) -> None:
    said = "project: x\nontology: [{name: a}]\nframes: {source: here}\nstore: {uri: s3://b/p}\nteacher: {name: none}\n"
    (tmp_path / "nightshift.yaml").write_text(said)
    shown = CliRunner().invoke(app, ["permissions", role, "--config", str(tmp_path / "nightshift.yaml")])
    assert json.loads(shown.output)["Statement"][0]["Resource"] == resource
