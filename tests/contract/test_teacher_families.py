"""What every family of teachers promises, held against a tiny checkpoint of each kind that it opens.

The zero-shot detectors of transformers have test_teachers and test_teacher_parity to themselves.
"""

import importlib
import io
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageOps
from transformers import AutoImageProcessor, AutoModelForObjectDetection, AutoProcessor, ObjectDetectionPipeline

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.detections import NO_PROMPT, Detections, clean
from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Hyper, Image
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.frames.decode import decode
from nightshift.students import open_student
from nightshift.teachers import known_teachers
from nightshift.teachers._fine_tuned import match
from nightshift.teachers._generate import Said
from tests.contract import tiny_yolo
from tests.contract.drawn_scenes import Scene, enlarged, lying, scenes
from tests.contract.tiny_checkpoints import KITS, LANDSCAPE, PORTRAIT, PROMPTS, picture, save, teacher
from tests.contract.tiny_detectors import DETECTORS, NAMES

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`

OPENED = [(kind, name) for kind, kit in KITS.items() for name in kit.teachers if name != "transformers"]
FITTED = [(kind, name) for kind, name in OPENED if kind in {"florence2", "qwen2_5_vl", "qwen3_vl"}]
FILES = ("yolo11p", "yolo26n")
MANY_PIXELS = (6000, 8000, 3)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Made when first asked for: those that are fitted take seconds."""
    folder, made = tmp_path_factory.mktemp("checkpoints"), dict[str, Path]()

    def of(kind: str) -> Path:
        if kind not in made:
            made[kind] = tiny_yolo.save(kind, folder, NAMES) if kind in FILES else save(kind, folder)
        return made[kind]

    return of


@pytest.fixture(scope="module", params=[*OPENED, *((kind, "detector") for kind in FILES)], ids=" by ".join)
def one(request: pytest.FixtureRequest, checkpoint: Callable[[str], Path]) -> Any:
    kind, name = request.param
    return teacher(checkpoint(kind), name=name)


def pictures() -> list[Image]:
    """Noise and drawings, of several shapes."""
    noise = [picture(shape, seed) for seed, shape in enumerate((LANDSCAPE, PORTRAIT, LANDSCAPE, (64, 64, 3)))]
    return [*noise, *(scene.image for scene in scenes()), enlarged(scenes()[1]).image]


def same(first: Detections, second: Detections) -> None:
    """Equal up to the rounding of a differently shaped matrix product."""
    assert np.array_equal(first.classes, second.classes)
    assert np.array_equal(first.prompts, second.prompts)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-4)
    np.testing.assert_allclose(first.boxes, second.boxes, atol=2e-2)


def test_a_batch_of_mixed_shapes_answers_as_single_images_do(one: Any) -> None:
    images = pictures()
    together = one.detect(images)
    assert sum(map(len, together)) >= 4
    for first, image in zip(together, images, strict=True):
        same(first, one.detect([image])[0])
        assert (first.boxes <= np.array([image.shape[1], image.shape[0]] * 2)).all()
        assert (first.boxes >= 0).all()
        assert (np.diff(first.scores) <= 0).all()


def test_the_same_pictures_are_answered_the_same_twice(one: Any) -> None:
    images = pictures()[2:5]
    assert one.detect(images) == one.detect(images)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (300, 2, 3)])
def test_an_image_of_any_shape_is_answered(one: Any, shape: tuple[int, ...]) -> None:
    (seen,) = one.detect([picture(shape)])
    assert (seen.boxes <= np.array([shape[1], shape[0]] * 2)).all()


def test_no_images_are_no_answers(one: Any) -> None:
    assert one.detect([]) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [("florence2", "florence2"), ("sam3", "sam3"), ("qwen3_vl", "qwen_vl"), ("rf-detr", "detector"),
     ("detr", "detector"), ("yolo11p", "detector")],
)  # fmt: skip
def test_a_frame_of_48_megapixels_is_answered(checkpoint: Callable[[str], Path], kind: str, name: str) -> None:
    seen = teacher(checkpoint(kind), name=name).detect([np.full(MANY_PIXELS, 90, np.uint8)])
    assert len(seen) == 1
    assert (seen[0].boxes <= np.array([8000, 6000, 8000, 6000])).all()


@pytest.mark.parametrize(("kind", "name"), OPENED, ids=" by ".join)
def test_a_word_that_no_model_has_read_is_asked_all_the_same(
    checkpoint: Callable[[str], Path], kind: str, name: str
) -> None:
    one = teacher(checkpoint(kind), [[*PROMPTS[:2]], ["xylograph"], [PROMPTS[2]]], name=name)
    (seen,) = one.detect([scenes()[1].image])
    assert set(seen.classes.tolist()) <= {0, 1, 2}


@pytest.mark.parametrize("prompt", ["", "  "])
def test_an_empty_prompt_is_refused_before_any_model_is_opened(prompt: str) -> None:
    with pytest.raises(ConfigError, match="it has an empty name or prompt"):
        teacher(Path("nowhere"), [[prompt]])


@pytest.mark.parametrize("name", ["florence2", "florence2_grounding", "sam3"])
def test_a_prompt_longer_than_the_text_encoder_is_refused_by_name(checkpoint: Callable[[str], Path], name: str) -> None:
    with pytest.raises(ConfigError, match=r"prompt '.*bolt bolt.*at most \d+\. Say it in fewer words"):
        teacher(checkpoint("sam3" if name == "sam3" else "florence2"), [["bolt " * 90]], name=name)


@pytest.mark.parametrize("name", ["detector", "florence2", "qwen_vl", "sam3"])
def test_a_checkpoint_of_another_kind_lists_those_that_fit(checkpoint: Callable[[str], Path], name: str) -> None:
    with pytest.raises(ModelError, match=r"'owlvit' is no .*\. Use one of "):
        teacher(checkpoint("owlvit"), name=name)


# ---- a square is found where it was drawn


@pytest.mark.parametrize(("kind", "name"), FITTED, ids=" by ".join)
@pytest.mark.parametrize("scene", [*scenes(), *map(enlarged, scenes())], ids=str)
def test_a_drawn_square_is_found_where_it_was_drawn(
    checkpoint: Callable[[str], Path], kind: str, name: str, scene: Scene
) -> None:
    """In the picture, and in a file of it that lies on its side and says so."""
    one, drawn = teacher(checkpoint(kind), name=name), dict(scene.boxes)
    for image in (scene.image, decode(lying(scene.image))):
        (seen,) = one.detect([image])
        assert image.shape == scene.image.shape
        assert {PROMPTS[each] for each in seen.prompts} == set(drawn)
        for box, prompt, score in zip(seen.boxes, seen.prompts, seen.scores, strict=True):
            np.testing.assert_allclose(box, drawn[PROMPTS[prompt]], atol=0.01 * max(image.shape))
            assert 0.8 < score <= 1


# ---- parity with the library


@pytest.mark.parametrize("kind", DETECTORS)
def test_a_detector_answers_as_the_library_s_pipeline_does(checkpoint: Callable[[str], Path], kind: str) -> None:
    """Also of a file that lies on its side; classes that nobody asked for are left out."""
    where, file = checkpoint(kind), lying(picture(PORTRAIT), "PNG")
    model, prepare = AutoModelForObjectDetection.from_pretrained(where), AutoImageProcessor.from_pretrained(where)
    pipeline = ObjectDetectionPipeline(model=model, image_processor=prepare)
    pipeline._get_bounding_box = lambda box: box.tolist()  # not cut to whole pixels
    theirs = pipeline(ImageOps.exif_transpose(Pillow.open(io.BytesIO(file))), threshold=-1.0)
    theirs = sorted((-each["score"], *each["box"]) for each in theirs if each["label"] != "person")
    found = teacher(where, name="detector").inner.look([decode(file)])[0]
    ours = sorted((-float(score), *box) for score, box in zip(found.scores, found.boxes.tolist(), strict=True))
    assert len(ours) == len(theirs) >= 3
    np.testing.assert_allclose(ours, theirs, atol=5e-3)


@pytest.mark.parametrize("shape", [LANDSCAPE, PORTRAIT])
def test_sam3_answers_each_prompt_as_the_library_does(
    checkpoint: Callable[[str], Path], shape: tuple[int, ...]
) -> None:
    one, file = teacher(checkpoint("sam3"), name="sam3"), lying(picture(shape), "PNG")
    processor, (found,) = AutoProcessor.from_pretrained(checkpoint("sam3")), one.look([decode(file)])
    upright = ImageOps.exif_transpose(Pillow.open(io.BytesIO(file)))
    for index, prompt in enumerate(PROMPTS):
        inputs = processor(images=upright, text=prompt, return_tensors="pt")
        asked = {name: inputs[name] for name in ("pixel_values", "input_ids", "attention_mask")}
        with torch.inference_mode():
            outputs = one.ask.model(**asked)
        (theirs,) = processor.post_process_object_detection(outputs, threshold=-1.0, target_sizes=[shape[:2]])
        mine = found.prompts == index
        np.testing.assert_allclose(found.scores[mine], theirs["scores"], atol=1e-5)
        np.testing.assert_allclose(found.boxes[mine], theirs["boxes"], atol=5e-3)


@pytest.mark.parametrize(("name", "task"), [("florence2", "<OPEN_VOCABULARY_DETECTION>"), ("florence2_grounding", "")])
def test_florence2_is_asked_and_read_as_the_library_does(
    checkpoint: Callable[[str], Path], name: str, task: str
) -> None:
    """The library cuts boxes to whole pixels."""
    one, scene = teacher(checkpoint("florence2"), name=name), enlarged(scenes()[1])
    processor, height, width = AutoProcessor.from_pretrained(checkpoint("florence2")), *scene.image.shape[:2]
    questions = (
        [f"{task}{prompt}" for prompt in PROMPTS] if task else [f"<CAPTION_TO_PHRASE_GROUNDING>{'. '.join(PROMPTS)}."]
    )
    theirs: list[list[float]] = []
    for asked in questions:
        inputs = processor(text=asked, images=Pillow.fromarray(scene.image), return_tensors="pt")
        tokens = one.ask.model.generate(**inputs, num_beams=1, do_sample=False, max_new_tokens=40)
        (text,) = processor.batch_decode(tokens, skip_special_tokens=False)
        kind = task or "<CAPTION_TO_PHRASE_GROUNDING>"
        theirs += processor.post_process_generation(text=text, task=kind, image_size=(width, height))[kind]["bboxes"]
    (found,) = one.look([scene.image])
    assert np.floor(found.boxes).tolist() == theirs
    assert len(theirs) == 2


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_ultralytics_answers_as_the_student_does(checkpoint: Callable[[str], Path], kind: str) -> None:
    student = open_student("ultralytics").open(checkpoint(kind), Hyper(kind, tiny_yolo.SIDE, 1, 2, 0, "cpu"))
    asked = teacher(checkpoint(kind), name="detector")
    for shape in (LANDSCAPE, PORTRAIT):
        (theirs,), (found,) = student.detect([picture(shape)]), asked.inner.look([picture(shape)])
        ours = clean(found.boxes, found.prompts, found.scores, (shape[1], shape[0]))
        known = theirs.take(theirs.classes != NAMES.index("person"))
        assert 5 < len(known) < len(theirs)
        np.testing.assert_allclose(ours.scores, known.scores, atol=1e-4)
        np.testing.assert_allclose(ours.boxes, known.boxes, atol=5e-3)
        assert [PROMPTS[each] for each in ours.classes] == [PROMPTS[each] for each in known.classes]
    assert asked.version.startswith(f"{kind}@")


# ---- what is not as it should be


def test_a_detector_s_classes_are_matched_by_their_words() -> None:
    """Prompts first, then names; case, articles and underlines do not count; a name is no prompt."""
    ours = Ontology((ObjectClass("gear", ("cog wheel",), "#e6194b"), ObjectClass("bolt", ("a red bolt",), "#e6194b")))
    matched = match({0: "Red_Bolt", 1: "GEAR", 3: "person"}, ours, "somebody/model")
    assert matched.word_of.tolist() == [1, 2, NO_PROMPT, NO_PROMPT]
    assert matched.class_of[[1, 2]].tolist() == [1, 0]
    seen = Detections.of([[0, 0, 9, 9], [0, 0, 5, 5]], [1, 0], [0.5, 0.5], [1, 2])
    assert matched.said(seen).prompts.tolist() == [1, NO_PROMPT]


def test_a_detector_that_knows_none_of_the_classes_lists_its_own(checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=r"none of its 4 classes .*: Red_Bolt, a round nut, gear, person"):
        teacher(checkpoint("d-fine"), [["washer"]], name="detector")


def test_an_answer_that_is_no_list_counts_as_nothing_and_is_logged(
    checkpoint: Callable[[str], Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = teacher(checkpoint("qwen3_vl"), name="qwen_vl")
    decode_text = one.ask.processor.tokenizer.decode
    monkeypatch.setattr(one.ask.processor.tokenizer, "decode", lambda *a, **k: "Well: " + decode_text(*a, **k))
    with caplog.at_level(logging.WARNING, logger="nightshift"):
        assert one.detect([scenes()[0].image]) == [Detections.empty()]
    assert "counts as nothing found: Invalid JSON" in caplog.text


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("gear<loc_1><loc_2><loc_3><loc_4>", [("gear", (1, 2, 3, 4))]),
        ("nut<loc_1><loc_2><loc_3><loc_4>gear<loc_5><loc_6><loc_7><loc_8><loc_0><loc_0><loc_999><loc_999>",
         [("nut", (1, 2, 3, 4)), ("gear", (5, 6, 7, 8)), ("gear", (0, 0, 999, 999))]),
        ("gear<loc_1><loc_2><loc_3>", []),
        ("gear<loc_1><loc_2><loc_3><loc_4><loc_5>nut<loc_1><loc_2><loc_3><loc_4>", [("nut", (1, 2, 3, 4))]),
        ("gear<poly><loc_1><loc_2><loc_3><loc_4></poly>", []),
        ("gear", []),
        ("", []),
    ],
)  # fmt: skip
def test_florence2_s_location_tokens_are_read_four_at_a_time_or_not_at_all(
    checkpoint: Callable[[str], Path], text: str, places: list[tuple[str, tuple[int, ...]]]
) -> None:
    one = teacher(checkpoint("florence2"), name="florence2")
    tokens = one.ask.processor.tokenizer(text, add_special_tokens=False)["input_ids"]
    read = one.ask.locations.places(Said(tokens, [0.5] * len(tokens)))
    assert [(place.phrase, place.bins) for place in read] == places
    assert all(place.score == pytest.approx(0.5) for place in read)


# ---- every family, whatever it opens


@pytest.mark.parametrize("name", known_teachers())
def test_a_family_is_light_and_says_what_it_opens(name: str) -> None:
    """Configuration, and `nightshift models`, read these files on every command."""
    heavy = "torch", "transformers", "ultralytics", "cv2", "av", "autodistill"
    code = f"import sys, nightshift.teachers.{name}; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
    cards: tuple[ModelCard, ...] = importlib.import_module(f"nightshift.teachers.{name}").CARDS
    assert cards
    assert all(card.family == name and card.role is Role.TEACHER for card in cards)
    assert len({card.name for card in cards}) == len(cards)
