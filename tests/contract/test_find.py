"""Looking for frames in a project with a past, and asking people about them: exactly once, and within the night."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from infra.cli import app
from nightshift.config import EmbeddingSection
from nightshift.domain.embedding import Vectors, unit
from nightshift.domain.errors import ConfigError, NotFound
from nightshift.domain.frames import Frame
from nightshift.domain.models import Image, Progress, no_progress
from nightshift.domain.rounds import Receipt, RoundKeys
from nightshift.domain.wishes import Wish
from nightshift.round import OpenRound
from nightshift.search.find import Gallery, by_frame, by_text, known_frame, open_gallery, wish_for
from nightshift.search.vectors import known, read_vectors
from nightshift.services.store.past import Past as SealedRounds
from nightshift.services.store.s3 import Store
from nightshift.services.store.wishes import make_wish, read_wishes
from nightshift.upkeep.verify import verify
from tasks import embed as stage
from tasks.wishes import wished
from tests.contract.past_rounds import CONFIG, Past, in_memory, past

pytestmark = pytest.mark.slow  # dozens of objects each
store = pytest.fixture(in_memory)
A, B, C = (f"{n:064x}" for n in range(3))


class Words:
    """An embedder of two directions: the first letter of a frame's or a text's name says which."""

    version, has_text = "words@1", True

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        return unit(np.array([[1, 0] if each.startswith("0") else [0, 1] for each in texts], np.float32))


class Project(SimpleNamespace):
    """All that looking needs of a project; counts what its embedder is shown."""

    def embedder(self) -> Words:
        return Words()

    def fetch(self, frames: Sequence[Frame]) -> None:
        """They are here."""

    def image(self, frame: Frame) -> Image:
        return np.full((frame.height, frame.width, 3), 90, np.uint8)

    def embed(self, model: Words, frames: Sequence[Frame], progress: Progress = no_progress) -> Vectors:
        del progress
        self.looked += [each.id for each in frames]
        return model.embed_text([each.name for each in frames])


def _project(store: Store, name: str = "clip") -> Any:
    config = CONFIG.model_copy(update={"embedding": EmbeddingSection(name=name)})
    return Project(store=store, past=SealedRounds(store), config=config, looked=[])


def _night(store: Store, number: int, project: Any) -> OpenRound:
    return OpenRound(project, Past(store).open(number, last=number).plan)


def _embed(night: OpenRound) -> None:
    """The stage as its tasks run it, without Prefect around it."""
    frames = [each for each in night.frames if each.id in set(stage._waiting(night))]
    night.write("vectors", stage._look(night, frames, no_progress), "vectors/part-0000.parquet")
    night.finish(Receipt("embed", 1.0, {"model": stage._model(night)}))


def test_a_frame_is_looked_at_once_whatever_round_it_came_in(store: Store) -> None:
    made, project = past(store, 1), _project(store)
    for number in (1, 2):
        night = _night(store, number, project)
        made.leave(night, "register")
        _embed(night)
    assert sorted(project.looked) == sorted(each.id for n in range(3) for each in made.frames(n))
    seen = read_vectors(night)
    assert (seen.model, set(seen.ids)) == ("words@1", set(project.looked))
    assert known(night, "words@1") == set(project.looked)
    assert known(night, "words@2") == set(), "another version looks at every frame again"


def test_for_the_students_own_vectors_nothing_is_computed(store: Store) -> None:
    made = past(store, 1)
    night = _night(store, 1, _project(store, "student"))
    made.leave(night, "register")
    assert stage._waiting(night) == []
    assert stage._model(night) == ""


def _sealed_with_words(store: Store) -> Any:
    """One sealed round whose frames were seen by the embedder that knows words."""
    made, project = Past(store), _project(store)
    night = _night(store, 0, project)
    made.leave(night, "register")
    _embed(night)
    made.seal(0, last=0)
    fresh = _project(store)
    fresh.looked_id = made.frames(0)[0].id
    return fresh


def test_words_find_the_frames_that_show_them_best_first(store: Store) -> None:
    project = _sealed_with_words(store)
    gallery = open_gallery(project)
    found = by_text(project, gallery, "0, with glare", 5)
    assert [each.frame.name for each in found] == ["0", "1"]
    assert found[0].similarity == pytest.approx(1)
    assert [each.state for each in found] == ["asked", "asked"]


def test_words_need_an_embedding_that_knows_them_and_has_seen_the_frames(store: Store) -> None:
    past(store, 1)
    for name, said in (("student", "know no text.*embedding: {name: clip}"), ("dinov2", "'dinov2' knows no text")):
        project = _project(store, name)
        with pytest.raises(ConfigError, match=said):
            by_text(project, open_gallery(project), "glare", 3)
    project = _project(store, "clip")
    with pytest.raises(ConfigError, match=r"seen by the champion, not by words@1.*Let a round run"):
        by_text(project, open_gallery(project), "glare", 3)


def test_before_any_round_there_is_nothing_to_look_through(store: Store) -> None:
    with pytest.raises(NotFound, match="nightshift round"):
        open_gallery(_project(store))


def _gallery(store: Store) -> Gallery:
    """Six frames of three rounds, each with a direction of its own, as the champion sees them."""
    made = past(store, 3)
    frames = [each for n in range(3) for each in made.frames(n)]
    gallery = open_gallery(_project(store, "student"))
    angles = np.linspace(0, np.pi, len(frames))
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    seen = type(gallery.vectors)("student", tuple(each.id for each in frames), rows)
    return Gallery(2, "", gallery.frames, gallery.states, seen)


def test_a_frame_finds_those_that_look_like_it_and_never_itself(store: Store) -> None:
    gallery = _gallery(store)
    ids = gallery.vectors.ids
    found = by_frame(gallery, ids[0], 3)
    assert found[0].frame.id == ids[1]
    assert ids[0] not in {each.frame.id for each in found}
    assert [each.similarity for each in found] == sorted((each.similarity for each in found), reverse=True)
    assert {each.state for each in by_frame(gallery, ids[5], 5)} == {"labelled", "asked"}


def test_a_name_that_is_none_or_not_the_only_one_is_refused_with_the_nearest(store: Store) -> None:
    frames = list(_gallery(store).frames.values())
    assert known_frame(frames, frames[3].id[:10]) == frames[3]
    with pytest.raises(ConfigError, match="knows none of that name"):
        known_frame(frames, "nothing like it")
    with pytest.raises(ConfigError, match="3 frames are called so"):
        known_frame(frames, "0")


def test_the_command_lists_queues_and_draws_what_it_found(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _sealed_with_words(store)
    monkeypatch.setattr("nightshift.project.Project.load", lambda _: project)
    page = tmp_path / "found.html"
    shown = CliRunner().invoke(app, ["find", "0 and glare", "--html", str(page), "--queue"])
    assert shown.exit_code == 0, shown.output
    assert "1.000" in shown.output
    assert "Nothing to ask" in shown.output
    assert "0 and glare" in page.read_text()
    said = json.loads(CliRunner().invoke(app, ["find", "--like", project.looked_id, "--json"]).output)
    assert [each["name"] for each in said["found"]] == ["1"]


@pytest.mark.parametrize("words", [[], ["glare", "--like", "0"], ["  "]])
def test_the_command_takes_either_words_or_a_frame(words: list[str]) -> None:
    done = CliRunner().invoke(app, ["find", *words])
    assert isinstance(done.exception, ConfigError)
    assert "either words or --like" in str(done.exception)


# -- wishes ---------------------------------------------------------------------------------------------------------


def test_wishing_the_same_twice_is_one_wish_and_the_oldest_comes_first(store: Store) -> None:
    first, second = Wish("glare on metal", (A, B)), Wish("frames like 1.png", (B, C))
    assert make_wish(store, first)
    assert not make_wish(store, first)
    assert make_wish(store, second)
    assert len(list(store.list("wishes/"))) == 2
    found, rejected = read_wishes(store)
    assert {each.key for each in found} == {first.key, second.key}
    assert rejected == []


def test_what_is_no_wish_is_set_aside_with_its_reason_and_hides_no_other(store: Store) -> None:
    wish = Wish("glare", (A,))
    make_wish(store, wish)
    store.write("wishes/notes.txt", b"hello")
    store.write(f"wishes/{'0' * 64}.json", wish.content)
    store.write(f"wishes/{'1' * 64}.json", b"{")
    store.write(f"wishes/{'2' * 64}.json", b" " * (1 << 21))
    found, rejected = read_wishes(store)
    assert found == [wish]
    assert len(rejected) == 4
    assert all("it is no wish" in each.reason for each in rejected)


def test_a_round_that_is_continued_sees_the_wishes_that_it_saw_first(store: Store) -> None:
    past(store, 1)
    make_wish(store, Wish("glare", (A, B)))
    store.write("wishes/notes.txt", b"hello")
    night = Past(store).open(1, last=1)
    asked, strange = wished(night)
    assert (asked, strange) == ({A: "glare", B: "glare"}, 1)
    make_wish(store, Wish("later", (B, C)))
    assert wished(Past(store).night(1)) == (asked, strange)
    assert night.read("quarantine", "quarantine/choose.parquet")[0]["subject"] == "wishes/notes.txt"
    assert wished(Past(store).open(2, last=2))[0] == {A: "glare", B: "glare", C: "later"}


def test_only_frames_that_nobody_was_asked_about_are_wished(store: Store) -> None:
    gallery, project = _gallery(store), _project(store)
    found = by_frame(gallery, gallery.vectors.ids[0], 5)
    assert wish_for(project, "glare", found) == (0, False)
    free = [each.__class__(each.frame, each.similarity, "pool") for each in found[:2]] + found[2:]
    assert wish_for(project, "glare\n" + "x" * 300, free) == (2, True)
    assert wish_for(project, "glare\n" + "x" * 300, free) == (2, False)
    (wish,), _ = read_wishes(store)
    assert wish.frames == tuple(each.frame.id for each in free[:2])
    assert wish.asked.startswith("glare xxx")


def test_fsck_knows_wishes_and_names_one_that_was_changed(store: Store) -> None:
    past(store, 1)
    wish = Wish("glare", (A,))
    make_wish(store, wish)
    Past(store).night(0).once("wishes.json", lambda: {"wishes": [], "rejected": []})
    assert [each for each in verify(store, quick=True).findings if "wishes/" in each.subject] == []
    assert [each for each in verify(store).findings if "wishes/" in each.subject] == []
    store.client.put_object(Bucket=store.place.bucket, Key=store.place.root + wish.key, Body=b"{}")
    (found,) = [each for each in verify(store).findings if "wishes/" in each.subject]
    assert found.verdict == "damaged"
    assert "nightshift find" in found.remedy


def test_the_vectors_of_a_round_are_part_of_what_fsck_looks_at(store: Store) -> None:
    _sealed_with_words(store)
    key = RoundKeys(0).key("vectors/part-0000.parquet")
    assert verify(store).broken == ()
    store.client.put_object(Bucket=store.place.bucket, Key=store.place.root + key, Body=b"x")
    assert [each.subject for each in verify(store).broken] == [store.uri(key)]
    manifest = json.loads(store.read(RoundKeys(0).key("manifest.json")))
    assert "vectors/part-0000.parquet" in manifest["objects"]
