"""An Autodistill base model, asked: its ontology from ours, its supervision.Detections to ours.

A base model is handed pictures as its own `label` hands them over: arrays in OpenCV's order of colours. Its class
numbers count the prompts. It decides itself on which device it runs. Knows no model by name.
"""

import hashlib
import importlib
import importlib.metadata
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import first_line
from nightshift.teachers._found import Found
from nightshift.teachers._prompted import PromptedTeacher, classes_of

NAME = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<kind>[A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class AskBaseModel:
    """One image at a time: base models know no batches.

    Args:
        model: an autodistill.detection.DetectionBaseModel.
        prompts: how many it was told.
    """

    model: Any
    prompts: int
    apart: bool = False

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        return [self._ask(image) for image in images]

    def _ask(self, image: Image) -> Found:
        said = self.model.predict(np.ascontiguousarray(image[:, :, ::-1]))
        count = len(said.xyxy)
        prompts = np.asarray(said.class_id if said.class_id is not None else [-1] * count, np.int64)
        if (prompts < 0).any() or (prompts >= self.prompts).any():
            reason = "it found something without saying by which prompt"
            raise ModelError(f"teacher {type(self.model).__name__}", reason, "Look into its package, or take another.")
        sure = said.confidence if said.confidence is not None else np.ones(count)  # it says that it is there
        return Found(np.asarray(said.xyxy, np.float32).reshape(-1, 4), prompts, np.asarray(sure, np.float32))


def open_autodistill(spec: TeacherSpec, ontology: Ontology) -> PromptedTeacher:
    """The base model that the checkpoint names; raises as `open_teacher` of the family."""
    named = NAME.fullmatch(spec.checkpoint)
    subject = f"teacher.checkpoint '{spec.checkpoint}'"
    if named is None:
        raise ConfigError(subject, "it is no module:Class", "Write it as autodistill_grounding_dino:GroundingDINO.")
    prompts = _different([prompt for prompt, _ in ontology.prompts])
    kind = _kind(subject, named["module"], named["kind"])
    return PromptedTeacher(
        version=f"autodistill/{spec.checkpoint}@{_release(named['module'])}",
        ask=AskBaseModel(_opened(subject, kind, prompts), len(prompts)),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=torch.device("cpu"),
    )


def _different(prompts: list[str]) -> list[str]:
    """Its ontology is a mapping from prompts: one that is there twice would shift all that follow."""
    twice = [prompt for prompt, times in Counter(prompts).items() if times > 1]
    if twice:
        raise ConfigError(f"prompt '{twice[0]}'", "it is said twice, and Autodistill knows one meaning", "Say it once.")
    return prompts


def _kind(subject: str, module: str, name: str) -> Any:
    _spare_the_client()
    try:
        from autodistill.detection import DetectionBaseModel  # noqa: PLC0415 - an extra
    except ImportError as error:
        remedy = "Install nightshift[autodistill] and the model's own package."
        raise ModelError("teacher 'autodistill'", f"Autodistill is not whole ({first_line(error)})", remedy) from error
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        remedy = f"Install the package that has {module}, or correct the name."
        raise ModelError(subject, f"it cannot be imported ({first_line(error)})", remedy) from error
    if not isinstance(kind, type) or not issubclass(kind, DetectionBaseModel):
        raise ModelError(subject, "it is no DetectionBaseModel of Autodistill", "Name a base model that finds boxes.")
    return kind


def _spare_the_client() -> None:
    """Autodistill imports Roboflow's client, for uploads, and does not bring it; an empty module is all it takes here.

    The client wants an older typer than other packages do, and changes which pictures Pillow opens. Where it is
    installed, it is used.
    """
    if "roboflow" not in sys.modules and importlib.util.find_spec("roboflow") is None:
        sys.modules["roboflow"] = ModuleType("roboflow")


def _opened(subject: str, kind: Any, prompts: Sequence[str]) -> Any:
    from autodistill.detection import CaptionOntology  # noqa: PLC0415 - an extra

    try:
        return kind(ontology=CaptionOntology({prompt: prompt for prompt in prompts}))
    except Exception as error:  # whatever somebody else's package does
        reason = f"it does not open ({type(error).__name__}: {first_line(error)})"
        raise ModelError(subject, reason, "Its package says what it needs.") from error


def _release(module: str) -> str:
    """The version of the package that the module comes with; of a file of the team's own, its digest."""
    owners = importlib.metadata.packages_distributions().get(module.partition(".")[0])
    if owners:
        return importlib.metadata.version(owners[0])
    file = importlib.import_module(module).__file__
    return hashlib.sha256(Path(file).read_bytes() if file else b"").hexdigest()[:12]
