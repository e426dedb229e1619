"""Every zero-shot detector that `transformers` loads: Grounding DINO, MM Grounding DINO, OWL-ViT, OWLv2, OmDet-Turbo.

Prompts come from the ontology and are answered by class. Knows no store and no round.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(ModelCard, family="transformers", role=Role.TEACHER, licence="Apache-2.0", prompts="phrases")

CARDS: tuple[ModelCard, ...] = (
    _card(
        name="IDEA-Research/grounding-dino-tiny",
        input_size="800 px, shorter side",
        parameters=172,
        threshold=0.3,
        weights="IDEA-Research/grounding-dino-tiny",
        advice="Begin here: good boxes for everyday things, on one small GPU.",
    ),
    _card(
        name="IDEA-Research/grounding-dino-base",
        input_size="800 px, shorter side",
        parameters=233,
        threshold=0.3,
        weights="IDEA-Research/grounding-dino-base",
        advice="Better than tiny on rare words, at about twice the time.",
    ),
    _card(
        name="openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
        input_size="800 px, shorter side",
        parameters=173,
        threshold=0.3,
        weights="openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
        advice="Grounding DINO trained anew on more, and open, data.",
    ),
    _card(
        name="google/owlvit-base-patch32",
        input_size="768 px, square",
        parameters=153,
        threshold=0.1,
        weights="google/owlvit-base-patch32",
        advice="Small and quick; OWLv2 finds more.",
    ),
    _card(
        name="google/owlv2-base-patch16-ensemble",
        input_size="960 px, square",
        parameters=155,
        threshold=0.2,
        weights="google/owlv2-base-patch16-ensemble",
        advice="For long lists of classes: each prompt is read by itself.",
    ),
    _card(
        name="google/owlv2-large-patch14-ensemble",
        input_size="1008 px, square",
        parameters=438,
        threshold=0.2,
        weights="google/owlv2-large-patch14-ensemble",
        advice="As the base one, better on rare words and much slower.",
    ),
    _card(
        name="omlab/omdet-turbo-swin-tiny-hf",
        input_size="640 px, square",
        parameters=115,
        threshold=0.3,
        weights="omlab/omdet-turbo-swin-tiny-hf",
        advice="The quickest of these on a GPU.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint and tell it the ontology's prompts.

    Raises:
        ConfigError: a prompt is too long for the text encoder, or the device is not there.
        ModelError: the weights cannot be had, or are no zero-shot detector's.
    """
    from nightshift.teachers._zero_shot import open_zero_shot  # noqa: PLC0415 - heavy

    return open_zero_shot(spec, ontology)
