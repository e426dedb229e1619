"""What is drawn over the report's thumbnails."""

from dataclasses import replace

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.masks import Masks
from nightshift.report.overlay import marks


def test_a_mask_is_drawn_by_its_outline_with_its_holes_and_a_box_as_a_box() -> None:
    pixels = np.zeros((60, 80), np.bool_)
    pixels[10:40, 20:60] = True
    pixels[20:30, 30:40] = False
    found = Detections.of_masks(Masks.of([pixels], (60, 80)), [0], [0.5])
    (drawn,) = marks(found, [("bolt", "#e6194b")], (80, 60))
    assert drawn.outline.count("M") == drawn.outline.count("Z") == 2
    assert marks(found.unmasked, [("bolt", "#e6194b")], (80, 60)) == [replace(drawn, outline="")]
