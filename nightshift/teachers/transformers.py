"""Every zero-shot detector that `transformers` loads: Grounding DINO, MM Grounding DINO, OWL-ViT, OWLv2, OmDet-Turbo.

Prompts come from the ontology and are answered by class; how each family is told them is in _phrases,
_queries and _tasks, and what becomes of two boxes on one object in _merge. Knows no store and no round.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModelForZeroShotObjectDetection, AutoProcessor

from nightshift.domain.detections import Detections, clean
from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Detector, Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.teachers._blur import sooner
from nightshift.teachers._found import Found, Style
from nightshift.teachers._merge import merge
from nightshift.teachers._phrases import Phrases
from nightshift.teachers._queries import Queries
from nightshift.teachers._tasks import Tasks

STYLES: dict[str, Callable[[Any, Any, Sequence[str]], Style]] = {
    "grounding-dino": Phrases,
    "mm-grounding-dino": Phrases,
    "omdet-turbo": Tasks,
    "owlv2": Queries,
    "owlvit": Queries,
}
ELSE = "set teacher.name to 'champion' to label with the current student"
THINNEST = 32  # longer side over shorter side
MISSING = 0.1  # a larger share of weights made up at random means that these are another model's weights


@dataclass(frozen=True, slots=True)
class ZeroShotTeacher:
    """A zero-shot detector with its prompts.

    Args:
        version: family, checkpoint and digest.
        ask: the model, with the prompts tokenised.
        prepare: the checkpoint's image processor.
        class_of: (prompts,) the class index of each prompt.
        threshold: lowest score kept.
        batch: images per forward.
        device: where the model is.
    """

    version: str
    ask: Style
    prepare: Any
    class_of: NDArray[np.int64]
    threshold: float
    batch: int
    device: torch.device

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One box an object, best first, in each image's own pixels, with its prompt; scores reach the threshold."""
        found: dict[int, Detections] = {}
        for which in self._batches(images):
            for index, seen in zip(which, self._look([images[i] for i in which]), strict=True):
                found[index] = merge(_above(seen, images[index], self.threshold), self.class_of)
        return [found[index] for index in range(len(images))]

    def _batches(self, images: Sequence[Image]) -> Iterator[list[int]]:
        """Indices by batch; where padding would change the answer, only images of one shape share one."""
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, image in enumerate(images):
            groups[image.shape if self.ask.pads else ()].append(index)
        for group in groups.values():
            yield from (group[at : at + self.batch] for at in range(0, len(group), self.batch))

    @torch.inference_mode()
    def _look(self, images: Sequence[Image]) -> list[Found]:
        seeable = [_not_too_thin(image) for image in images]
        try:
            pixels = torch.cat([self._pixels(image) for image in seeable])
            return self.ask(pixels, [(len(image), len(image[0])) for image in seeable])
        except torch.OutOfMemoryError as error:
            reason = f"{self.device} has no memory left for {len(images)} images at once"
            raise ModelError(f"teacher {self.version}", reason, "Lower teacher.batch.") from error

    def _pixels(self, image: Image) -> torch.Tensor:
        """One at a time: never padded to a neighbour, and one frame's float copy in memory at once."""
        prepared = self.prepare(
            images=image, input_data_format="channels_last", return_tensors="pt", device=self.device
        )
        pixels: torch.Tensor = prepared["pixel_values"]
        return pixels.to(self.device)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint and tell it the ontology's prompts.

    Raises:
        ConfigError: a prompt is too long for the text encoder, or the device is not there.
        ModelError: the weights cannot be had, or are no zero-shot detector's.
    """
    device = _device(spec.device)
    model, processor = _load(spec.checkpoint)
    prompts = [prompt for prompt, _ in ontology.prompts]
    return ZeroShotTeacher(
        version=f"{model.config.model_type}/{_short(spec.checkpoint)}@{_digest(model)}",
        ask=STYLES[model.config.model_type](model.to(device), processor, prompts),
        prepare=sooner(processor.image_processor),
        class_of=np.array([index for _, index in ontology.prompts], np.int64),
        threshold=spec.threshold,
        batch=spec.batch,
        device=device,
    )


def _not_too_thin(image: Image) -> Image:
    """A strip would be resized to a height of zero: black is added below or to the right, boxes stay."""
    height, width = image.shape[:2]
    lacking = (max(0, width // THINNEST - height), max(0, height // THINNEST - width))
    return np.pad(image, ((0, lacking[0]), (0, lacking[1]), (0, 0))) if any(lacking) else image


def _above(seen: Found, image: Image, threshold: float) -> Detections:
    height, width = image.shape[:2]
    return clean(seen.boxes, seen.prompts, seen.scores, (width, height)).above(threshold)


def _load(checkpoint: str) -> tuple[Any, Any]:
    """Model and processor. What is on this machine is used as it is; the hub is asked for what is not.

    So a night needs no network, and does not change its teacher because somebody pushed new weights.
    """
    try:
        return _read(checkpoint, local_files_only=True)
    except OSError as error:
        if _is_path(checkpoint):
            raise _unavailable(checkpoint, error) from error
    try:
        return _read(checkpoint, local_files_only=False)
    except OSError as error:
        raise _unavailable(checkpoint, error) from error


def _read(checkpoint: str, *, local_files_only: bool) -> tuple[Any, Any]:
    """Weights are read from safetensors only, and no code that comes with them is run."""
    here: dict[str, Any] = {"local_files_only": local_files_only, "trust_remote_code": False}
    try:
        family = AutoConfig.from_pretrained(checkpoint, **here).model_type
        if family not in STYLES:
            raise _unfit(checkpoint, f"'{family}' is no zero-shot detector")
        processor: Any = AutoProcessor.from_pretrained(checkpoint, **here)  # type: ignore[no-untyped-call]
        model, report = AutoModelForZeroShotObjectDetection.from_pretrained(
            checkpoint, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **here
        )
    except (ValueError, KeyError, ImportError, RuntimeError) as error:
        raise _unfit(checkpoint, f"it does not load ({_first_line(error)})") from error
    if len(report["missing_keys"]) > MISSING * len(model.state_dict()):
        raise _unfit(checkpoint, f"{len(report['missing_keys'])} of its weights are missing")
    return model.eval(), processor


def _unfit(checkpoint: str, reason: str) -> ModelError:
    return ModelError(f"teacher checkpoint '{checkpoint}'", reason, f"Use one of {', '.join(STYLES)}; or {ELSE}.")


def _unavailable(checkpoint: str, error: OSError) -> ModelError:
    folder = "with config, tokenizer, preprocessor and model.safetensors"
    remedy = f"Put a folder {folder} there; or {ELSE}."
    if not _is_path(checkpoint):
        remedy = (
            f"Where the hub is in reach, run `hf download {checkpoint}`; elsewhere copy a folder {folder} "
            f"here and name it in teacher.checkpoint; or {ELSE}."
        )
    return ModelError(f"teacher checkpoint '{checkpoint}'", f"it cannot be read ({_first_line(error)})", remedy)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _short(checkpoint: str) -> str:
    """A folder goes by its own name: where it lies on this machine is nobody else's business."""
    return Path(checkpoint).name if _is_path(checkpoint) else checkpoint


def _is_path(checkpoint: str) -> bool:
    """A hub name is 'owner/name' and no folder here."""
    return Path(checkpoint).is_dir() or checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1


def _device(name: str) -> torch.device:
    if name != "auto":
        return _checked(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _checked(name: str) -> torch.device:
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"teacher.device '{name}'", "it is not there", "Use auto, or cpu.") from error


def _digest(model: Any) -> str:
    """Twelve hex digits of the sha-256 over configuration and weights, wherever the files came from."""
    omitted = {"transformers_version", "_name_or_path"}
    said = {k: v for k, v in model.config.to_dict().items() if k not in omitted}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:12]
