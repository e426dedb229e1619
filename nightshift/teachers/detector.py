"""Any detector that was trained for its classes, which are matched to the ontology's by their words.

Of transformers: RF-DETR, D-FINE, RT-DETR, DETR, YOLOS, LW-DETR, DEIMv2, ...; or a `.pt` file of Ultralytics. Knows no
store and no round.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="detector",
    role=Role.TEACHER,
    licence="Apache-2.0",
    prompts="none: it knows its classes",
    threshold=0.3,
)

CARDS: tuple[ModelCard, ...] = (
    _card(
        name="Roboflow/rf-detr-small",
        input_size="512 px, square",
        parameters=32.1,
        weights="Roboflow/rf-detr-small",
        advice="COCO's classes, and the one to fine-tune first.",
    ),
    _card(
        name="ustc-community/dfine-xlarge-obj2coco",
        input_size="640 px, square",
        parameters=63,
        weights="ustc-community/dfine-xlarge-obj2coco",
        advice="COCO's classes, learned from Objects365 before: well-placed boxes.",
    ),
    _card(
        name="PekingU/rtdetr_v2_r50vd",
        input_size="640 px, square",
        parameters=42.9,
        weights="PekingU/rtdetr_v2_r50vd",
        advice="COCO's classes, quick on a GPU.",
    ),
    _card(
        name="facebook/detr-resnet-50",
        input_size="800 px, shorter side",
        parameters=41.5,
        weights="facebook/detr-resnet-50",
        advice="For checkpoints that are there already; later ones find more.",
    ),
    _card(
        name="your-own.pt",
        licence="AGPL-3.0 where Ultralytics trained it",
        input_size="as it was trained",
        parameters=None,
        weights="",
        advice="A YOLO or RT-DETR file that your team has: give its path as checkpoint.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint and match its classes.

    Raises:
        ConfigError: none of its classes is one of the ontology's, or the device is not there.
        ModelError: the weights cannot be had, or are no detector's.
    """
    from nightshift.teachers._fine_tuned import open_detector  # noqa: PLC0415 - heavy

    return open_detector(spec, ontology)
