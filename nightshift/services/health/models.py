"""Whether the weights of the models that are configured are here, or can be had."""

from pathlib import Path

import httpx
import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError

from nightshift.domain.errors import ModelError
from nightshift.services.health.findings import Finding

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")  # the only kinds that are opened
TIMEOUT = 5.0  # seconds


def checkpoint_finding(subject: str, checkpoint: str, home: Path) -> str | Finding:
    """Where weights would come from that are a folder, or have a name on the hub.

    Args:
        subject: what they are for, as `doctor` calls it.
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
    return _on_hub(subject, checkpoint)


def student_finding(model: str, published: str, folder: Path) -> str | Finding:
    """Whether published weights of a student are on this machine; without them it starts from scratch.

    Args:
        model: the architecture.
        published: `weights` of its card: a name on the hub, a file's name, or empty where nobody publishes any.
        folder: of published weights that come as files.
    """
    if not published:
        return f"nobody publishes weights of {model}: it is trained from scratch"
    place = folder / (model if "/" in published else published)
    if place.is_file() or (place / "config.json").is_file():
        return f"{place.name} is in {folder}"
    if "/" in published and any(isinstance(_cached(published, name), str) for name in WEIGHTS):
        return f"{published} is in the hub's cache"
    remedy = f"Nothing, or put {place.name} there: a student that starts from published weights learns faster."
    source = f", nor {published} in the hub's cache" if "/" in published else ""
    seen = f"no {place.name} in {folder}{source}; it is downloaded, or training starts from scratch"
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
        remedy = "Correct it in nightshift.yaml: a folder, or a name on the hub such as owner/model."
        raise ModelError(checkpoint, "it is neither a folder nor a name on the hub", remedy) from error


def _on_hub(subject: str, checkpoint: str) -> Finding:
    """Asked with a plain request: which HTTP library's errors the hub's own client raises changes over time."""
    page = f"{constants.ENDPOINT}/api/models/{checkpoint}"
    token = huggingface_hub.get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        httpx.get(page, headers=headers, timeout=TIMEOUT, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as error:
        reason = f"it is not in the cache, and the hub does not hand it out ({type(error).__name__})"
        remedy = "Copy its folder here and name it in nightshift.yaml, or set HF_HOME, HF_ENDPOINT or HF_TOKEN."
        raise ModelError(checkpoint, reason, remedy) from None
    return Finding(subject, "ok", f"{checkpoint} will be downloaded from the hub")
