"""`nightshift export`: from a sealed round to a data set of each form, and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from typer.testing import CliRunner

from infra.cli import app
from nightshift.domain.errors import NightshiftError, UnknownName
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.frames.datasets import read_dataset
from nightshift.frames.formats import known_forms
from nightshift.frames.labelled import Labelled, Source
from nightshift.round import OpenRound
from nightshift.triage.promise import Era, Promise, Stoplight, Verdict
from tests.contract.past_rounds import Past, in_memory

pytestmark = pytest.mark.slow  # dozens of objects each
WHO = "ann@example.org"  # answers in past_rounds
YAML = """project: the line
ontology:
  - name: gear
frames: {source: f}
store: {uri: s3://night/p}
"""


class Nights(Past):
    """Rounds with pictures that can be decoded, and a stoplight that accepts a gear from 0.8 on."""

    def frames(self, number: int) -> list[Frame]:
        made = [self.content(number, which) for which in "ab"]
        named = zip("ab", map(frame_id, made), strict=True)
        uris = {i: self.store.uri(f"frames/{i}.png") for i in map(frame_id, made)}
        return [Frame(i, uris[i], 20, 20, "clip", Split.POOL, f"cam {w}/{number}.png", number) for w, i in named]

    def content(self, number: int, which: str) -> bytes:
        return picture(10 * number + "ab".index(which), 20, 20)

    def _register(self, night: OpenRound) -> None:
        for which, each in zip("ab", self.frames(night.number), strict=True):
            self.store.create(f"frames/{each.id}.png", self.content(night.number, which))
        super()._register(night)

    def _calibrate(self, night: OpenRound) -> dict[str, Any]:
        verdict = Verdict(Era(0, 0, 0, None, (0.8,)), 0.8, 0.8, 1.0, 0.9, 50, 50, 0, None, None, None)
        return {"stoplight": Stoplight(Promise(), 1, night.number, (verdict,)).as_dict()}

    def _choose(self, night: OpenRound) -> dict[str, Any]:
        yellow = self.frames(1)[1] if night.number == 3 else None
        said = {"colour": "yellow", "reason": "teacher and student differ", "value": 1.0}
        night.write("triage", [{"frame_id": yellow.id, **said}] if yellow else [])
        night.write("queue", [])
        return {"queue": 0}


@pytest.fixture(scope="module")
def rounds() -> Iterator[None]:
    """Four sealed rounds, and a fifth that is open; nothing here changes them."""
    for store in in_memory():
        made = Nights(store)
        for number in range(4):
            made.seal(number, last=4)
        made.open(4, last=4)
        yield


@pytest.fixture
def config(rounds: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001 - it makes them
    monkeypatch.setenv("NIGHTSHIFT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "nightshift.yaml").write_text(YAML)
    return tmp_path / "nightshift.yaml"


def export(config: Path, number: int, form: str, *more: str, out: str = "out") -> dict[str, Any]:
    where = ["--config", str(config), "--out", str(config.parent / out), "--json"]
    done = CliRunner().invoke(app, ["export", "--round", str(number), "--format", form, *where, *more])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def back(config: Path) -> dict[str, Labelled]:
    return {each.facts.name: each for each in read_dataset(config.parent / "out").labelled.values()}


@pytest.mark.parametrize("form", known_forms())
def test_what_people_said_arrives_in_every_form_and_their_addresses_stay_home(config: Path, form: str) -> None:
    said = export(config, 3, form, "--pictures")
    assert (said["frames"], said["boxes_by_class"], said["boxes_by_source"]) == (3, {"gear": 3}, {"person": 3})
    found = back(config)
    assert [(each, found[each].origin.round) for each in sorted(found)] == [(f"cam a/{i}.png", i) for i in range(3)]
    assert found["cam a/1.png"].labels.boxes.tolist() == [[0, 0, 10, 10]]
    files = [each for each in (config.parent / "out").rglob("*") if each.is_file()]
    assert files
    assert not any(WHO.encode() in each.read_bytes() for each in files)


def test_accepted_boxes_come_with_trusted_unless_the_night_stopped_the_frame(config: Path) -> None:
    said = export(config, 3, "coco", "--pictures", "--what", "trusted")
    found = back(config)
    auto = sorted(name for name, each in found.items() if each.by_a_model)
    assert auto == ["cam b/0.png", "cam b/2.png"], "1 is yellow, and 3 is new: no audits were drawn from it yet"
    assert {(each.source, each.model, each.round) for each in found["cam b/2.png"].origins} == {
        (Source.TEACHER, "teacher", 2)
    }
    assert found["cam b/2.png"].labels.scores.tolist() == pytest.approx([0.9])
    assert said["frames_by_source"] == {"person": 3, "teacher": 2}


def test_all_brings_the_other_boxes_too_and_calls_them_proposals(config: Path) -> None:
    said = export(config, 3, "coco", "--pictures", "--what", "all")
    assert said["boxes_by_source"] == {"person": 3, "teacher": 2, "proposal": 3}
    assert back(config)["cam b/3.png"].origin.source is Source.PROPOSAL


def test_an_earlier_round_is_exported_as_it_was(config: Path) -> None:
    export(config, 1, "coco", "--pictures")
    assert list(back(config)) == ["cam a/0.png"]


@pytest.mark.parametrize(("option", "called"), [("pseudonyms", "reviewer-1"), ("names", WHO)])
def test_people_are_named_only_where_that_is_asked_for(config: Path, option: str, called: str) -> None:
    export(config, 3, "voc", "--pictures", "--reviewers", option)
    assert {each.origin.reviewers for each in back(config).values()} == {(called,)}


def test_without_pictures_a_frame_is_named_by_its_address(config: Path) -> None:
    export(config, 3, "coco")
    images = json.loads((config.parent / "out/coco.json").read_text())["images"]
    assert all(each["coco_url"].startswith("s3://night/p/frames/") for each in images)
    assert not (config.parent / "out/images").exists()


@pytest.mark.parametrize(
    ("number", "form", "more", "reason"),
    [
        (4, "coco", (), "round 4: it is not sealed yet. Sealed: 0 to 3."),
        (9, "coco", (), "round 9: there is no such round. Sealed: 0 to 3."),
        (0, "coco", (), "no frame has a label"),
        (3, "cocoa", (), "Known: coco, cvat, fiftyone, label-studio, voc, yolo"),
        (3, "coco", ("--what", "everything"), "Known: labels, trusted, all"),
        (3, "coco", ("--reviewers", "mail"), "Known: omit, pseudonyms, names"),
    ],
)
def test_what_cannot_be_exported_is_said_and_leaves_nothing(
    config: Path, number: int, form: str, more: tuple[str, ...], reason: str
) -> None:
    before = sorted(each.name for each in config.parent.iterdir())
    with pytest.raises(NightshiftError, match=reason.replace(".", r"\.")):
        export(config, number, form, *more)
    assert sorted({each.name for each in config.parent.iterdir()} - {"cache"}) == sorted(set(before) - {"cache"})


def test_the_screen_tells_what_was_written_and_what_could_not_be_kept(config: Path) -> None:
    where = ["--config", str(config), "--out", str(config.parent / "out")]
    done = CliRunner().invoke(app, ["export", "--round", "3", "--format", "voc", *where], env={"COLUMNS": "160"})
    assert done.exit_code == 0
    for said in ("3 gear", "3 person", "parts of a pixel", "Written to"):
        assert said in done.stdout
    with pytest.raises(UnknownName):
        export(config, 3, "docs")
