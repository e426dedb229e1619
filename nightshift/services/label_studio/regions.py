"""Regions of a result list, in the form that the ontology's task has: boxes, or masks. Knows no task and no person."""

from collections.abc import Sequence
from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.domain.ontology import Ontology, Task
from nightshift.domain.percent import Size
from nightshift.services.label_studio.percent import from_regions, to_regions
from nightshift.services.label_studio.shapes import from_mask_regions, to_mask_regions


def regions_of(detections: Detections, ontology: Ontology, size: Size) -> list[dict[str, Any]]:
    """The result list of a prediction or an annotation; `size` is (width, height)."""
    write = to_mask_regions if ontology.task is Task.SEGMENT else to_regions
    return write(detections, ontology.names, size)


def read_regions(
    regions: Sequence[object], ontology: Ontology, size: Size, subject: str
) -> tuple[Detections, list[Rejected]]:
    """What can be used of a result list, and what cannot, with the reason; `size` is (width, height)."""
    read = from_mask_regions if ontology.task is Task.SEGMENT else from_regions
    return read(regions, ontology.names, size, subject)
