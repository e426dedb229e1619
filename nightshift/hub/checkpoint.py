"""What every family needs that opens a checkpoint: loading it, its version, a device, batches, and its errors.

A checkpoint is a folder or a name on the model hub. Knows no prompts, and not what becomes of boxes.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoProcessor

from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Image

ELSE = "set teacher.name to 'champion' to label with the current student"
THINNEST = 32  # longer side over shorter side
MISSING = 0.1  # a larger share of weights made up at random means that these are another model's weights


@dataclass(frozen=True, slots=True)
class Kind:
    """The checkpoints that a family opens.

    Args:
        what: what they are, such as "zero-shot detector".
        types: the `model_type`s of their configurations.
        model: the class of transformers that loads the weights.
        processor: the class that loads what prepares pictures and text.
    """

    what: str
    types: tuple[str, ...]
    model: Any
    processor: Any = AutoProcessor


def load(checkpoint: str, kind: Kind, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Model (on the CPU, not in training) and processor.

    What is on this machine is used as it is; the hub is asked for what is not. So a night needs no network, and does
    not change its teacher because somebody pushed new weights. Weights are read from safetensors only, and no code
    that comes with them is run.

    Raises:
        ModelError: the weights cannot be had, do not fit, or are not of that kind.
    """
    try:
        return _read(checkpoint, kind, dtype, local_files_only=True)
    except OSError as error:
        if is_path(checkpoint):
            raise unavailable(checkpoint, error) from error
    try:
        return _read(checkpoint, kind, dtype, local_files_only=False)
    except OSError as error:
        raise unavailable(checkpoint, error) from error


def version(model: Any, checkpoint: str) -> str:
    """Type, checkpoint and digest, such as owlv2/google/owlv2-base@0123456789ab."""
    return f"{model.config.model_type}/{short(checkpoint)}@{digest(model)}"


def digest(model: Any) -> str:
    """Twelve hex digits of the sha-256 over configuration and weights, wherever the files came from."""
    omitted = {"transformers_version", "_name_or_path"}
    said = {k: v for k, v in model.config.to_dict().items() if k not in omitted}
    hashed = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode())
    for name, tensor in sorted(model.state_dict().items()):
        hashed.update(name.encode())
        hashed.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return hashed.hexdigest()[:12]


def device(name: str) -> torch.device:
    """The device of that name; "auto" is a GPU where there is one.

    Raises:
        ConfigError: it is not there.
    """
    if name != "auto":
        return _checked(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def not_too_thin(image: Image) -> Image:
    """A strip would be resized to a height of zero: black is added below or to the right, boxes stay."""
    height, width = image.shape[:2]
    lacking = (max(0, width // THINNEST - height), max(0, height // THINNEST - width))
    return np.pad(image, ((0, lacking[0]), (0, lacking[1]), (0, 0))) if any(lacking) else image


def batches(images: Sequence[Image], size: int, *, apart: bool) -> Iterator[list[int]]:
    """Indices of the images by batch, at most `size` each; with `apart`, only images of one shape share one."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        groups[image.shape if apart else ()].append(index)
    for group in groups.values():
        yield from (group[at : at + size] for at in range(0, len(group), size))


@contextmanager
def enough_memory(teacher: str, where: torch.device | str, count: int) -> Iterator[None]:
    """Say what to do when a forward of `count` images takes more memory than there is.

    Raises:
        ModelError: it did.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        reason = f"{where} has no memory left for {count} images at once"
        raise ModelError(f"teacher {teacher}", reason, "Lower teacher.batch.") from error


def unfit(checkpoint: str, reason: str, instead: Sequence[str]) -> ModelError:
    """A checkpoint that is no use, and what would be."""
    return ModelError(f"teacher checkpoint '{checkpoint}'", reason, f"Use one of {', '.join(instead)}; or {ELSE}.")


def unavailable(checkpoint: str, error: Exception) -> ModelError:
    """A checkpoint that is not there, and how to get it."""
    folder = "with config, tokenizer, preprocessor and model.safetensors"
    remedy = f"Put a folder {folder} there; or {ELSE}."
    if not is_path(checkpoint):
        remedy = (
            f"Where the hub is in reach, run `hf download {checkpoint}`; elsewhere copy a folder {folder} "
            f"here and name it in teacher.checkpoint; or {ELSE}."
        )
    return ModelError(f"teacher checkpoint '{checkpoint}'", f"it cannot be read ({first_line(error)})", remedy)


def short(checkpoint: str) -> str:
    """A folder goes by its own name: where it lies on this machine is nobody else's business."""
    return Path(checkpoint).name if is_path(checkpoint) else checkpoint


def is_path(checkpoint: str) -> bool:
    """A hub name is 'owner/name' and nothing that is here."""
    return Path(checkpoint).exists() or checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1


def first_line(error: Exception) -> str:
    """What a library said, without its advice."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _read(checkpoint: str, kind: Kind, dtype: torch.dtype, *, local_files_only: bool) -> tuple[Any, Any]:
    here: dict[str, Any] = {"local_files_only": local_files_only, "trust_remote_code": False}
    try:
        found = AutoConfig.from_pretrained(checkpoint, **here).model_type
        if found not in kind.types:
            raise unfit(checkpoint, f"'{found}' is no {kind.what}", kind.types)
        processor = kind.processor.from_pretrained(checkpoint, **here)
        model, report = kind.model.from_pretrained(
            checkpoint, use_safetensors=True, dtype=dtype, output_loading_info=True, **here
        )
    except (ValueError, KeyError, ImportError, RuntimeError) as error:
        raise unfit(checkpoint, f"it does not load ({first_line(error)})", kind.types) from error
    if len(report["missing_keys"]) > MISSING * len(model.state_dict()):
        raise unfit(checkpoint, f"{len(report['missing_keys'])} of its weights are missing", kind.types)
    return model.eval(), processor


def _checked(name: str) -> torch.device:
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"teacher.device '{name}'", "it is not there", "Use auto, or cpu.") from error
