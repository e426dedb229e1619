"""Students of the RF-DETR family, without Ultralytics: transformers' implementation, trained by our own loop.

RF-DETR (Robinson et al. 2025) is LW-DETR on a DINOv2 backbone: with its published weights it learns from few frames.
Code and the weights of these sizes are Apache-2.0; Roboflow's XLarge and 2XLarge are not, and are left out.
rfdetr-pico is ours, for small machines: nobody publishes weights of it.
"""

from typing import Any

from nightshift.domain.models import Student
from nightshift.students._detr import DetrStudent
from nightshift.students._detr_family import NOBODY, Family, Size

SMALLEST = "rfdetr-pico"
SHARES_LOOP_OF = "d_fine"
HUB = "Roboflow/rf-detr-{}"


def _sized(side: int, decoder_layers: int) -> dict[str, Any]:
    backbone = {
        "model_type": "rf_detr_dinov2",
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 6,
        "patch_size": 16,
        "num_windows": 2,
        "image_size": side,
        "out_features": ["stage3", "stage6", "stage9", "stage12"],
    }
    return {
        "backbone_config": backbone,
        "d_model": 256,
        "decoder_n_points": 2,
        "decoder_layers": decoder_layers,
        "num_queries": 300,
    }


SMALL_VIT = {
    "model_type": "rf_detr_dinov2",
    "hidden_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "patch_size": 8,
    "num_windows": 2,
    "image_size": 128,
    "out_features": ["stage2", "stage4"],
}
PICO = {
    "backbone_config": SMALL_VIT,
    "d_model": 64,
    "decoder_self_attention_heads": 4,
    "decoder_cross_attention_heads": 8,
    "decoder_n_points": 4,
    "decoder_layers": 2,
    "decoder_ffn_dim": 128,
    "num_queries": 60,
    "group_detr": 4,
    "c2f_num_blocks": 1,
    "dropout": 0.0,
}

FAMILY = Family(
    name="rf_detr",
    network="RfDetrForObjectDetection",
    settings="RfDetrConfig",
    normalised=True,
    licence="Apache-2.0",
    sizes={
        "rfdetr-pico": Size(
            PICO, NOBODY, (8,), 16, 320, 0.74, "Minutes on a laptop's CPU, from scratch; for trying out."
        ),
        "rfdetr-nano": Size(
            _sized(384, 2), HUB.format("nano"), (16,), 32, 384, 30.5, "Few labelled frames, and a GPU."
        ),
        "rfdetr-small": Size(
            _sized(512, 3), HUB.format("small"), (16,), 32, 512, 32.1, "Few labelled frames; the one to begin with."
        ),
        "rfdetr-medium": Size(
            _sized(576, 4), HUB.format("medium"), (16,), 32, 576, 33.7, "When small misses small parts."
        ),
        "rfdetr-large": Size(
            _sized(704, 4),
            HUB.format("large"),
            (16,),
            32,
            704,
            33.9,
            "Small parts, and time for them; also as a teacher.",
        ),
    },
)
CARDS = FAMILY.cards


def family() -> Student:
    """This family, for `open_student`."""
    return DetrStudent(FAMILY)
