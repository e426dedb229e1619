"""YOLOE through Ultralytics: as quick as a YOLO, told what to look for in phrases, which its text encoder reads.

Its text encoder is MobileCLIP. A file in which a vocabulary is baked (`set_classes`, then `save`), and the prompt-free
ones with their thousands of names, need none: prompts are then found among those names. Ultralytics' code and weights
are AGPL-3.0. Of those that also segment, the boxes are used.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="yoloe",
    role=Role.TEACHER,
    licence="AGPL-3.0",
    input_size="640 px, longer side",
    prompts="phrases",
    threshold=0.1,
)
CARDS = (
    _card(
        name="yoloe-11s-seg.pt",
        parameters=13.7,
        weights="yoloe-11s-seg.pt",
        advice="Where a GPU is small or there is none.",
    ),
    _card(
        name="yoloe-11l-seg.pt",
        parameters=35.2,
        weights="yoloe-11l-seg.pt",
        advice="Better than s; try it beside YOLO-World, which is better at other words.",
    ),
    _card(
        name="yoloe-26l-seg.pt",
        parameters=39.3,
        weights="yoloe-26l-seg.pt",
        advice="The newest of the family.",
    ),
    _card(
        name="yoloe-11l-seg-pf.pt",
        parameters=None,
        prompts="names out of its fixed list",
        weights="yoloe-11l-seg-pf.pt",
        advice="Needs no text encoder: for machines without network, if its list has your words.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the weights and tell them the ontology's prompts.

    Raises:
        ConfigError: the device is not there.
        ModelError: weights or text encoder cannot be had, or the vocabulary lacks a prompt.
    """
    from nightshift.teachers._open_vocabulary import EVERYTHING_SEEN, open_yolo  # noqa: PLC0415 - heavy

    return open_yolo(spec, ontology, EVERYTHING_SEEN)
