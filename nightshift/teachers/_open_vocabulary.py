"""YOLO-World and YOLOE networks: weights from a file, a vocabulary from it or from their text encoder, boxes out.

The text encoder is read once, when the teacher is opened, and put away. Ultralytics would install a package for it and
load its weights into whatever folder the program was started in; here they come from the folder of published weights,
and what is lacking is told. Knows no class: prompts in, prompts out.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nightshift.domain.errors import ModelError
from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import ELSE, device, first_line, is_path
from nightshift.teachers._found import Found
from nightshift.teachers._prompted import PromptedTeacher, classes_of
from nightshift.yolo import quiet
from nightshift.yolo.published import published, weights_folder
from nightshift.yolo.squares import Fit, corners, fit, unchosen
from nightshift.yolo.weights import load_network

MOST = 1000  # of the boxes that one image's anchors give, the best
SIDE, MULTIPLE = 640, 32
SHOWN = 12  # names of a vocabulary that are told in an error
NEW_FILE = "model.set_classes([...]) and model.save(...)"
TEXT_FILES = {"mobileclip": "mobileclip_blt.ts", "mobileclip2": "mobileclip2_b.ts"}
Reader = Callable[[str, torch.device], Any]  # variant, device → an ultralytics.nn.text_model.TextModel


@dataclass(frozen=True, slots=True)
class Breed:
    """One kind of network.

    Args:
        family: the teacher's name.
        kinds: names of the classes of its networks.
        text: the text encoder, where the network does not say.
    """

    family: str
    kinds: tuple[str, ...]
    text: str


WORLD = Breed("yolo_world", ("WorldModel",), "clip:ViT-B/32")
EVERYTHING_SEEN = Breed("yoloe", ("YOLOEModel", "YOLOESegModel"), "mobileclip:blt")


@dataclass(frozen=True, slots=True)
class AskYolo:
    """Pictures in their squares, boxes out of them.

    Args:
        network: with its vocabulary.
        columns: (prompts,) which of the vocabulary's words each prompt is.
        words: of the vocabulary.
        side: of the square, pixels.
        where: the device of the network.
    """

    network: Any
    columns: torch.Tensor
    words: int
    side: int
    where: torch.device
    apart: bool = False

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        squares, ways = zip(*(fit(image, self.side, stretched=False) for image in images), strict=True)
        pixels = torch.from_numpy(np.stack(squares).transpose(0, 3, 1, 2)).to(self.where).float() / 255
        raw = self.network(pixels)[0]
        raw = raw[0] if isinstance(raw, tuple) else raw  # those that segment give prototypes of masks as well
        return [self._found(each.float(), way) for each, way in zip(raw, ways, strict=True)]

    def _found(self, raw: torch.Tensor, way: Fit) -> Found:
        chosen = self.network.model[-1].end2end
        rows = raw if chosen else raw.T  # (anchors, 4 + words, and coefficients of masks)
        scores, prompts = rows[:, 4 : 4 + self.words][:, self.columns].max(dim=1)
        best = torch.sort(scores, descending=True, stable=True).indices[:MOST]
        best = best[scores[best] > 0]  # a prompt-free head leaves out an anchor by a score of 0
        boxes = rows[best, :4] if chosen else corners(rows[best, :4])
        return Found(way.back(boxes.cpu().numpy()), prompts[best].cpu().numpy(), scores[best].cpu().numpy())


def open_yolo(spec: TeacherSpec, ontology: Ontology, breed: Breed, reader: Reader | None = None) -> PromptedTeacher:
    """Load the weights and tell them the prompts.

    Args:
        spec: which weights.
        ontology: the prompts.
        breed: which kind of network.
        reader: opens a text encoder; Ultralytics' own when left out.

    Raises:
        ConfigError: the device is not there.
        ModelError: weights or text encoder cannot be had, or a fixed vocabulary lacks a prompt.
    """
    quiet.silence()
    where, file = device(spec.device), _file(spec.checkpoint)
    network = load_network(file, device=where, fuse=True)
    if type(network).__name__ not in breed.kinds:
        reason = f"it is a {type(network).__name__}, not a {' or '.join(breed.kinds)}"
        raise ModelError(str(file), reason, f"Name other weights; or {ELSE}.")
    prompts = [prompt for prompt, _ in ontology.prompts]
    columns = _taught(network, prompts, breed, reader or read_by_ultralytics, where)
    network.model[-1].postprocess = unchosen
    return PromptedTeacher(
        version=f"{breed.family}/{file.stem}@{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}",
        ask=AskYolo(network, torch.tensor(columns, device=where), len(_names(network)), _side(network), where),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=where,
    )


def read_by_ultralytics(variant: str, where: torch.device) -> Any:
    """Ultralytics' text encoder, its weights in the folder of published weights."""
    from ultralytics.nn import text_model  # noqa: PLC0415 - heavy, and wants a package that is not always there

    base, _, size = variant.partition(":")
    folder = weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if base in TEXT_FILES:
        return text_model.MobileCLIPTS(where, weight=str(folder / TEXT_FILES[base]))
    text_model.WEIGHTS_DIR = folder  # type: ignore[attr-defined] # where CLIP's file is looked for, and downloaded to
    return text_model.CLIP(size, where)


