"""Whether the teacher's and the student's weights are here, or can be had."""

from pathlib import Path

import httpx
import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError

from nightshift.domain.errors import ModelError
from nightshift.services.health.findings import Finding

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")  # the only kinds that the teacher opens
TIMEOUT = 5.0  # seconds


def teacher_finding(checkpoint: str, home: Path) -> str | Finding:
    """Where a zero-shot teacher's weights would come from.

    Args:
        checkpoint: a folder, relative to `home` if not absolute, or a name on the hub.
        home: the project's folder.

    Raises:
        ModelError: they are nowhere.
    """
    folder = home / checkpoint
    if folder.is_dir():
        return _folder(folder)
    if any(isinstance(_cached(checkpoint, name), str) for name in WEIGHTS):
        return f"{checkpoint} is in the cache"
    return _on_hub(checkpoint)


def student_finding(model: str, folder: Path) -> str | Finding:
    """Whether published weights of a student are in the cache folder; without them it starts from scratch.

    Args:
        model: the architecture.
        folder: of published weights.
    """
    if (folder / f"{model}.pt").is_file():
        return f"{model}.pt is in {folder}"
    remedy = f"Nothing, or put {model}.pt there: a student that starts from published weights learns faster."
    seen = f"no {model}.pt in {folder}; it is downloaded, or training starts from scratch"
    return Finding("Student: weights", "warning", seen, remedy)


def _folder(folder: Path) -> str:
    missing = None if (folder / "config.json").is_file() else "config.json"
    if not missing and not any((folder / name).is_file() for name in WEIGHTS):
        missing = WEIGHTS[0]
    if missing:
        raise ModelError(str(folder), f"it has no {missing}", "Save the checkpoint with `save_pretrained` again.")
    return f"folder {folder}"


def _cached(checkpoint: str, name: str) -> object:
    try:
        return huggingface_hub.try_to_load_from_cache(checkpoint, name)
    except HFValidationError as error:
        remedy = "Correct teacher.checkpoint: a folder, or a name on the hub such as owner/model."
        raise ModelError(checkpoint, "it is neither a folder nor a name on the hub", remedy) from error


def _on_hub(checkpoint: str) -> Finding:
    """Asked with a plain request: which HTTP library's errors the hub's own client raises changes over time."""
    page = f"{constants.ENDPOINT}/api/models/{checkpoint}"
    token = huggingface_hub.get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        httpx.get(page, headers=headers, timeout=TIMEOUT, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as error:
        reason = f"it is not in the cache, and the hub does not hand it out ({type(error).__name__})"
        remedy = "Copy its folder here and name it in teacher.checkpoint, or set HF_HOME, HF_ENDPOINT or HF_TOKEN."
        raise ModelError(checkpoint, reason, remedy) from None
    return Finding("Teacher: weights", "ok", f"{checkpoint} will be downloaded from the hub")
