"""The process that trains: `python -m nightshift.students._train_process request.json`.

A process of its own because repeated training in one process leaks memory. It ends when its parent ends.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

from nightshift.students import _architecture
from nightshift.students._protocol import Origin, Request, say
from nightshift.yolo import quiet
from nightshift.yolo.published import published
from nightshift.yolo.weights import check_digest, load_network

PR_SET_PDEATHSIG = 1  # prctl(2)

# Where training starts from → optimizer, full learning rate. Measured with yolo11p on blood smears at 224 px, batches
# of 8, one seed, mAP50: from scratch, 100 pictures, 600 steps: AdamW 0.004 gives 0.755 (without mosaic 0.728), MuSGD
# 0.01 gives 0.790. Warm from that, 180 pictures, 250 steps: MuSGD 0.005 gives 0.803, 0.01 gives 0.816.
RECIPES = {
    "scratch": ("MuSGD", 0.01),
    "warm": ("MuSGD", 0.01),
    "pretrained": ("AdamW", 0.001),  # Ultralytics' own choice for short trainings of about six classes
}
WITHOUT_MOSAIC = 0.3  # share of the epochs, at the end
FIXED = {
    "name": "run",
    "exist_ok": True,
    "deterministic": True,
    "patience": 0,
    "val": False,
    "plots": False,
    "save": False,  # only after the last epoch
    "verbose": False,
    "cache": "ram",  # where it fits; Ultralytics checks
    "workers": max(0, (os.cpu_count() or 1) - 2),  # none where it trains on the CPU, by Ultralytics' own rule
    "momentum": 0.9,
    "warmup_epochs": 0.0,  # `_training_run` warms up by steps
}


def main(path: str) -> None:
    """Train what the request in a file says."""
    end_with_parent()
    request = Request.read(Path(path))
    if os.getppid() != request.parent:  # it ended before `end_with_parent` could tell the kernel
        raise SystemExit("the process that asked for this training is gone")
    quiet.silence(Path(request.out) / "settings")
    from nightshift.students import _training_run as run  # noqa: PLC0415 - after `silence`

    run.without_compiler()
    start = choose_start(request)
    say(start[1])
    segments, transformer = (ask(request.model) for ask in (_architecture.is_segmenter, _architecture.is_transformer))
    kind = run.QuietSegmentation if segments else run.QuietTransformer if transformer else run.QuietDetection
    kind(overrides=overrides(request, *start)).train()  # type: ignore[no-untyped-call]


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, even by SIGKILL. Linux only; elsewhere nothing."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def choose_start(request: Request) -> tuple[Path | None, Origin]:
    """The weights to start from, and what to call that."""
    model, why = request.model, ""
    if request.init:
        check_digest(Path(request.init), request.init_sha256)
        init = Path(request.init)
        trained = _network_name(init) if init.suffix == ".pt" else "network of another family"
        if trained == model:
            return Path(request.init), Origin("warm", f"continues from {request.init}")
        why = f"{request.init} is a {trained}, not a {model}; "
    if weights := published(model):
        load_network(weights)  # refused here, with what to do, rather than in the midst of training
        return weights, Origin("pretrained", f"{why}starts from published weights {weights}")
    return None, Origin("scratch", f"{why}no published weights of {model} at hand: starts from scratch")


def overrides(request: Request, weights: Path | None, origin: Origin) -> dict[str, Any]:
    """Ultralytics' training arguments; those left out keep its defaults."""
    device = _device(request.device)
    optimizer, rate = RECIPES[origin.origin]
    return {
        **FIXED,
        "model": _architecture.description(request.model, Path(request.out)),
        "pretrained": str(weights) if weights else False,
        "data": request.data,
        "project": request.out,
        "epochs": request.epochs,
        "batch": request.batch,
        "nbs": request.batch,  # a step is a batch: no gradients gathered over several
        "imgsz": request.image_size,
        "seed": request.seed,
        "device": device,
        "amp": "bf16" if device not in {"cpu", "mps"} else False,  # True would download a model to check with
        "optimizer": optimizer,
        "lr0": rate,
        "close_mosaic": max(1, round(WITHOUT_MOSAIC * request.epochs)),
    }


def _network_name(weights: Path) -> str:
    return Path(load_network(weights).yaml["yaml_file"]).stem


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        return "0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


if __name__ == "__main__":
    main(*sys.argv[1:])
