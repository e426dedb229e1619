"""No address leads out of the configured bucket and folders: not one in the configuration, not one in a table."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture

from nightshift.config import Config
from nightshift.config_file import read_config
from nightshift.domain.errors import ConfigError, Damaged, NightshiftError, StoreError
from nightshift.domain.frames import Frame, Split
from nightshift.domain.rounds import Plan, Weights
from nightshift.frames.datasets import read_dataset
from nightshift.project import Project
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from nightshift.services.store.state import decode
from nightshift.services.tracking.tracking import check_tracking_uri

SHA = "ab" * 32
STORE = Store(None, Place.parse("s3://b/p"), [Place.parse("s3://cameras/line")])
HOSTILE = [
    "s3://other/p/a.jpg", "s3://b/other/a.jpg", "s3://b/pp/a.jpg", "s3://b/p/../x/a.jpg", "s3://b/p/./a.jpg",
    "s3://b/p/..", "s3://cameras/line-2/a.jpg", "s3://b", "s3:///p/a", "s3://../p/a", "s3://b@evil/p/a", "s3://b?x/p/a",
    "S3://b/p/a.jpg", "file:///etc/passwd", "http://169.254.169.254/latest", "ftp://h/a", "/etc/passwd", "../a.jpg", "",
]  # fmt: skip


@pytest.mark.parametrize("uri", HOSTILE)
def test_a_table_that_names_a_picture_elsewhere_is_refused(uri: str) -> None:
    with pytest.raises(NightshiftError):
        STORE.check_readable([f"s3://b/p/frames/{SHA}.jpg", uri])
    with pytest.raises(NightshiftError):
        STORE.read(uri)


def test_places_that_may_be_read_are_read() -> None:
    STORE.check_readable([f"s3://b/p/frames/{SHA}.jpg", "s3://cameras/line/a..b/.hidden/ü #?.jpg"])


@given(st.lists(st.sampled_from(["..", ".", "a", "", "p", "%2e%2e"]), max_size=5))
def test_however_a_key_is_made_up_it_stays_below_the_prefix(parts: list[str]) -> None:
    uri = "s3://b/p/" + "/".join(parts)
    try:
        STORE.check_readable([uri])
    except (ConfigError, StoreError):
        return
    assert not {".", ".."} & set(parts)


def _said(**sections: Any) -> dict[str, Any]:
    base = {"project": "p", "ontology": [{"name": "bolt"}], "frames": {"source": "f"}, "store": {"uri": "s3://b/p"}}
    return {**base, **sections}


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("frames: {source: 'file:///etc'}", "file:// is not read"),
        ("frames: {source: 'http://169.254.169.254/'}", "http:// is not read"),
        ("frames: {source: 's3://b/../x'}", "'.' or '..'"),
        ("store: {uri: 's3://b/p/../q'}", "'.' or '..'"),
        ("store: {uri: 'file:///tmp/x'}", "s3://"),
        ("teacher: {checkpoint: 'https://evil.example/model'}", "it is a link"),
    ],
)
def test_an_address_that_leads_out_is_a_mistake_told_with_its_line(section: str, why: str, tmp_path: Path) -> None:
    said = {"project": "p", "ontology": "[{name: bolt}]", "frames": "{source: f}", "store": "{uri: s3://b/p}"}
    name, _, value = section.partition(": ")
    path = tmp_path / "nightshift.yaml"
    path.write_text("\n".join(f"{key}: {text}" for key, text in {**said, name: value}.items()))
    with pytest.raises(ConfigError, match=r"nightshift\.yaml:\d+:\d+") as caught:
        read_config(path)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "suffix"),
    [
        ("s3://b/p/a.JPG", ".jpg"),
        ("s3://b/p/a.png", ".png"),
        ("s3://b/p/a", ""),
        ("s3://b/p/a.sh", ""),
        ("s3://b/p/a./../../../x.pt", ""),
        ("s3://b/p/a.jpg\0", ""),
        (f"s3://b/p/a.{'x' * 300}", ""),
    ],
)
def test_a_copy_of_a_frame_lies_under_its_identity_whatever_its_address_ends_with(
    uri: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_CACHE", str(tmp_path))
    project = Project(Config.model_validate(_said()), tmp_path)
    path = project.frame_file(Frame(SHA, uri, 1, 1, "c", Split.POOL, "n", 0))
    assert path == tmp_path / "p" / "frames" / "ab" / f"{SHA}{suffix}"


@pytest.mark.parametrize(
    ("key", "sha256"),
    [
        ("rounds/0002/student/w.pt", "../../../../tmp/evil"),
        ("rounds/0002/student/w.pt", SHA.upper()),
        ("rounds/0002/../../w.pt", SHA),
        ("rounds/0002/student/../w.pt", SHA),
        ("rounds/0003/student/w.pt", SHA),
        ("s3://cameras/line/w.pt", SHA),
        ("rounds/0002/", SHA),
        ("rounds/0002/w.pt\n", SHA),
    ],
)
def test_a_plan_whose_champion_lies_elsewhere_is_damaged(key: str, sha256: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        Weights(2, key, sha256)
    plan = (
        '{"number": 3, "parent": 2, "kind": "nightly", "opened_at": "2026-01-01T00:00:00Z", "config": {},'
        ' "config_digest": "", "seed": 0, "versions": {}, "schema": 2,'
        f' "champion": {{"round": 2, "key": {key.encode("unicode_escape").decode()!r}, "sha256": "{sha256}"}}}}'
    ).replace("'", '"')
    with pytest.raises(Damaged):
        decode(plan.encode(), Plan, "plan.json")


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    """A folder for a data set, with a picture beside it that is none of its business."""
    (tmp_path / "outside.png").write_bytes(picture(1, 60, 40))
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.png").write_bytes(picture(2, 60, 40))
    return folder


@pytest.mark.parametrize("said", ["../../outside.png", "../outside.png", "link.png", "{root}/outside.png"])
def test_labels_of_a_voc_file_cannot_name_a_picture_outside_the_folder(said: str, data_set: Path) -> None:
    (data_set / "images" / "link.png").symlink_to(data_set.parent / "outside.png")
    (data_set / "Annotations").mkdir()
    for number, name in enumerate(["a.png", said.format(root=data_set.parent)]):
        sizes = "<size><width>60</width><height>40</height></size>"
        said_ = f"<annotation><filename>{name}</filename>{sizes}</annotation>"
        (data_set / "Annotations" / f"{number}.xml").write_text(said_)
    found = read_dataset(data_set, "voc")
    assert list(found.samples) == ["images/a.png"]
    assert [each.reason for each in found.rejected] == ["its picture is not in the folder"]


def test_a_yolo_data_set_cannot_lie_outside_the_folder_nor_link_there(data_set: Path) -> None:
    (data_set / "images" / "link.png").symlink_to(data_set.parent / "outside.png")
    (data_set / "data.yaml").write_text("train: images\nnames: {0: bolt}\n")
    assert list(read_dataset(data_set, "yolo").samples) == ["images/a.png"]
    for where in ("../", str(data_set.parent), "images/../.."):
        (data_set / "data.yaml").write_text(f"path: .\ntrain: {where}\nnames: {{0: bolt}}\n")
        with pytest.raises(ConfigError):
            read_dataset(data_set, "yolo")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "https://u:p@10.0.0.1/x", "sqlite:////tmp/a.db"])
def test_mlflow_may_be_a_server_or_a_database(uri: str) -> None:
    check_tracking_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///tmp/mlruns", "mlruns", "/srv/mlruns", "databricks", "uc:http://x", "s3://b/x", "plugin://x",
        "http://169.254.169.254", "postgresql://u:p@169.254.169.254/db", "mysql+pymysql://[fe80::1]/db",
    ],
)  # fmt: skip
def test_mlflow_is_nowhere_else(uri: str) -> None:
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI"):
        check_tracking_uri(uri)
