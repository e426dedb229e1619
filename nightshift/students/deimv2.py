"""Students of the DEIMv2 family, without Ultralytics: transformers' implementation, trained by our own loop.

DEIMv2 (Huang et al. 2025) is D-FINE with denser matching and a lighter encoder. deimv2-zepto is ours, for small
machines: nobody publishes weights of it. The sizes on DINOv3 are left out: their weights carry Meta's licence too.
"""

from nightshift.domain.models import Student
from nightshift.students._detr import DetrStudent
from nightshift.students._detr_backbones import B0, SMALL, TINY, hgnet_v2, hybrid
from nightshift.students._detr_family import NOBODY, Family, Size

SMALLEST = "deimv2-zepto"
SHARES_LOOP_OF = "d_fine"

ZEPTO = hybrid(
    hgnet_v2(**SMALL, levels=2), (8, 16), 64, **TINY, decoder_n_points=[4, 4], depth_mult=0.34, hidden_expansion=0.34
)
N = hybrid(
    hgnet_v2(**B0, levels=2),
    (16, 32),
    128,
    encoder_ffn_dim=512,
    decoder_ffn_dim=512,
    decoder_n_points=[6, 6],
    decoder_layers=3,
    depth_mult=0.5,
    hidden_expansion=0.34,
)

FAMILY = Family(
    name="deimv2",
    network="Deimv2ForObjectDetection",
    settings="Deimv2Config",
    normalised=False,
    licence="Apache-2.0 as first published: see its page",
    sizes={
        "deimv2-zepto": Size(
            ZEPTO, NOBODY, (8, 16), 16, 320, 0.34, "Minutes on a laptop's CPU, from scratch; for trying out."
        ),
        "deimv2-n": Size(
            N,
            "harshaljanjani/DEIMv2_HGNetv2_N_COCO_Transformers",
            (16, 32),
            32,
            640,
            3.6,
            "Edge devices; better than dfine-nano.",
        ),
    },
)
CARDS = FAMILY.cards


def family() -> Student:
    """This family, for `open_student`."""
    return DetrStudent(FAMILY)
