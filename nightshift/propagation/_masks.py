"""Boxes followed as masks, by the video models of `transformers` that share SAM 2's session.

Frames are handed over one by one, so that no clip is held whole; of what the session keeps of a frame, only its memory
outlasts it. A frame's box is the extent of the object's mask. Its score is how sure the model is that the object is
there, times how firm the edge of its mask is; it is in no way fitted to overlaps.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from transformers import Sam2VideoProcessor

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ModelError
from nightshift.domain.models import Image
from nightshift.domain.tracks import PropagationSpec, Track
from nightshift.hub import checkpoint as checkpoints

FIRM = 1.0  # logits: a pixel nearer to zero may belong or not
LEAST = 4  # pixels of a mask
ELSE = "set propagation.name to 'flow', which needs no weights"
Masks = NDArray[np.float32]


class MaskFollower:
    """Follows masks.

    Args:
        model: a video model with SAM 2's session, not in training.
        processor: its own.
        version: family, checkpoint and digest.
        device: where the model is.
    """

    def __init__(self, model: Any, processor: Any, version: str, device: torch.device) -> None:
        self._model, self._processor, self._device = model, processor, device
        self.version = version

    @torch.inference_mode()
    def follow(self, images: Sequence[Image], first: Detections) -> list[Track]:
        """One track for each box, see `Follower`.

        Raises:
            ModelError: the device has no memory left.
        """
        session = self._processor.init_video_session(inference_device=self._device)
        boxes = np.zeros((len(first), len(images), 4), np.float32)
        scores = np.zeros((len(first), len(images)), np.float32)
        boxes[:, 0], scores[:, 0] = first.boxes, 1.0
        for i in range(len(images)):
            masks, there = self._next(session, images[i], first if i == 0 else None)
            if i:
                for k, (mask, sure) in enumerate(zip(masks, there, strict=True)):
                    boxes[k, i], scores[k, i] = _box(mask, sure)
        return [Track(int(label), boxes[k], scores[k]) for k, label in enumerate(first.classes)]

    def _next(self, session: Any, image: Image, known: Detections | None) -> tuple[Masks, NDArray[np.float32]]:
        """(n, h, w) logits of each object's mask on the next frame, and (n,) how sure it is that it is there."""
        inputs = self._processor(images=image, device=self._device, return_tensors="pt")
        size = image.shape[:2]
        if known is not None:
            self._processor.add_inputs_to_inference_session(
                session,
                frame_idx=0,
                obj_ids=list(range(len(known))),
                input_boxes=[known.boxes.tolist()],
                original_size=size,
            )
        try:
            said = self._model(inference_session=session, frame=inputs["pixel_values"][0])
        except torch.OutOfMemoryError as error:
            reason = f"{self._device} has no memory left for {session.get_obj_num()} objects"
            raise ModelError(f"propagation {self.version}", reason, f"Lower propagation.reach; or {ELSE}.") from error
        _forget(session, said.frame_idx)
        masks = self._processor.post_process_masks([said.pred_masks], original_sizes=[list(size)], binarize=False)[0]
        sure = torch.sigmoid(said.object_score_logits.float()).flatten()
        return masks.float().cpu().numpy()[:, 0], sure.cpu().numpy()


def open_masks(spec: PropagationSpec, usual: str, kind: str, model: str) -> MaskFollower:
    """Load a video model.

    Args:
        spec: which checkpoint, and where it runs.
        usual: the checkpoint where none is named.
        kind: the `model_type` that its configuration must have.
        model: the name of its class in transformers.

    Raises:
        ConfigError: the device is not there.
        ModelError: the weights cannot be had, or are not of that kind.
    """
    where = checkpoints.device(spec.device)
    name = spec.checkpoint or usual
    wanted = checkpoints.Kind(
        "video model that follows masks", (kind,), getattr(transformers, model), Sam2VideoProcessor
    )
    try:
        loaded, processor = checkpoints.load(name, wanted)
    except ModelError as error:
        raise ModelError(f"propagation checkpoint '{name}'", error.reason, f"Copy it here; or {ELSE}.") from error
    family = kind.removesuffix("_video")
    version = f"{family}/{checkpoints.short(name)}@{checkpoints.digest(loaded)}"
    return MaskFollower(loaded.to(where), processor, version, where)


def _forget(session: Any, index: int) -> None:
    """The pixels of a frame that has been gone through; its place stays counted."""
    session.processed_frames[index] = session.processed_frames[index].new_zeros(())


def _box(mask: Masks, sure: float) -> tuple[NDArray[np.float32], float]:
    """The extent of an (h, w) mask, and its score; a score of 0 where the object is not seen."""
    inside = mask > 0
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if inside.sum() < LEAST or sure < 0.5:  # noqa: PLR2004 - more likely gone than there
        return np.zeros(4, np.float32), 0.0
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)
    firm = float((mask > FIRM).sum() / max((mask > -FIRM).sum(), 1))
    return box, float(np.clip(sure * firm, 1e-3, 1.0))
