"""What every embedder promises, held against tiny checkpoints of each family and the library's own answers."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pictures import picture as drawn
from transformers import AutoImageProcessor, AutoModel, AutoProcessor, BertConfig

from nightshift.config import Config
from nightshift.domain.embedding import Embedder, EmbedderSpec
from nightshift.domain.errors import ConfigError, ModelError, UnknownName
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.domain.models import Image
from nightshift.embedders import known_embedders, knows_text, open_embedder
from nightshift.project import Project
from tests.contract.tiny_checkpoints import LANDSCAPE, PORTRAIT, picture
from tests.contract.tiny_embedders import KINDS, embedder, save

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`
TEXTS = ("red bolt", "a round nut")


class _Student:
    """All that an embedder needs of a student."""

    version = "student@1"

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        return np.array([each.mean(axis=(0, 1)) for each in images], np.float32).reshape(len(images), 3)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("embedders")
    return {kind: save(kind, folder) for kind in KINDS}


@pytest.fixture(scope="module", params=[*KINDS, "student"])
def one(request: pytest.FixtureRequest, checkpoints: dict[str, Path]) -> Embedder:
    if request.param == "student":
        student = open_embedder(EmbedderSpec("student", "", 4, "cpu"), _Student())  # type: ignore[arg-type]
        assert student is not None
        return student
    return embedder(request.param, checkpoints[request.param])  # type: ignore[no-any-return]


def test_every_family_is_tried() -> None:
    assert {*(family for family, _ in KINDS.values()), "student"} == set(known_embedders())


def test_a_batch_of_mixed_shapes_answers_as_single_images_do(one: Embedder) -> None:
    images = [picture(shape, i) for i, shape in enumerate((LANDSCAPE, PORTRAIT, (64, 64, 3), PORTRAIT, LANDSCAPE))]
    together = one.embed(images)
    np.testing.assert_allclose(together, np.concatenate([one.embed([each]) for each in images]), atol=2e-6)
    assert np.ptp(together, axis=0).max() > 1e-3, "pictures differ, and so do their vectors"


def test_the_same_picture_has_the_same_vector_of_length_1_twice(one: Embedder) -> None:
    images = [picture(LANDSCAPE), picture(PORTRAIT)]
    first = one.embed(images)
    assert first.dtype == np.float32
    assert np.array_equal(first, one.embed(images))
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 3, 3), (1, 4000, 3), (300, 2, 3), (6000, 8000, 3)])
def test_a_picture_of_any_shape_has_a_vector(one: Embedder, shape: tuple[int, ...]) -> None:
    (vector,) = one.embed([np.full(shape, 90, np.uint8)])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_no_pictures_are_no_vectors(one: Embedder) -> None:
    assert len(one.embed([])) == 0


def test_it_says_whether_it_knows_texts_and_keeps_to_that(one: Embedder, checkpoints: dict[str, Path]) -> None:
    del checkpoints
    if not one.has_text:
        with pytest.raises(ConfigError, match=r"no text.*embedding: {name: clip}"):
            one.embed_text(TEXTS)
        return
    together = one.embed_text(TEXTS)
    assert together.shape == (2, one.embed([picture(LANDSCAPE)]).shape[1])
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, np.concatenate([one.embed_text([each]) for each in TEXTS]), atol=2e-6)
    with pytest.raises(ConfigError, match="it is empty"):
        one.embed_text([" "])
    with pytest.raises(ConfigError, match=r"has \d+ tokens.*Say it in fewer words"):
        one.embed_text(["bolt " * 90])


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_and_texts_lie_where_the_library_puts_them(kind: str, checkpoints: dict[str, Path]) -> None:
    ours, model = embedder(kind, checkpoints[kind]), AutoModel.from_pretrained(checkpoints[kind]).eval()
    pixels = picture((120, 160, 3))
    with torch.inference_mode():
        if not ours.has_text:
            prepared = AutoImageProcessor.from_pretrained(checkpoints[kind])(images=pixels, return_tensors="pt")
            _parallel(ours.embed([pixels]), model(**prepared).pooler_output)
            return
        processor = AutoProcessor.from_pretrained(checkpoints[kind])
        seen = processor(images=pixels, text=list(TEXTS), padding="max_length", max_length=16, return_tensors="pt")
        output = model(**seen)
    _parallel(ours.embed([pixels]), output.image_embeds)
    _parallel(ours.embed_text(TEXTS), output.text_embeds)


def _parallel(ours: NDArray[np.float32], theirs: torch.Tensor) -> None:
    unit = torch.nn.functional.normalize(theirs.float(), dim=-1)
    np.testing.assert_allclose(ours, unit.numpy(), atol=1e-5)


def test_the_version_names_the_checkpoint_and_changes_with_its_weights(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    before = embedder("clip", checkpoints["clip"]).version
    assert before.startswith("clip/clip@")
    other = AutoModel.from_pretrained(checkpoints["clip"])
    with torch.no_grad():
        next(other.parameters()).add_(1)
    other.save_pretrained(tmp_path / "clip")
    AutoProcessor.from_pretrained(checkpoints["clip"]).save_pretrained(tmp_path / "clip")
    assert embedder("clip", tmp_path / "clip").version != before


def test_a_checkpoint_of_another_kind_is_refused_in_the_words_of_the_configuration(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"embedding checkpoint.*'clip' is no DINO model.*embedding\.checkpoint"):
        embedder("dinov2", checkpoints["clip"])
    BertConfig().save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelError, match="'bert' is no model with towers"):
        embedder("clip", tmp_path / "bert")
    with pytest.raises(ModelError, match=r"it cannot be read.*leave embedding\.name at 'student'"):
        embedder("clip", tmp_path / "nothing")


def test_a_device_that_is_not_there_is_refused(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match=r"embedding\.device 'cuda:97'"):
        embedder("clip", checkpoints["clip"], device="cuda:97")


def test_a_project_opens_the_configured_one_once_from_a_folder_beside_its_file_and_embeds_its_frames(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_CACHE", str(tmp_path))
    said = {"project": "p", "ontology": [{"name": "bolt"}], "frames": {"source": "f"}, "store": {"uri": "s3://b/p"}}
    named = {"name": "clip", "checkpoint": "clip", "device": "cpu", "batch": 2}
    project = Project(Config.model_validate(said | {"embedding": named}), checkpoints["clip"].parent)
    frames = []
    for i in range(3):
        content = drawn(i)
        frames.append(Frame(frame_id(content), "s3://b/p/f.png", 12, 8, "c", Split.POOL, f"{i}.png", 0))
        project.frame_file(frames[-1]).parent.mkdir(parents=True, exist_ok=True)
        project.frame_file(frames[-1]).write_bytes(content)
    model = project.embedder()
    assert model is not None
    assert project.embedder() is model
    images = [project.image(each) for each in frames]
    np.testing.assert_allclose(project.embed(model, frames), model.embed(images), atol=2e-6)
    assert len(project.embed(model, [])) == 0


def test_without_a_student_there_is_nothing_to_look_with() -> None:
    assert open_embedder(EmbedderSpec("student", "", 4, "cpu")) is None


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="Known: clip, dinov2, student"):
        open_embedder(EmbedderSpec("resnet", "", 4, "cpu"))


def test_families_are_known_without_loading_what_they_need() -> None:
    code = (
        "import sys, nightshift.embedders as e\n"
        "print([e.knows_text(each) for each in e.known_embedders()], {'torch', 'transformers'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"{[knows_text(each) for each in known_embedders()]} set()"
