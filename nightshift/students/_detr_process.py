"""The process that trains a detection transformer: `python -m nightshift.students._detr_process request.json`.

A process of its own as for the other students: what a training leaves in memory or on a GPU ends with it.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from nightshift.students._detr_family import Family
from nightshift.students._protocol import Epoch, Origin, Request, say
from nightshift.students._train_process import end_with_parent
from nightshift.yolo import quiet
from nightshift.yolo.weights import check_digest

SUFFIX = ".safetensors"


def main(path: str) -> None:
    """Train what the request in a file says."""
    end_with_parent()
    request = Request.read(Path(path))
    if os.getppid() != request.parent:  # it ended before `end_with_parent` could tell the kernel
        raise SystemExit("the process that asked for this training is gone")
    choose_device(request.device)
    family: Family = import_module(f"nightshift.students.{request.family}").FAMILY
    _train(request, family)


def choose_device(wanted: str) -> None:
    """Let this process see the GPUs that were asked for, before anybody looks for them."""
    first = wanted.removeprefix("cuda:").split(",", maxsplit=1)[0]
    if first.isdigit():
        os.environ["CUDA_VISIBLE_DEVICES"] = first


def _train(request: Request, family: Family) -> None:
    import torch  # noqa: PLC0415 - after `choose_device`
    from accelerate import Accelerator  # noqa: PLC0415
    from accelerate.utils import set_seed  # noqa: PLC0415

    from nightshift.students import _detr_loop, _detr_network  # noqa: PLC0415
    from nightshift.students._detr_pictures import Drawings, Pictures  # noqa: PLC0415

    torch.set_num_threads(quiet.threads())
    on_cpu = request.device == "cpu"
    accelerator = Accelerator(cpu=on_cpu, mixed_precision="bf16" if not on_cpu and torch.cuda.is_available() else "no")
    set_seed(request.seed)
    torch.set_deterministic_debug_mode("warn")  # some of a GPU's operations have no such version
    pictures = Pictures(Path(request.data), family.side(request.model, request.image_size))
    network, origin = start(request, family, pictures.names)
    say(origin)
    label = _detr_network.label_of(network, family, request.model)
    drawings = Drawings(pictures, request.steps * request.batch, request.seed)
    epoch = -(-len(pictures.epoch) // request.batch)
    recipe = _detr_loop.RECIPES[origin.origin].slowed(1.0 if origin.origin == "pretrained" else family.haste)
    workers = 0 if accelerator.device.type == "cpu" else max(0, (os.cpu_count() or 1) - 2)
    course = _detr_loop.Course(drawings, request.batch, epoch, recipe, family.normalised, workers)
    mean = _detr_loop.train(network, course, accelerator, lambda done, losses: say(Epoch(done, request.epochs, losses)))
    _detr_network.save(mean, label, Path(request.out) / "weights.safetensors")


def start(request: Request, family: Family, names: tuple[str, ...]) -> tuple[Any, Origin]:
    """The network to start from, and what to call that."""
    from nightshift.students import _detr_network  # noqa: PLC0415 - heavy

    model, why = request.model, ""
    if request.init:
        init = Path(request.init)
        check_digest(init, request.init_sha256)
        trained = _detr_network.read_label(init).model if init.suffix == SUFFIX else "network of another family"
        if trained == model:
            network = _detr_network.scratch(family, model, names)
            _detr_network.take_over(network, init, all_of_them=False)
            return network, Origin("warm", f"continues from {init}")
        why = f"{init} is a {trained}, not a {model}; "
    if found := _detr_network.published(family, model, names):
        return found[0], Origin("pretrained", f"{why}starts from published weights {found[1]}")
    network = _detr_network.scratch(family, model, names)
    return network, Origin("scratch", f"{why}no published weights of {model} at hand: starts from scratch")


if __name__ == "__main__":
    main(*sys.argv[1:])
