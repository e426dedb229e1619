"""Students of the RT-DETRv2 family, without Ultralytics: transformers' implementation, trained by our own loop.

RT-DETRv2 (Lv et al. 2024) is the plain one among the real-time transformers. Code and weights are Apache-2.0.
rtdetrv2-pico is ours, for small machines: nobody publishes weights of it.
"""

from typing import Any

from nightshift.domain.models import Student
from nightshift.students._detr import DetrStudent
from nightshift.students._detr_backbones import TINY, hybrid
from nightshift.students._detr_family import NOBODY, Family, Size

SMALLEST = "rtdetrv2-pico"
SHARES_LOOP_OF = "d_fine"
HUB = "PekingU/rtdetr_v2_{}"
LEVELS = (8, 16, 32)


def _resnet(
    depths: tuple[int, ...], kind: str, widths: tuple[int, ...], stem: int = 64, levels: int = 3
) -> dict[str, Any]:
    return {
        "model_type": "rt_detr_resnet",
        "embedding_size": stem,
        "hidden_sizes": list(widths),
        "depths": list(depths),
        "layer_type": kind,
        "out_indices": list(range(len(depths) - levels + 1, len(depths) + 1)),
    }


BASIC, BOTTLENECK = (64, 128, 256, 512), (256, 512, 1024, 2048)
PICO = hybrid(
    _resnet((1, 1, 1), "basic", (24, 48, 96), 24, 2), (8, 16), 64, **TINY, decoder_n_levels=2, hidden_expansion=0.5
)
R18 = hybrid(_resnet((2, 2, 2, 2), "basic", BASIC), LEVELS, 256, decoder_layers=3, hidden_expansion=0.5)
R34 = hybrid(_resnet((3, 4, 6, 3), "basic", BASIC), LEVELS, 256, decoder_layers=4, hidden_expansion=0.5)
R50 = hybrid(_resnet((3, 4, 6, 3), "bottleneck", BOTTLENECK), LEVELS, 256, decoder_layers=6)
R101 = hybrid(
    _resnet((3, 4, 23, 3), "bottleneck", BOTTLENECK), LEVELS, 384, decoder_layers=6, d_model=256, encoder_ffn_dim=2048
)

FAMILY = Family(
    name="rt_detr_v2",
    network="RTDetrV2ForObjectDetection",
    settings="RTDetrV2Config",
    normalised=False,
    licence="Apache-2.0",
    haste=0.5,  # 200 steps on drawn squares: mAP50 0.90, where the full rate gave 0.58 after 230
    sizes={
        "rtdetrv2-pico": Size(
            PICO, NOBODY, (8, 16), 16, 320, 0.51, "Minutes on a laptop's CPU, from scratch; for trying out."
        ),
        "rtdetrv2-r18": Size(R18, HUB.format("r18vd"), LEVELS, 32, 640, 20.0, "Quick on a GPU, and widely supported."),
        "rtdetrv2-r34": Size(R34, HUB.format("r34vd"), LEVELS, 32, 640, 31.0, "Between r18 and r50."),
        "rtdetrv2-r50": Size(R50, HUB.format("r50vd"), LEVELS, 32, 640, 42.0, "When a GPU has time for it."),
        "rtdetrv2-r101": Size(R101, HUB.format("r101vd"), LEVELS, 32, 640, 76.0, "Accuracy above speed."),
    },
)
CARDS = FAMILY.cards


def family() -> Student:
    """This family, for `open_student`."""
    return DetrStudent(FAMILY)
