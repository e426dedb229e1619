"""The doctor's checks, asked of the real servers: silent when all is well, and right about what is not."""

from pathlib import Path

import boto3
import pytest
from rich.console import Console

from infra.cli.doctor import findings, table
from infra.local import Endpoints
from nightshift.config import Config
from nightshift.services.buckets import client_from, make_bucket
from nightshift.services.health.bucket import bucket_findings
from nightshift.services.health.findings import Finding
from nightshift.services.health.servers import label_studio_findings, mlflow_findings, prefect_findings
from nightshift.services.store.s3 import Store

pytestmark = pytest.mark.live
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def client(stack: Endpoints, monkeypatch: pytest.MonkeyPatch) -> boto3.client:
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    return client_from(stack.environment())


def verdicts(found: list[Finding]) -> dict[str, str]:
    return {each.subject: each.verdict for each in found}


def project(uri: str) -> Config:
    said = {"project": "doctor", "ontology": [{"name": "bolt"}], "frames": {"source": "frames"}, "store": {"uri": uri}}
    return Config.model_validate({**said, "teacher": {"name": "none"}})


@pytest.mark.usefixtures("client")
def test_everything_that_nightshift_up_started_is_healthy(stack: Endpoints, tmp_path: Path) -> None:
    found = list(findings(project(f"s3://{stack.bucket}/doctor"), tmp_path))
    assert [each for each in found if each.verdict == "failed"] == []
    assert {each.subject.split(":")[0] for each in found} == {"S3", "Label Studio", "MLflow", "Prefect", "Student"}
    console = Console(width=160)
    with console.capture() as drawn:
        console.print(table(found))
    assert f"legacy token of {stack.label_studio_user}" in drawn.get()


def test_the_checks_leave_nothing_in_the_bucket(stack: Endpoints, client: boto3.client) -> None:
    list(bucket_findings(Store.connect(f"s3://{stack.bucket}/clean", client=client), stack.label_studio))
    assert client.list_objects_v2(Bucket=stack.bucket, Prefix="clean/")["KeyCount"] == 0


def test_a_bucket_that_is_missing_is_the_only_thing_said_of_it(client: boto3.client) -> None:
    (only,) = bucket_findings(Store.connect("s3://no-such-bucket/x", client=client), None)
    assert (only.subject, only.verdict) == ("S3: bucket", "failed")
    assert "does not exist" in only.detail


def test_pages_from_another_origin_are_refused_with_the_rule_that_is_missing(
    stack: Endpoints, client: boto3.client
) -> None:
    store = Store.connect(f"s3://{stack.bucket}/cors", client=client)
    found = {each.subject: each for each in bucket_findings(store, "https://labels.example.com/some/page")}
    failed = found["S3: CORS for Label Studio"]
    assert failed.verdict == "failed"
    assert "https://labels.example.com," in failed.remedy


def test_the_rule_that_nightshift_up_sets_satisfies_it(stack: Endpoints, client: boto3.client) -> None:
    origin = "https://labels.example.com"
    for _ in range(2):  # twice is harmless
        make_bucket("doctor-cors", stack.environment(), origins=[origin])
    store = Store.connect("s3://doctor-cors/x", client=client)
    assert verdicts(list(bucket_findings(store, origin)))["S3: CORS for Label Studio"] == "ok"


def test_a_wrong_token_is_told_from_a_server_that_is_away(stack: Endpoints) -> None:
    assert verdicts(list(label_studio_findings(stack.label_studio, "0" * 40))) == {
        "Label Studio": "ok",
        "Label Studio: token": "failed",
    }
    assert verdicts(list(label_studio_findings(NOWHERE, "0" * 40))) == {"Label Studio": "failed"}


def test_a_server_of_another_kind_is_not_taken_for_the_right_one(stack: Endpoints) -> None:
    assert verdicts(list(label_studio_findings(stack.mlflow, "0" * 40))) == {"Label Studio": "failed"}
    assert verdicts(list(mlflow_findings(stack.label_studio))) == {"MLflow": "failed"}
    assert verdicts(list(prefect_findings(stack.label_studio, "nightshift"))) == {"Prefect": "failed"}


def test_a_work_pool_that_nobody_polls_is_mentioned(stack: Endpoints) -> None:
    found = {each.subject: each for each in prefect_findings(stack.prefect_api, "nobody")}
    assert found["Prefect: worker"].verdict == "warning"
    assert "prefect worker start --pool nobody" in found["Prefect: worker"].remedy
