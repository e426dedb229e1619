"""Reading a .pt file, which may hold any program: only what PyTorch's restricted reader allows is ever built.

Ultralytics does so only if its environment said so before its first import, falls back to the open way with an old
PyTorch, and looks elsewhere (another folder, its own cache, the network) for a file that is not there under exactly the
name it expects. All of that is refused here. Knows nothing of what the network is for.
"""

import hashlib
from pathlib import Path
from typing import Any

from nightshift.domain.errors import ModelError

AGAIN = "Delete it and train or fetch it again."
FOREIGN = f"It may run programs on this machine: do not open it by other means. {AGAIN}"


def load_network(weights: Path, **options: Any) -> Any:
    """The network in a file; nothing in the file is run.

    Args:
        weights: the file.
        options: of Ultralytics' `load_checkpoint`: device, fuse.

    Raises:
        ModelError: there is no such file, or it holds anything but a network's weights.
    """
    from ultralytics.nn import tasks  # noqa: PLC0415 - its settings come first

    _check_restricted(tasks)
    if not weights.is_file() or "'" in str(weights) or str(weights) != str(weights).strip():
        raise ModelError(str(weights), "there is no such file, or its path has quotes or blanks at an end", AGAIN)
    try:
        network, _ = tasks.load_checkpoint(str(weights), **options)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise _refusal(weights, error) from error
    return network.eval()


def check_digest(weights: Path, sha256: str | None) -> None:
    """Whether a file has the digest that was recorded.

    Raises:
        ModelError: it has another, or is not there.
    """
    try:
        found = hashlib.sha256(weights.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(str(weights), f"it cannot be read ({error.strerror})", AGAIN) from error
    if found != sha256:
        raise ModelError(str(weights), "it is not the file whose digest was recorded", AGAIN)


def _check_restricted(tasks: Any) -> None:
    if not (tasks.SAFE_LOAD and tasks._SafeLoad.SUPPORTED):  # noqa: SLF001 - no public word says so
        reason = "it was imported before it could be told to read weights safely, or PyTorch is older than 2.6"
        raise ModelError("Ultralytics", reason, "Set ULTRALYTICS_SAFE_LOAD=true, or install torch>=2.6.")


def _refusal(weights: Path, error: Exception) -> ModelError:
    said = " ".join(str(error).split())
    if "outside the supported" in said or "nsupported" in said or "weights_only" in said:
        return ModelError(str(weights), "it holds more than a network's weights, and was not opened", FOREIGN)
    return ModelError(str(weights), f"cannot be loaded ({said})", AGAIN)
