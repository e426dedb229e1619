"""Detectors that know their classes, of transformers or in a file of Ultralytics, with the classes matched to ours.

A class that no name or prompt of the ontology matches is not looked for.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoImageProcessor, AutoModelForObjectDetection
from transformers.models.auto.modeling_auto import MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES

from nightshift.domain.detections import NO_PROMPT, Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.models import Detector, Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import Kind, device, load, short, version
from nightshift.teachers._found import EVERYTHING, Found, read
from nightshift.teachers._phrase_words import same_words
from nightshift.teachers._prompted import PromptedTeacher

if TYPE_CHECKING:
    from nightshift.teachers._trained_yolo import AskFile

KIND = Kind(
    "detector", tuple(MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES), AutoModelForObjectDetection, AutoImageProcessor
)
MANY = 8  # names in an error


@dataclass(frozen=True, slots=True)
class Matched:
    """The classes of a detector in the ontology's words.

    Args:
        word_of: (the detector's classes,) index into the ontology's prompts, then its class names; NO_PROMPT: ignored.
        class_of: (words,) the class index of each.
        prompts: how many of the words are prompts.
    """

    word_of: NDArray[np.int64]
    class_of: NDArray[np.int64]
    prompts: int

    def known(self, found: Found) -> Found:
        """What was found of the ontology's classes, in its words instead of the detector's classes."""
        words = self.word_of[found.prompts]
        ours = words != NO_PROMPT
        return Found(found.boxes[ours], words[ours], found.scores[ours])

    def said(self, found: Detections) -> Detections:
        """With the prompt that a class matched; a class that matched by its name alone was found by none."""
        by_name = found.prompts >= self.prompts
        return replace(found, prompts=np.where(by_name, NO_PROMPT, found.prompts))


@dataclass(frozen=True, slots=True)
class AskDetector:
    """A detector of transformers.

    Args:
        model: the detector.
        prepare: the checkpoint's image processor.
        matched: its classes.
        where: the device of the model.
    """

    model: Any
    prepare: Any
    matched: Matched
    where: torch.device

    @property
    def apart(self) -> bool:
        """See Ask: only what is resized to one square may share a forward."""
        return "height" not in dict(self.prepare.size)

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        each = [self._prepared(image) for image in images]
        inputs = {name: torch.cat([one[name] for one in each]).to(self.where) for name in each[0]}
        outputs = self.model(**inputs)
        sizes = [image.shape[:2] for image in images]
        seen = self.prepare.post_process_object_detection(outputs, threshold=EVERYTHING, target_sizes=sizes)
        return [self.matched.known(found) for found in read(seen)]

    def _prepared(self, image: Image) -> dict[str, torch.Tensor]:
        prepared = self.prepare(images=image, input_data_format="channels_last", return_tensors="pt")
        taken = inspect.signature(self.model.forward).parameters
        return {name: prepared[name] for name in ("pixel_values", "pixel_mask") if name in prepared and name in taken}


@dataclass(frozen=True, slots=True)
class DetectorTeacher:
    """A detector whose words, prompts and class names, are given as prompts alone.

    Args:
        inner: answers in words.
        matched: what they are.
    """

    inner: PromptedTeacher
    matched: Matched

    @property
    def version(self) -> str:
        """Type, checkpoint and digest."""
        return self.inner.version

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """As PromptedTeacher."""
        return [self.matched.said(found) for found in self.inner.detect(images)]


def open_detector(spec: TeacherSpec, ontology: Ontology) -> Detector:
    """The detector with its classes matched; raises as `open_teacher` of the family."""
    where = device(spec.device)
    ask, said = (_from_file if spec.checkpoint.endswith(".pt") else _from_folder)(spec, ontology, where)
    inner = PromptedTeacher(said, ask, ask.matched.class_of, spec.threshold, spec.batch, where)
    return DetectorTeacher(inner, ask.matched)


def _from_folder(spec: TeacherSpec, ontology: Ontology, where: torch.device) -> tuple[AskDetector, str]:
    model, prepare = load(spec.checkpoint, KIND)
    matched = match(model.config.id2label, ontology, spec.checkpoint)
    return AskDetector(model.to(where), prepare, matched, where), version(model, spec.checkpoint)


def _from_file(spec: TeacherSpec, ontology: Ontology, where: torch.device) -> tuple["AskFile", str]:
    from nightshift.teachers._trained_yolo import AskFile, open_file  # noqa: PLC0415 - Ultralytics, where it is asked for

    network, said = open_file(Path(spec.checkpoint).expanduser(), where)
    return AskFile(network, match(dict(network.names), ontology, spec.checkpoint), where), said


def match(names: Mapping[int, str], ontology: Ontology, checkpoint: str) -> Matched:
    """Which of the detector's classes are which of ours: by the words of a prompt, else of a class's name.

    Raises:
        ConfigError: none is any of ours.
    """
    said = [(prompt, index) for prompt, index in ontology.prompts]
    words = [*said, *((name, index) for index, name in enumerate(ontology.names))]
    which = same_words([word for word, _ in words])
    found = [which(names.get(index, "")) for index in range(max(names, default=-1) + 1)]
    if not any(word is not None for word in found):
        known = ", ".join([*list(names.values())[:MANY], *(["..."] if len(names) > MANY else [])])
        reason = f"none of its {len(names)} classes is one of the ontology's"
        raise ConfigError(f"teacher checkpoint '{short(checkpoint)}'", reason, f"Name some as prompts: {known}.")
    indices = np.array([NO_PROMPT if word is None else word for word in found], np.int64)
    return Matched(indices, np.array([index for _, index in words], np.int64), len(said))
