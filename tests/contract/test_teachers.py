"""What every teacher promises, held against tiny checkpoints of each family and the library's own answers."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, ModelError, UnknownName
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.teachers import known_teachers, open_teacher
from nightshift.teachers._prompted import PromptedTeacher
from tests.contract.tiny_checkpoints import FAMILIES, LANDSCAPE, PORTRAIT, picture, save, teacher

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`

ONTOLOGY = Ontology((ObjectClass("bolt", ("red bolt",), "#e6194b"),))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {family: save(family, folder) for family in FAMILIES}


@pytest.fixture(scope="module", params=FAMILIES)
def checkpoint(request: pytest.FixtureRequest, checkpoints: dict[str, Path]) -> Path:
    return checkpoints[request.param]


@pytest.fixture(scope="module")
def one(checkpoint: Path) -> PromptedTeacher:
    return teacher(checkpoint)


def same(first: Detections, second: Detections) -> None:
    """Equal up to the rounding of a differently shaped matrix product."""
    assert len(first) == len(second)
    assert np.array_equal(first.classes, second.classes)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-5)
    np.testing.assert_allclose(first.boxes, second.boxes, atol=5e-3)


def test_a_batch_of_mixed_shapes_answers_as_single_images_do(one: PromptedTeacher) -> None:
    shapes = (LANDSCAPE, PORTRAIT, LANDSCAPE, (64, 64, 3), PORTRAIT, LANDSCAPE)
    images = [picture(shape, seed) for seed, shape in enumerate(shapes)]
    together, alone = one.detect(images), [one.detect([image])[0] for image in images]
    assert sum(map(len, together)) >= len(images)
    for first, second in zip(together, alone, strict=True):
        same(first, second)


def test_boxes_lie_inside_their_image_and_best_comes_first(one: PromptedTeacher) -> None:
    for shape in (LANDSCAPE, PORTRAIT):
        (seen,) = one.detect([picture(shape)])
        assert len(seen) >= 3
        assert (seen.boxes >= 0).all()
        assert (seen.boxes <= np.array([shape[1], shape[0]] * 2)).all()
        assert (np.diff(seen.scores) <= 0).all()


def test_the_same_checkpoint_answers_the_same_twice_and_after_loading_again(
    one: PromptedTeacher, checkpoint: Path
) -> None:
    images = [picture(LANDSCAPE), picture(PORTRAIT)]
    assert one.detect(images) == one.detect(images) == teacher(checkpoint).detect(images)


def test_no_score_is_below_the_threshold_and_all_above_it_are_kept(one: PromptedTeacher, checkpoint: Path) -> None:
    (everything,) = one.detect([picture(LANDSCAPE)])
    threshold = float(everything.scores[len(everything) // 2])
    (some,) = teacher(checkpoint, threshold=threshold).detect([picture(LANDSCAPE)])
    assert some == everything.above(threshold)
    assert 0 < len(some) < len(everything)


def test_every_box_has_the_class_whose_prompt_found_it(one: PromptedTeacher) -> None:
    class_of = np.array([0, 0, 1])
    answers = one.detect([picture(LANDSCAPE, seed) for seed in range(8)])
    assert {int(each) for seen in answers for each in seen.classes} == {0, 1}
    for seen in answers:
        assert (seen.prompts >= 0).all()
        assert np.array_equal(seen.classes, class_of[seen.prompts])


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 3, 3), (1, 400, 3), (300, 2, 3), (600, 800, 3)])
def test_an_image_of_any_shape_is_answered(one: PromptedTeacher, shape: tuple[int, ...]) -> None:
    (seen,) = one.detect([picture(shape)])
    assert (seen.boxes <= np.array([shape[1], shape[0]] * 2)).all()


def test_a_frame_of_48_megapixels_is_answered(checkpoints: dict[str, Path]) -> None:
    """Not by OWLv2 here: it blurs before it shrinks, which takes minutes when it shrinks to 64 pixels."""
    (seen,) = teacher(checkpoints["owlvit"]).detect([np.full((6000, 8000, 3), 90, np.uint8)])
    assert seen.boxes.max() > 4000


def test_no_images_are_no_answers(one: PromptedTeacher) -> None:
    assert one.detect([]) == []


@pytest.mark.parametrize("family", ["grounding-dino", "mm-grounding-dino", "omdet-turbo"])
def test_prompts_that_overfill_a_caption_are_asked_in_several(checkpoints: dict[str, Path], family: str) -> None:
    """What did not fit is answered as if it had been asked alone."""
    words = [f"{color} {part}" for color in ("red", "round", "a") for part in ("bolt", "nut", "gear", "box")]
    together = teacher(checkpoints[family], [words])
    first = together.ask.style.parts[-1].first
    assert 0 < first < len(words)
    (seen,), (alone,) = (
        each.look([picture(LANDSCAPE)]) for each in (together, teacher(checkpoints[family], [words[first:]]))
    )
    late = seen.prompts >= first
    assert 0 < late.sum() == len(alone.boxes) < len(seen.boxes)
    np.testing.assert_allclose(seen.boxes[late], alone.boxes, atol=5e-3)
    assert np.array_equal(seen.prompts[late] - first, alone.prompts)


def test_a_prompt_longer_than_the_text_encoder_is_refused_by_name(checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match=r"prompt 'bolt bolt.*at most \d+\. Say it in fewer words"):
        teacher(checkpoint, [["bolt " * 90]])


@pytest.mark.parametrize("prompt", ["...", "\u200b"])
def test_a_prompt_without_words_is_refused(checkpoints: dict[str, Path], prompt: str) -> None:
    with pytest.raises(ConfigError, match="it has no word in it"):
        teacher(checkpoints["grounding-dino"], [["bolt"], [prompt]])


def test_a_full_stop_inside_a_prompt_does_not_end_the_phrase(checkpoints: dict[str, Path]) -> None:
    """Grounding DINO's attention would cut the prompt in two there."""
    image = [picture(LANDSCAPE)]
    stopped, plain = (teacher(checkpoints["grounding-dino"], [[p]]) for p in ("Red. Bolt?", "red bolt"))
    assert stopped.detect(image) == plain.detect(image)


