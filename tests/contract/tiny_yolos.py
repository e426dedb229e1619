"""YOLO-World and YOLOE networks with random weights, saved as Ultralytics saves them, with or without a vocabulary."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from nightshift.yolo import quiet

SIDE = 64
WIDTH = 512  # of a text's features


def save_yolo(kind: str, words: Sequence[str], folder: Path, *, fixed: bool = False) -> Path:
    """A file of that kind; without words nothing is baked in.

    Args:
        kind: yolo_world, yoloe, yoloe_seg or yoloe26.
        words: of its vocabulary, with random features.
        folder: gets the file.
        fixed: the vocabulary cannot be changed any more (YOLOE, prompt-free).
    """
    network = _untrained(kind)
    if words:
        _bake(network, list(words), fixed=fixed)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{kind}{'-pf' * fixed}.pt"
    torch.save({"model": network, "train_args": {"task": "detect", "imgsz": SIDE}}, file)
    return file


class Words:
    """Reads texts as a text encoder does: a direction for each, always the same one."""

    def tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[ord(letter) for letter in text.ljust(32)[:32]] for text in texts])

    def encode_text(self, tokens: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.cat([features(1, int(row.sum())) for row in tokens]).to(dtype)


def features(count: int, seed: int = 0) -> torch.Tensor:
    """(count, WIDTH) of length 1."""
    drawn = torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=-1)


def _untrained(kind: str) -> Any:
    """Spread out, so that it is sure of some boxes."""
    quiet.silence()
    from ultralytics.nn.tasks import WorldModel, YOLOEModel, YOLOESegModel  # noqa: PLC0415

    torch.manual_seed(0)
    build, description = {
        "yolo_world": (WorldModel, "yolov8n-worldv2.yaml"),
        "yoloe": (YOLOEModel, "yoloe-11n.yaml"),
        "yoloe_seg": (YOLOESegModel, "yoloe-11n-seg.yaml"),
        "yoloe26": (YOLOEModel, "yoloe-26n.yaml"),
    }[kind]
    network = build(description, nc=80, verbose=False)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the average of what it has seen, at once
    with torch.no_grad():
        network.train()(torch.nn.functional.interpolate(torch.rand(8, 3, 8, 8), SIDE))
        for module in network.model[-1].modules():
            if type(module).__name__ == "BNContrastiveHead":
                module.bias.fill_(0.0)
                module.logit_scale.fill_(-2.0)
    return network.eval()


def _bake(network: Any, words: list[str], *, fixed: bool) -> None:
    said = features(len(words))[None]
    if not hasattr(network, "set_vocab"):
        network.txt_feats, network.model[-1].nc, network.names = said, len(words), words
        return
    network.set_classes(words, network.model[-1].get_tpe(said))
    if fixed:
        network.args = {"imgsz": SIDE}
        network.get_text_pe = lambda _: network.pe
        network.set_vocab(network.get_vocab(words), words)
        del network.get_text_pe