def _file(checkpoint: str) -> Path:
    if is_path(checkpoint):
        return Path(checkpoint)
    found = published(checkpoint.removesuffix(".pt"))
    if found is None:
        remedy = f"Put the file into {weights_folder()}, or name its path in teacher.checkpoint; or {ELSE}."
        raise ModelError(f"teacher checkpoint '{checkpoint}'", "it is not here and cannot be downloaded", remedy)
    return found


def _side(network: Any) -> int:
    """Of the square it was trained on."""
    said = network.args.get("imgsz", SIDE)
    return max(1, round((said if isinstance(said, int) else SIDE) / MULTIPLE)) * MULTIPLE


def _names(network: Any) -> list[str]:
    names = network.names
    return [str(each) for each in (names.values() if isinstance(names, dict) else names)]


def _taught(network: Any, prompts: Sequence[str], breed: Breed, reader: Reader, where: torch.device) -> list[int]:
    """Which of the network's words each prompt is; words that it lacks are read, where it can learn any."""
    names = [_plain(each) for each in _names(network)] if _is_baked(network) else []
    known = {name: names.index(name) for name in dict.fromkeys(names)}
    missing = [each for each in prompts if _plain(each) not in known]
    if not missing:
        return [known[_plain(each)] for each in prompts]
    if _is_fixed(network):
        raise _lacking(missing, list(known))
    _learn(network, prompts, _text_model(network, breed, reader, where, missing))
    return list(range(len(prompts)))


def _is_baked(network: Any) -> bool:
    """Whether its names mean anything: a YOLOE without embeddings has names, and sees nothing by them."""
    return hasattr(network, "txt_feats") or hasattr(network, "pe") or _is_fixed(network)


def _is_fixed(network: Any) -> bool:
    head = network.model[-1]
    return hasattr(head, "lrpc") or bool(getattr(head, "is_fused", False))


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def _text_model(network: Any, breed: Breed, reader: Reader, where: torch.device, missing: Sequence[str]) -> Any:
    variant = getattr(network, "text_model", breed.text)
    try:
        return reader(variant, where)
    except Exception as error:  # a missing package, no network, a broken file: what it is, the message says
        reason = f"its text encoder {variant}, which would read the prompt '{missing[0]}', cannot be had"
        remedy = (
            f"Install the CLIP package that Ultralytics names and put the encoder's file into {weights_folder()}; or "
            f"bake the prompts into a file where both are in reach, by {NEW_FILE}; or {ELSE}."
        )
        raise ModelError(f"teacher {breed.family}", f"{reason} ({first_line(error)})", remedy) from error


def _learn(network: Any, prompts: Sequence[str], text: Any) -> None:
    """As the networks' own `set_classes`, which open the text encoder themselves."""
    words, head = list(prompts), network.model[-1]
    with torch.no_grad():
        features = text.encode_text(text.tokenize(words)).clone()[None]  # (1, words, width)
        if hasattr(network, "set_vocab"):  # YOLOE, which has a layer of its own for them
            network.set_classes(words, head.get_tpe(features))
        else:
            network.txt_feats, head.nc, network.names = features, len(words), words


def _lacking(missing: Sequence[str], known: Sequence[str]) -> ModelError:
    some = ", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
    reason = f"its vocabulary of {len(known)} words is fixed and lacks '{missing[0]}'"
    return ModelError("teacher.checkpoint", reason, f"Prompt with its own words ({some}), or take weights that learn.")
