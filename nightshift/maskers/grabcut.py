"""OpenCV's GrabCut in and around each box: a mask without weights, for objects that differ from what is around them.

Inside the box the colours of the object are told from those of the strip around it, by graph cuts (Rother et al. 2004).
It follows edges of colour and knows nothing of objects: on cluttered ground a SAM is better. Where nothing comes of it,
as in a box that fills the picture, the mask is the whole box.
"""

from nightshift.domain.masking import Masker, MaskerSpec


def open_masker(spec: MaskerSpec) -> Masker:  # noqa: ARG001 - the families' common signature
    """Nothing is loaded but OpenCV."""
    from nightshift.maskers._grabcut import GrabCut  # noqa: PLC0415 - heavy

    return GrabCut()
