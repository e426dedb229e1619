"""Qwen2.5-VL and Qwen3-VL: language models that see, asked for boxes as JSON.

They give no scores: what stands for one is how probable the digits of a box were. Knows no store and no round.
"""

from functools import partial

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology

_card = partial(
    ModelCard,
    family="qwen_vl",
    role=Role.TEACHER,
    prompts="phrases, all in one question",
    threshold=None,
)

CARDS: tuple[ModelCard, ...] = (
    _card(
        name="Qwen/Qwen3-VL-4B-Instruct",
        licence="Apache-2.0",
        input_size="up to 2.6 million pixels, own proportions",
        parameters=4400,
        weights="Qwen/Qwen3-VL-4B-Instruct",
        advice="For prompts that take a sentence to say; seconds a frame.",
    ),
    _card(
        name="Qwen/Qwen3-VL-8B-Instruct",
        licence="Apache-2.0",
        input_size="up to 2.6 million pixels, own proportions",
        parameters=8800,
        weights="Qwen/Qwen3-VL-8B-Instruct",
        advice="As the 4B one, understands more; wants 24 GB of a GPU.",
    ),
    _card(
        name="Qwen/Qwen2.5-VL-3B-Instruct",
        licence="Qwen Research License (not for commercial use)",
        input_size="up to 2 million pixels, own proportions",
        parameters=3750,
        weights="Qwen/Qwen2.5-VL-3B-Instruct",
        advice="For research alone; Qwen3-VL-4B is as large and free to use.",
    ),
    _card(
        name="Qwen/Qwen2.5-VL-7B-Instruct",
        licence="Apache-2.0",
        input_size="up to 2 million pixels, own proportions",
        parameters=8290,
        weights="Qwen/Qwen2.5-VL-7B-Instruct",
        advice="Boxes in pixels; take it where you have it tuned already.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint with a question that names the ontology's prompts.

    Raises:
        ConfigError: a prompt has no word, or the device is not there.
        ModelError: the weights cannot be had, or are neither Qwen2.5-VL's nor Qwen3-VL's.
    """
    from nightshift.teachers._qwen_vl import open_qwen  # noqa: PLC0415 - heavy

    return open_qwen(spec, ontology)
