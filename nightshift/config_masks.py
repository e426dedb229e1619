"""The masks' section of nightshift.yaml. Does not know which families there are."""

from typing import Annotated

from pydantic import AfterValidator, Field

from nightshift.config_section import Count, Section
from nightshift.domain.addresses import no_link


class MasksSection(Section):
    """Where boxes get their masks from, with task: segment."""

    name: str = Field(
        default="sam",
        description="'sam' (SAM, SAM 2, SAM 3, asked with boxes), 'grabcut' (OpenCV's, without weights), or 'box' "
        "(the whole box).",
    )
    checkpoint: Annotated[str, AfterValidator(no_link)] = Field(
        default="facebook/sam2.1-hiera-small", description="Hub name or folder of a SAM's weights."
    )
    batch: Count = Field(default=32, description="Boxes per forward.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
