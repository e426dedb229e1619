"""Students of the D-FINE family, without Ultralytics: transformers' implementation, trained by our own loop.

D-FINE (Peng et al. 2024) tells a box's sides by distributions that each layer makes finer. Code and weights are
Apache-2.0. dfine-pico is ours, for small machines: nobody publishes weights of it.
"""

from nightshift.domain.models import Student
from nightshift.students._detr import DetrStudent
from nightshift.students._detr_backbones import B0, B2, B4, B5, SMALL, TINY, hgnet_v2, hybrid
from nightshift.students._detr_family import NOBODY, Family, Size

SMALLEST = "dfine-pico"
HUB = "ustc-community/dfine-{}-coco"
LEVELS = (8, 16, 32)
POINTS = {"decoder_n_points": [3, 6, 3]}

PICO = hybrid(
    hgnet_v2(**SMALL, levels=2), (8, 16), 64, **TINY, decoder_n_points=[4, 4], depth_mult=0.34, hidden_expansion=0.34
)
NANO = hybrid(
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
SMALL_SIZE = hybrid(
    hgnet_v2(**B0, levels=3), LEVELS, 256, **POINTS, decoder_layers=3, depth_mult=0.34, hidden_expansion=0.5
)
MEDIUM = hybrid(hgnet_v2(**B2, levels=3), LEVELS, 256, **POINTS, decoder_layers=4, depth_mult=0.67)
LARGE = hybrid(hgnet_v2(**B4, levels=3), LEVELS, 256, **POINTS, decoder_layers=6)
XLARGE = hybrid(hgnet_v2(**B5, levels=3), LEVELS, 384, **POINTS, decoder_layers=6, d_model=256, encoder_ffn_dim=2048)

FAMILY = Family(
    name="d_fine",
    network="DFineForObjectDetection",
    settings="DFineConfig",
    normalised=False,
    licence="Apache-2.0",
    sizes={
        "dfine-pico": Size(
            PICO, NOBODY, (8, 16), 16, 320, 0.36, "Minutes on a laptop's CPU, from scratch; for trying out."
        ),
        "dfine-nano": Size(
            NANO, HUB.format("nano"), (16, 32), 32, 640, 4.0, "Edge devices; quick, weak on small parts."
        ),
        "dfine-small": Size(SMALL_SIZE, HUB.format("small"), LEVELS, 32, 640, 10.0, "The one to begin with, on a GPU."),
        "dfine-medium": Size(MEDIUM, HUB.format("medium"), LEVELS, 32, 640, 19.0, "When small leaves boxes inexact."),
        "dfine-large": Size(
            LARGE, HUB.format("large"), LEVELS, 32, 640, 31.0, "A GPU at the line, and thousands of frames."
        ),
        "dfine-xlarge": Size(
            XLARGE, HUB.format("xlarge"), LEVELS, 32, 640, 62.0, "Accuracy above speed; also as a teacher."
        ),
    },
)
CARDS = FAMILY.cards


def family() -> Student:
    """This family, for `open_student`."""
    return DetrStudent(FAMILY)