# ---- what a name leads to


def test_the_version_follows_the_weights_and_not_the_folder(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    copied = shutil.copytree(checkpoints["owlvit"], tmp_path / "owlvit")
    version = teacher(checkpoints["owlvit"]).version
    assert teacher(copied).version == version
    assert version.startswith("owlvit/owlvit@")
    assert str(tmp_path) not in version
    other = save("owlvit", tmp_path / "elsewhere", seed=1)
    assert teacher(other).version != version


def test_an_unknown_teacher_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"teacher 'oracle': unknown\. Known: .*champion, .*none, .*transformers"):
        open_teacher(TeacherSpec("oracle", "", 0.1, 1, "cpu"), ONTOLOGY, None)


def test_a_checkpoint_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be read .*Put a folder .*'champion'"):
        teacher(tmp_path / "nothing")


def test_a_checkpoint_of_another_kind_lists_those_that_fit(tmp_path: Path) -> None:
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"'bert' is no zero-shot detector\. Use one of grounding-dino"):
        teacher(tmp_path)


def test_pickled_weights_are_never_opened(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoints["owlvit"], tmp_path / "pickled")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="safetensors"):
        teacher(folder)


def test_weights_of_another_model_are_not_filled_up_at_random(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoints["owlvit"], tmp_path / "mixed")
    shutil.copy(checkpoints["omdet-turbo"] / "model.safetensors", folder)
    with pytest.raises(ModelError, match="of its weights are missing"):
        teacher(folder)


def test_a_device_that_is_not_there_is_named(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match=r"teacher\.device 'cuda:99': it is not there"):
        teacher(checkpoints["owlvit"], device="cuda:99")


# ---- the families without weights of their own


def test_the_champion_labels_what_it_is_sure_of(checkpoints: dict[str, Path]) -> None:
    student: Detector = teacher(checkpoints["owlvit"])
    images = [picture(LANDSCAPE, seed) for seed in range(3)]
    threshold = float(student.detect(images[:1])[0].scores[2])
    champion = open_teacher(TeacherSpec("champion", "", threshold, 2, "cpu"), ONTOLOGY, student)
    assert champion is not None
    assert champion.detect(images) == [seen.above(threshold) for seen in student.detect(images)]
    assert champion.version == f"champion/{student.version}"


@pytest.mark.parametrize("name", ["champion", "none"])
def test_without_anybody_to_label_it_is_a_cold_start(name: str) -> None:
    assert open_teacher(TeacherSpec(name, "", 0.1, 1, "cpu"), ONTOLOGY, None) is None


def test_knowing_the_names_imports_no_model_library() -> None:
    """Configuration is checked against these names on every command."""
    code = "import sys, nightshift.teachers as t; t.known_teachers(); print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_every_file_of_the_package_is_a_family() -> None:
    for name in known_teachers():
        assert callable(importlib.import_module(f"nightshift.teachers.{name}").open_teacher)
