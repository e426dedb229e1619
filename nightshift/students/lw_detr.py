"""Students of the LW-DETR family, without Ultralytics: transformers' implementation, trained by our own loop.

LW-DETR (Chen et al. 2024) is a plain vision transformer with attention in windows and a shallow decoder. Code and
weights are Apache-2.0. lwdetr-pico is ours, for small machines: nobody publishes weights of it.
"""

from typing import Any

from nightshift.domain.models import Student
from nightshift.students._detr import DetrStudent
from nightshift.students._detr_family import NOBODY, Family, Size

SMALLEST = "lwdetr-pico"
SHARES_LOOP_OF = "d_fine"
HUB = "AnnaZhang/lwdetr_{}_60e_coco"


def _backbone(
    width: int, layers: int, windowed: tuple[int, ...], looked_at: tuple[int, ...], **more: Any
) -> dict[str, Any]:
    return {
        "model_type": "lw_detr_vit",
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": 12,
        "image_size": 1024,
        "window_block_indices": list(windowed),
        "out_indices": list(looked_at),
        **more,
    }


def _head(backbone: dict[str, Any], scales: tuple[float, ...], width: int, heads: int, **more: Any) -> dict[str, Any]:
    return {
        "backbone_config": backbone,
        "projector_scale_factors": list(scales),
        "d_model": width,
        "decoder_self_attention_heads": heads,
        "decoder_cross_attention_heads": 2 * heads,
        "decoder_n_points": 2 * len(scales),
        "decoder_layers": 3,
        "num_queries": 300,
        **more,
    }


DEEP = (10, (0, 1, 3, 6, 7, 9), (2, 4, 5, 9))
SMALL_VIT = {"num_attention_heads": 4, "patch_size": 8, "image_size": 256, "pretrain_image_size": 128, "num_windows": 4}
PICO = _head(
    _backbone(96, 4, (0, 2), (1, 3), **SMALL_VIT),
    (1.0,),
    64,
    4,
    decoder_layers=2,
    decoder_ffn_dim=128,
    num_queries=60,
    group_detr=4,
    c2f_num_blocks=1,
)
TINY = _head(_backbone(192, 6, (0, 2, 4), (1, 3, 5)), (1.0,), 256, 8, num_queries=100)
SMALL = _head(_backbone(192, *DEEP), (1.0,), 256, 8)
MEDIUM = _head(_backbone(384, *DEEP), (1.0,), 256, 8)
LARGE = _head(_backbone(384, *DEEP), (2.0, 0.5), 384, 12)
XLARGE = _head(_backbone(768, *DEEP), (2.0, 0.5), 384, 12)

FAMILY = Family(
    name="lw_detr",
    network="LwDetrForObjectDetection",
    settings="LwDetrConfig",
    normalised=True,
    licence="Apache-2.0",
    sizes={
        "lwdetr-pico": Size(
            PICO, NOBODY, (8,), 16, 320, 0.73, "Minutes on a laptop's CPU, from scratch; for trying out."
        ),
        "lwdetr-tiny": Size(
            TINY, HUB.format("tiny"), (16,), 64, 640, 12.1, "Quick on a GPU; at most 100 objects a frame."
        ),
        "lwdetr-small": Size(SMALL, HUB.format("small"), (16,), 64, 640, 14.6, "The one of this family to begin with."),
        "lwdetr-medium": Size(MEDIUM, HUB.format("medium"), (16,), 64, 640, 28.2, "When small leaves boxes inexact."),
        "lwdetr-large": Size(
            LARGE, HUB.format("large"), (8, 32), 64, 640, 46.8, "Small parts: it looks at a finer map too."
        ),
        "lwdetr-xlarge": Size(
            XLARGE, HUB.format("xlarge"), (8, 32), 64, 640, 118.0, "Accuracy above speed; also as a teacher."
        ),
    },
)
CARDS = FAMILY.cards


def family() -> Student:
    """This family, for `open_student`."""
    return DetrStudent(FAMILY)
