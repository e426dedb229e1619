"""The Segment Anything family through transformers: a picture is encoded once, then asked for one box after the other.

Pictures go one by one: each fills the encoder's whole square, and one alone keeps a GPU busy; so a batch gives what
single pictures give, to the bit. Masks are brought to the picture's size one at a time, as a large picture's would fill
memory together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoConfig,
    AutoModelForMaskGeneration,
    Sam2Processor,
    Sam3TrackerProcessor,
    SamHQProcessor,
    SamProcessor,
)

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ModelError
from nightshift.domain.masking import MaskerSpec, outlined
from nightshift.domain.masks import Masks
from nightshift.domain.models import Image
from nightshift.hub.checkpoint import Kind, device, load, not_too_thin, version
from nightshift.maskers._room import within

PROCESSORS: dict[str, Any] = {
    "sam": SamProcessor,
    "sam_hq": SamHQProcessor,
    "sam2": Sam2Processor,
    "sam2_video": Sam2Processor,  # the published SAM 2 checkpoints; their memory is left out
    "sam3_tracker": Sam3TrackerProcessor,
    "sam3_video": Sam3TrackerProcessor,  # the published SAM 3; its detector is left out
}


class _Processor:
    """The processor that asks with boxes, whatever else the checkpoint is published for."""

    @staticmethod
    def from_pretrained(checkpoint: str, **options: Any) -> Any:
        """As of transformers."""
        kind = AutoConfig.from_pretrained(checkpoint, **options).model_type
        return PROCESSORS[kind].from_pretrained(checkpoint, **options)


KIND = Kind("SAM", tuple(PROCESSORS), AutoModelForMaskGeneration, _Processor)


def open_sam(spec: MaskerSpec) -> "Sam":
    """Load the checkpoint; raises as `open_masker`."""
    where = device(spec.device)
    try:
        model, processor = load(spec.checkpoint, KIND)
    except ModelError as error:
        elsewhere = "set masks.name to 'grabcut', which needs no weights"
        remedy = f"Run `hf download {spec.checkpoint}` where the hub is in reach, or name a folder; or {elsewhere}."
        raise ModelError(f"masks checkpoint '{spec.checkpoint}'", error.reason, remedy) from error
    return Sam(version(model, spec.checkpoint), model.to(where), processor, where, spec.batch)


@dataclass(frozen=True, slots=True)
class Sam:
    """A model that is asked with boxes.

    Args:
        version: type, checkpoint and digest.
        model: of transformers.
        processor: its own.
        where: the device of the model.
        batch: boxes per forward.
    """

    version: str
    model: Any
    processor: Any
    where: torch.device
    batch: int

    def outline(self, images: Sequence[Image], found: Sequence[Detections]) -> list[Detections]:
        """See Masker.

        Raises:
            ModelError: there is no memory left.
        """
        return [self._outlined(image, each) if len(each) else each for image, each in zip(images, found, strict=True)]

    def _outlined(self, image: Image, found: Detections) -> Detections:
        size = (len(image), len(image[0]))
        try:
            pixels = zip(self._masks(not_too_thin(image), found.boxes), found.boxes, strict=True)
            masks = Masks.of_patches((within(mask[: size[0], : size[1]], box) for mask, box in pixels), size)
        except torch.OutOfMemoryError as error:
            reason = f"{self.where} has no memory left for {min(self.batch, len(found))} boxes at once"
            raise ModelError(f"masks {self.version}", reason, "Lower masks.batch.") from error
        return outlined(found, masks)

    @torch.inference_mode()
    def _masks(self, image: Image, boxes: NDArray[np.float32]) -> Iterator[NDArray[np.bool_]]:
        asked = self.processor(
            images=image, input_boxes=[boxes.tolist()], input_data_format="channels_last", return_tensors="pt"
        )
        seen = self.model.get_image_embeddings(asked["pixel_values"].to(self.where))
        for some in asked["input_boxes"].float().to(self.where).split(self.batch, dim=1):
            said = self.model(image_embeddings=seen, input_boxes=some, multimask_output=False).pred_masks[0]
            yield from (self._at_size(each, asked) for each in said)

    def _at_size(self, mask: torch.Tensor, asked: Any) -> NDArray[np.bool_]:
        """(1, h, w) logits → (height, width) of the picture."""
        sizes = {name: asked[name] for name in ("original_sizes", "reshaped_input_sizes") if name in asked}
        (whole,) = self.processor.image_processor.post_process_masks([mask[None].float().cpu()], **sizes)
        return np.asarray(whole[0, 0].numpy(), np.bool_)
