"""Before merging, a teacher's boxes are the library's own, one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike
from PIL import Image as Pictures
from transformers import AutoProcessor, Owlv2ImageProcessor, ZeroShotObjectDetectionPipeline

from nightshift.teachers._blur import sooner
from nightshift.teachers._found import Found
from nightshift.teachers._phrases import Phrases
from nightshift.teachers._prompted import PromptedTeacher
from tests.contract.tiny_checkpoints import FAMILIES, LANDSCAPE, PORTRAIT, PROMPTS, picture, save, teacher

pytestmark = pytest.mark.slow  # seconds, not milliseconds: left out of `make quick`

SEPARATORS = torch.tensor([101, 102, 1012])  # [CLS], [SEP] and "."
PIPED = [family for family in FAMILIES if family != "omdet-turbo"]  # the pipeline gives OmDet no classes


class ExactPipeline(ZeroShotObjectDetectionPipeline):
    """The library's pipeline, except that it does not cut boxes to whole pixels."""

    def _get_bounding_box(self, box: torch.Tensor) -> list[float]:
        return box.tolist()


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {family: save(family, folder) for family in FAMILIES}


@contextmanager
def as_if_trained(model: Any) -> Iterator[Any]:
    """Random weights name [CLS], [SEP] and "." as readily as words; training teaches a model not to."""

    def hush(_module: Any, _inputs: Any, outputs: Any) -> None:
        if "input_ids" in outputs:
            separators = torch.isin(outputs.input_ids, SEPARATORS)
            outputs.logits[..., : separators.shape[-1]].masked_fill_(separators[:, None], -torch.inf)

    hook = model.register_forward_hook(hush)
    yield model
    hook.remove()


def ranked(boxes: ArrayLike, scores: ArrayLike, prompts: ArrayLike) -> Found:
    """By score, then by place."""
    found = Found(np.asarray(boxes), np.asarray(prompts), np.asarray(scores))
    order = np.lexsort((*found.boxes.T, -np.round(found.scores, 5)))
    return Found(*(each[order] for each in found))


def assert_same(ours: Found, theirs: Found) -> None:
    assert len(ours.boxes) == len(theirs.boxes) > 5
    assert len(np.unique(np.round(ours.scores, 5))) > 3
    np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)
    np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=5e-3)
    assert np.array_equal(ours.prompts, theirs.prompts)


def ours(one: PromptedTeacher, shape: tuple[int, ...]) -> Found:
    (seen,) = one.look([picture(shape)])
    return ranked(seen.boxes, seen.scores, seen.prompts)


@pytest.mark.parametrize("shape", [LANDSCAPE, PORTRAIT])
@pytest.mark.parametrize("family", PIPED)
def test_one_prompt_is_answered_as_the_pipeline_does(
    checkpoints: dict[str, Path], family: str, shape: tuple[int, ...]
) -> None:
    one, processor = teacher(checkpoints[family], [PROMPTS[:1]]), AutoProcessor.from_pretrained(checkpoints[family])
    label = "red bolt." if isinstance(one.ask.style, Phrases) else "red bolt"  # the pipeline adds no full stop
    with as_if_trained(one.ask.style._model) as model:
        pipeline = ExactPipeline(model=model, tokenizer=processor.tokenizer, image_processor=processor.image_processor)
        answer = pipeline(Pictures.fromarray(picture(shape)), candidate_labels=[label], threshold=0.0)
        boxes, scores = [each["box"] for each in answer], [each["score"] for each in answer]
        assert_same(ours(one, shape), ranked(boxes, scores, np.zeros(len(answer), np.int64)))


@pytest.mark.parametrize("shape", [LANDSCAPE, PORTRAIT])
@pytest.mark.parametrize("family", FAMILIES)
def test_several_prompts_are_answered_as_the_processor_does(
    checkpoints: dict[str, Path], family: str, shape: tuple[int, ...]
) -> None:
    one, processor = teacher(checkpoints[family]), AutoProcessor.from_pretrained(checkpoints[family])
    with as_if_trained(one.ask.style._model) as model, torch.inference_mode():
        inputs = processor(images=Pictures.fromarray(picture(shape)), text=[list(PROMPTS)], return_tensors="pt")
        outputs = model(**inputs)
        extra = {"nms_threshold": 2.0} if family == "omdet-turbo" else {}
        (result,) = processor.post_process_grounded_object_detection(
            outputs, threshold=0.0, target_sizes=[shape[:2]], **extra
        )
        labels = tokens_to_prompts(outputs, processor) if isinstance(one.ask.style, Phrases) else result["labels"]
        assert_same(ours(one, shape), ranked(result["boxes"], result["scores"], labels))


def tokens_to_prompts(outputs: Any, processor: Any) -> list[int]:
    """Each box's most probable token, decoded, and the prompt in which that word stands."""
    best = outputs.input_ids[0][outputs.logits[0].argmax(dim=-1)]
    words = [processor.tokenizer.decode([token]) for token in best.tolist()]
    return [next(i for i, prompt in enumerate(PROMPTS) if word in prompt.split()) for word in words]


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (48, 48, 3), (49, 20, 3), (80, 60, 3), (100, 112, 3), (144, 9, 3), (600, 410, 3)]
)
def test_blurring_in_two_passes_gives_owlv2_the_same_pixels(shape: tuple[int, ...]) -> None:
    own = Owlv2ImageProcessor(size={"height": 48, "width": 48})
    ours, theirs = (
        each(images=picture(shape), input_data_format="channels_last", return_tensors="pt")["pixel_values"]
        for each in (sooner(own), own)
    )
    assert type(sooner(own)) is not type(own)
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)
