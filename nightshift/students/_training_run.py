"""Ultralytics' training loop, with what gets in the way of many short trainings taken out.

- The learning rate follows optimizer steps (warm-up, then a cosine to nearly nothing): Ultralytics changes it once
  an epoch and warms up for whole epochs, and a night on a large set may be a single epoch.
- No validation: the last epoch's would run over training pictures and mean nothing.
- No font download, no data set download, no integration callbacks (they attach to classes named Trainer).
- On the CPU, weights lie channels last: a fifth faster there, with equal results but for rounding.
- PyTorch's compiler is not imported (except by AdamW): nothing is compiled here, and that import takes seconds.
- One line on stdout per epoch tells the parent process how far it is.

Imports Ultralytics at import: only the training process may import this module, after `quiet.silence`.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import yaml
from ultralytics.models.rtdetr.train import RTDETRTrainer
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.models.yolo.segment import SegmentationTrainer
from ultralytics.utils.patches import torch_load
from ultralytics.utils.torch_utils import strip_optimizer

from nightshift.students._protocol import Epoch, say
from nightshift.students._schedule import rate
from nightshift.yolo import quiet


def without_compiler() -> None:
    """Keep PyTorch from importing its compiler only to tell it what to leave alone.

    Deterministic mode is set by its other name, and the optimizers' methods are those inside the wrappers that import.
    """

    def deterministic(mode: bool, *, warn_only: bool = False) -> None:  # noqa: FBT001 - PyTorch's own signature
        torch.set_deterministic_debug_mode(("warn" if warn_only else "error") if mode else "default")

    torch.use_deterministic_algorithms = deterministic
    for name in ("add_param_group", "zero_grad", "state_dict"):
        method = getattr(torch.optim.Optimizer, name)
        setattr(torch.optim.Optimizer, name, getattr(method, "__wrapped__", method))


class _Quiet:
    """What both kinds of training change; mixed in before Ultralytics' class."""

    def get_dataset(self) -> dict[str, Any]:
        """The data set as `_yolo_folder` wrote it, without the checks that download fonts and data."""
        data: dict[str, Any] = yaml.safe_load(Path(self.args.data).read_text(encoding="utf-8"))  # type: ignore[attr-defined]
        folder = Path(data["path"])
        lists = {split: str(folder / data[split]) for split in ("train", "val")}
        return {**data, **lists, "path": folder, "nc": len(data["names"]), "channels": 3}

    def set_model_attributes(self) -> None:
        """Name the classes; choose the memory layout (Ultralytics itself would on a GPU only) and threads."""
        super().set_model_attributes()  # type: ignore[misc]
        if self.device.type == "cpu":  # type: ignore[attr-defined]
            torch.set_num_threads(quiet.threads())  # Ultralytics leaves one core idle: of two, half
            self.model.to(memory_format=torch.channels_last)  # type: ignore[attr-defined]

    def optimizer_step(self) -> None:
        """One step at this step's learning rate."""
        self._steps_done = getattr(self, "_steps_done", -1) + 1
        share = rate(self._steps_done, len(self.train_loader) * self.epochs)  # type: ignore[attr-defined]
        for group in self.optimizer.param_groups:  # type: ignore[attr-defined]
            group["lr"] = group["initial_lr"] * share
        super().optimizer_step()  # type: ignore[misc]

    def get_validator(self) -> SimpleNamespace:
        """Nobody: Ultralytics' own would import torchvision and, with it, PyTorch's compiler."""
        return SimpleNamespace(metrics=SimpleNamespace(keys=[]))

    def validate(self) -> tuple[dict[str, float], None]:
        """Nothing: students are evaluated on the golden set, elsewhere."""
        return {}, None

    def save_metrics(self, metrics: dict[str, Any]) -> None:
        """Report the epoch's losses to the parent process."""
        losses = {key.removeprefix("train/"): float(v) for key, v in metrics.items() if key.startswith("train/")}
        say(Epoch(self.epoch + 1, self.epochs, losses))  # type: ignore[attr-defined]

    def read_results_csv(self) -> dict[str, Any]:
        """Nothing, as nothing is written: the parent process keeps the losses."""
        return {}

    def final_eval(self) -> None:
        """Leave the bare network in last.pt: no optimizer, and nothing of this machine or minute in it."""
        self.best.unlink(missing_ok=True)  # type: ignore[attr-defined] # the same once more
        strip(self.last, Path(self.args.model).stem)  # type: ignore[attr-defined]


def strip(weights: Path, name: str) -> None:
    """Rewrite a checkpoint so that equal trainings give equal bytes: without date, paths and optimizer.

    Args:
        weights: the file, as Ultralytics saves it; replaced.
        name: the architecture, kept in the file so that a later training knows what it continues.
    """
    strip_optimizer(weights)
    saved = torch_load(weights, map_location="cpu")  # type: ignore[no-untyped-call]
    network = saved["model"]
    network.yaml["yaml_file"] = f"{name}.yaml"
    network.__dict__.pop("pt_path", None)  # where the weights lay that a warm start began with
    network.args = {key: saved["train_args"][key] for key in ("task", "imgsz", "single_cls")}
    kept = {"model": network, "train_args": network.args, **{key: saved[key] for key in ("version", "license")}}
    torch.save(kept, weights)


class QuietDetection(_Quiet, DetectionTrainer):
    """Training of the YOLO family."""


class QuietSegmentation(_Quiet, SegmentationTrainer):
    """Training of the YOLO family's segmenters."""


class QuietTransformer(_Quiet, RTDETRTrainer):
    """Training of RT-DETR."""
