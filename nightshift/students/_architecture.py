"""Which networks there are, where their description lies, and where published weights may be found.

yolo11p ("pico") is not published by anyone: it is yolo11's own description at half of the nano's width, for
machines where minutes on two cores matter. Knows nothing of training.
"""

import os
from pathlib import Path

from nightshift.domain.errors import UnknownName

FAMILIES = ("yolov8", "yolo11", "yolo12", "yolo26")
PICO = "yolo11p"
PICO_SCALE = (0.50, 0.125, 1024)  # depth, width, most channels: as in yolo11.yaml, whose nano is 0.50, 0.25
MODELS = (*(f"{family}{scale}" for family in FAMILIES for scale in "nsmlx"), PICO, "rtdetr-l", "rtdetr-x")


def check(model: str) -> str:
    """The name itself.

    Raises:
        UnknownName: no such architecture.
    """
    if model not in MODELS:
        raise UnknownName(f"student.model '{model}'", "unknown architecture", f"Known: {', '.join(MODELS)}.")
    return model


def is_transformer(model: str) -> bool:
    """Whether it is of the RT-DETR kind, which has a trainer and an output format of its own."""
    return model.startswith("rtdetr")


def description(model: str, folder: Path) -> str:
    """What Ultralytics builds the network from: a name of its own, or a file written into `folder`."""
    if model != PICO:
        return f"{model}.yaml"
    from ultralytics.nn.tasks import yaml_model_load  # noqa: PLC0415 - heavy
    from ultralytics.utils import YAML  # noqa: PLC0415

    nano = yaml_model_load("yolo11n.yaml")  # type: ignore[no-untyped-call]
    network = {key: value for key, value in nano.items() if key not in {"scale", "yaml_file"}}
    target = folder / f"{PICO}.yaml"
    YAML.save(target, {**network, "scales": {"p": list(PICO_SCALE)}})  # type: ignore[no-untyped-call]
    return str(target)


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
