"""Which places Label Studio is given keys for, so that it can show the frames."""

from pathlib import Path
from typing import Any

import pytest

from nightshift.config import Config
from nightshift.project import Project
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from tests.contract.conftest import BUCKET

CONFIG = Config.model_validate(
    {"project": "p", "ontology": [{"name": "a"}], "frames": {"source": "f"}, "store": {"uri": f"s3://{BUCKET}/p"}}
)
OTHER = "cameras"


@pytest.fixture
def buckets(moto_client: Any) -> Any:
    moto_client.create_bucket(Bucket=OTHER)
    yield moto_client
    for each in moto_client.list_objects_v2(Bucket=OTHER).get("Contents", ()):
        moto_client.delete_object(Bucket=OTHER, Key=each["Key"])
    moto_client.delete_bucket(Bucket=OTHER)


def _pictures(client: Any, prefix: str, *readable: Place) -> dict[str, Place]:
    project = Project(CONFIG, Path())
    project.__dict__["store"] = Store(client, Place(BUCKET, prefix), readable)
    return project._pictures()


def test_frames_that_stay_in_a_bucket_of_their_own_are_shown_from_there(buckets: Any) -> None:
    buckets.put_object(Bucket=OTHER, Key="belt/a.png", Body=b"a")
    belt = Place(OTHER, "belt")
    assert _pictures(buckets, "shown", belt) == {OTHER: belt}


def test_a_bucket_is_named_once_and_the_frames_we_keep_come_first(buckets: Any) -> None:
    buckets.put_object(Bucket=BUCKET, Key="kept/frames/a.png", Body=b"a")
    buckets.put_object(Bucket=BUCKET, Key="incoming/a.png", Body=b"a")
    assert _pictures(buckets, "kept", Place(BUCKET, "incoming")) == {BUCKET: Place(BUCKET, "kept/frames")}
    assert _pictures(buckets, "empty", Place(BUCKET, "incoming")) == {BUCKET: Place(BUCKET, "incoming")}


def test_a_place_without_a_picture_is_left_out_because_label_studio_refuses_it(buckets: Any) -> None:
    assert _pictures(buckets, "empty", Place(OTHER, "nothing")) == {}
