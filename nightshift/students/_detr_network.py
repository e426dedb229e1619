"""Networks of detection transformers: made, found on the hub, and kept in one file without pickle.

A file holds the tensors (safetensors) and, as its only metadata, which architecture they are of and transformers'
configuration as JSON: nothing in it is ever run, and equal trainings give equal bytes. Knows nothing of training.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from nightshift.domain.errors import ModelError
from nightshift.students._detr_family import Family
from nightshift.students._safe_label import KEY
from nightshift.yolo.published import weights_folder
from nightshift.yolo.weights import AGAIN

OF_THE_MACHINE = ("_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype")


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says of its weights.

    Args:
        family: the file in nightshift/students.
        model: the architecture.
        config: of the network, as transformers writes it.
    """

    family: str
    model: str
    config: Mapping[str, Any]


def scratch(family: Family, model: str, names: Sequence[str]) -> torch.nn.Module:
    """A network with random weights."""
    arguments = {key: dict(v) if isinstance(v, Mapping) else v for key, v in family.size(model).config.items()}
    return _built(family, _class(family.settings)(**arguments, **_classes(names)))


def published(family: Family, model: str, names: Sequence[str]) -> tuple[torch.nn.Module, str] | None:
    """A network with published weights, and where they came from; None where they cannot be had.

    Looked for in $NIGHTSHIFT_WEIGHTS (a folder named after the model, as `save_pretrained` writes it), in the hub's
    cache, then on the hub; HF_HUB_OFFLINE=1 forbids that. The last layer is new: it has our classes.
    """
    folder, hub = weights_folder() / model, family.size(model).hub
    places = [(str(folder), True)] if (folder / "config.json").is_file() else []
    places += [(hub, True), (hub, False)] if hub else []
    for place, local in places:
        try:
            return _from(family, place, names, local=local), place
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the next place is tried
            print(f"{place}: {' '.join(str(error).split())[:200]}")  # noqa: T201 - to the log
    return None


def save(network: torch.nn.Module, label: Label, path: Path) -> None:
    """Write weights; tensors that are the same one are written once."""
    tensors = {name: each.detach().cpu().contiguous() for name, each in _distinct(network).items()}
    save_file(tensors, path, {KEY: json.dumps(asdict(label), sort_keys=True)})


def label_of(network: Any, family: Family, model: str) -> Label:
    """What to write beside a network's weights."""
    config = {key: v for key, v in network.config.to_dict().items() if key not in OF_THE_MACHINE}
    return Label(family.name, model, json.loads(json.dumps(config)))


def read_label(weights: Path) -> Label:
    """What a file says of its weights.

    Raises:
        ModelError: it is no such file.
    """
    try:
        with safe_open(weights, "pt") as file:
            return Label(**json.loads((file.metadata() or {})[KEY]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ModelError(str(weights), f"it holds no weights of a detection transformer ({said})", AGAIN) from error


def load(family: Family, weights: Path, label: Label) -> torch.nn.Module:
    """A network from a file.

    Raises:
        ModelError: the weights do not fit their description, or are of another family.
    """
    try:
        network = _built(family, _class(family.settings)(**label.config))
        take_over(network, weights, all_of_them=True)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(str(weights), f"cannot be loaded ({' '.join(str(error).split())})", AGAIN) from error
    return network


def take_over(network: torch.nn.Module, weights: Path, *, all_of_them: bool) -> None:
    """Copy weights from a file into a network; those whose shape differs stay as they are, unless all are wanted.

    Raises:
        ModelError: all are wanted, and some do not fit.
    """
    with safe_open(weights, "pt") as file, torch.no_grad():
        there, mine = set(file.keys()), _distinct(network)
        fitting = [k for k in mine if k in there and list(mine[k].shape) == file.get_slice(k).get_shape()]
        if all_of_them and not len(fitting) == len(mine) == len(there):
            raise ModelError(str(weights), "its tensors are not those of the network that it names", AGAIN)
        for name in fitting:
            mine[name].copy_(file.get_tensor(name))


def _built(family: Family, config: Any) -> torch.nn.Module:
    return cast("torch.nn.Module", _class(family.network)(config))


def _class(name: str) -> Any:
    """A class of transformers; which has them depends on its version.

    Raises:
        ModelError: this version lacks it.
    """
    found = getattr(transformers, name, None)
    if found is None:
        reason = f"transformers {transformers.__version__} has no {name}"
        raise ModelError("student.name", reason, "Install a newer one: pip install --upgrade transformers.")
    return found


def _from(family: Family, place: str, names: Sequence[str], *, local: bool) -> torch.nn.Module:
    kind = _class(family.network)
    return cast(
        "torch.nn.Module",
        kind.from_pretrained(
            place, local_files_only=local, use_safetensors=True, ignore_mismatched_sizes=True, **_classes(names)
        ),
    )


def _classes(names: Sequence[str]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}


def _distinct(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name, in order; of several names of one tensor the first."""
    seen, found = set[tuple[int, tuple[int, ...]]](), {}
    for name, each in sorted(network.state_dict(keep_vars=True).items()):
        mark = (each.data_ptr(), tuple(each.shape))
        if each.numel() and mark in seen:
            continue
        seen.add(mark)
        found[name] = each
    return found
