"""Weights that Ultralytics publishes: from this machine's own folder, else downloaded into it."""

import os
from pathlib import Path


def published(model: str) -> Path | None:
    """Weights published for an architecture: from the cache, else downloaded; None when they cannot be had.

    The cache is $NIGHTSHIFT_WEIGHTS, or nightshift/weights in the user's cache folder; a machine without network
    may be given the files there. YOLO_OFFLINE=true forbids the download.
    """
    cached = weights_folder() / f"{model}.pt"
    if cached.exists():
        return cached
    from ultralytics.utils import ONLINE  # noqa: PLC0415 - heavy
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES  # noqa: PLC0415

    if not ONLINE or cached.name not in GITHUB_ASSETS_NAMES:
        return None
    return _download(cached)


def weights_folder() -> Path:
    """Where published weights are kept between runs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("NIGHTSHIFT_WEIGHTS") or cache / "nightshift" / "weights")


def _download(target: Path) -> Path | None:
    from ultralytics.utils.downloads import attempt_download_asset  # noqa: PLC0415

    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        attempt_download_asset(target, retry=0, progress=False)
    except Exception:  # noqa: BLE001 - whatever went wrong, training goes on from the architecture and says so
        target.unlink(missing_ok=True)
    return target if target.exists() else None
