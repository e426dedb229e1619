"""YOLO-World through Ultralytics: quick, and told what to look for in phrases, which its text encoder (CLIP) reads.

A file in which a vocabulary is baked (`set_classes`, then `save`) needs no text encoder: prompts are then found among
the names in it. Ultralytics' code and weights are AGPL-3.0.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="yolo_world",
    role=Role.TEACHER,
    licence="AGPL-3.0",
    input_size="640 px, longer side",
    prompts="phrases",
    threshold=0.1,
)
CARDS = (
    _card(
        name="yolov8s-worldv2.pt",
        parameters=12.8,
        weights="yolov8s-worldv2.pt",
        advice="Where a GPU is small or there is none: many frames a second, weaker on rare words.",
    ),
    _card(
        name="yolov8l-worldv2.pt",
        parameters=46.8,
        weights="yolov8l-worldv2.pt",
        advice="Better than s, at about four times its arithmetic.",
    ),
    _card(
        name="yolov8x-worldv2.pt",
        parameters=72.9,
        weights="yolov8x-worldv2.pt",
        advice="The best of the family, still quicker than Grounding DINO.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the weights and tell them the ontology's prompts.

    Raises:
        ConfigError: the device is not there.
        ModelError: weights or text encoder cannot be had, or the vocabulary lacks a prompt.
    """
    from nightshift.teachers._open_vocabulary import WORLD, open_yolo  # noqa: PLC0415 - heavy

    return open_yolo(spec, ontology, WORLD)
