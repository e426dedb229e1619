"""A `.pt` file of Ultralytics, untrained, spread out so that it is sure of some boxes."""

from pathlib import Path

import torch

from nightshift.students import _architecture
from nightshift.yolo import quiet

SIDE = 96


def save(model: str, folder: Path, names: tuple[str, ...]) -> Path:
    """A file of the architecture, with these classes."""
    quiet.silence(folder / "settings")
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415 - its settings come first

    torch.manual_seed(0)
    network = DetectionModel(_architecture.description(model, folder), nc=len(names), verbose=False)
    network.yaml["yaml_file"] = f"{model}.yaml"
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the average of what it has seen, at once
    with torch.no_grad():
        network.train()(torch.rand(4, 3, SIDE, SIDE))
    for name, parameter in network.named_parameters():
        if "cv3" in name and name.endswith("2.bias"):
            parameter.data[:] = -2
    network.eval().names = dict(enumerate(names))
    torch.save({"model": network.half(), "train_args": {"task": "detect", "imgsz": SIDE}}, folder / f"{model}.pt")
    return folder / f"{model}.pt"
