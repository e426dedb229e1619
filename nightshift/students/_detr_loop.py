"""The training loop of detection transformers, over accelerate: so many steps, a cosine, and a mean of the weights.

AdamW; the backbone moves slower where it starts from published weights; the rate rises linearly and falls by half a
cosine, step by step; what is kept is an exponential mean of the weights (as in Mean Teacher, Tarvainen 2017), which
forgets faster while there are few steps. Knows nothing of files.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from nightshift.students._detr_pictures import Drawings, seen, together
from nightshift.students._schedule import rate

TOLD = ("loss_vfl", "loss_ce", "loss_mal", "loss_bbox", "loss_giou")  # of the last layer, in the training's curves
CLIP = 0.1  # norm of the gradient, as in DETR
DECAY = 1e-4  # of weights, not of norms and offsets
FORGETS = 0.9998  # share of the mean that stays at a step, at most


@dataclass(frozen=True, slots=True)
class Recipe:
    """How fast to learn.

    Args:
        rate: of everything but the backbone.
        backbone: share of it for the backbone.
    """

    rate: float
    backbone: float

    def slowed(self, share: float) -> "Recipe":
        """The same at a share of the rate."""
        return Recipe(self.rate * share, self.backbone)


# Measured from scratch with dfine-pico; the slow backbone of published weights is D-FINE's and RF-DETR's own choice.
RECIPES = {"scratch": Recipe(2e-3, 1.0), "warm": Recipe(1e-3, 1.0), "pretrained": Recipe(2e-4, 0.1)}


@dataclass(frozen=True, slots=True)
class Course:
    """What to train with.

    Args:
        drawings: everything to see, in its order.
        batch: pictures a step.
        epoch: steps between two reports.
        recipe: how fast to learn.
        normalised: as Family says.
        workers: processes that draw.
    """

    drawings: Drawings
    batch: int
    epoch: int
    recipe: Recipe
    normalised: bool
    workers: int

    @property
    def steps(self) -> int:
        """How many in all."""
        return len(self.drawings) // self.batch


def train(
    network: torch.nn.Module, course: Course, accelerator: Accelerator, report: Callable[[int, dict[str, float]], None]
) -> torch.nn.Module:
    """Train a network.

    Args:
        network: changed.
        course: what to train with.
        accelerator: of the device.
        report: told after each epoch: which, from 1, and its mean losses.

    Returns:
        The mean of its weights.
    """
    optimizer = torch.optim.AdamW(groups(network, course.recipe), betas=(0.9, 0.999))
    full = [group["lr"] for group in optimizer.param_groups]
    loader = DataLoader(course.drawings, course.batch, collate_fn=together, num_workers=course.workers)
    mean: torch.nn.Module = copy.deepcopy(network).to(accelerator.device).eval()
    network, optimizer, loader = accelerator.prepare(network.train(), optimizer, loader)
    sums: dict[str, float] = defaultdict(float)
    for step, batch in enumerate(loader):
        for group, most in zip(optimizer.param_groups, full, strict=True):
            group["lr"] = most * rate(step, course.steps)
        for name, value in _step(network, batch, optimizer, accelerator, normalised=course.normalised).items():
            sums[name] += value
        average(mean, accelerator.unwrap_model(network), step, course.steps)
        done = (step + 1) % course.epoch or course.epoch
        if done == course.epoch or step + 1 == course.steps:
            report(step // course.epoch + 1, {name: value / done for name, value in sums.items()})
            sums.clear()
    return mean


def _step(
    network: Any, batch: dict[str, Any], optimizer: Any, accelerator: Accelerator, *, normalised: bool
) -> dict[str, float]:
    pixels = seen(batch["pixel_values"], normalised=normalised)
    with accelerator.autocast():
        output = network(pixel_values=pixels, labels=batch["labels"])
    accelerator.backward(output.loss)
    accelerator.clip_grad_norm_(network.parameters(), CLIP)
    optimizer.step()
    optimizer.zero_grad()
    told = {name: float(output.loss_dict[name]) for name in TOLD if name in output.loss_dict}
    return {"loss": float(output.loss), **told}


def groups(network: torch.nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameters by how they are trained: the backbone's and the others', each with and without decay."""
    parts: dict[tuple[bool, bool], list[torch.nn.Parameter]] = defaultdict(list)
    inner = backbone(network)
    of_backbone = {id(each) for each in inner.parameters()}
    for each in network.parameters():
        if each.requires_grad:
            parts[id(each) in of_backbone, each.ndim > 1].append(each)
    return [
        {
            "params": each,
            "lr": recipe.rate * (recipe.backbone if slow else 1.0),
            "weight_decay": DECAY if decays else 0.0,
        }
        for (slow, decays), each in parts.items()
    ]


def backbone(network: torch.nn.Module) -> torch.nn.Module:
    """The part of a network that looks at pixels, which transformers calls a backbone."""
    return next(_backbones(network))


def _backbones(network: torch.nn.Module) -> Iterator[torch.nn.Module]:
    from transformers.backbone_utils import BackboneMixin  # noqa: PLC0415 - heavy

    return (each for each in network.modules() if isinstance(each, BackboneMixin))


def average(mean: torch.nn.Module, network: torch.nn.Module, step: int, steps: int) -> None:
    """Move the mean of the weights a little towards the weights; counters are taken over."""
    stays = min((1 + step) / (10 + step), FORGETS, 1 - 20 / max(steps, 40))
    with torch.no_grad():
        for ours, theirs in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
            if ours.is_floating_point():
                ours.lerp_(theirs, 1 - stays)
            else:
                ours.copy_(theirs)
