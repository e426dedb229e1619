"""What nightshift.yaml says of videos: which frames are taken up, and how labels are carried along a clip."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from nightshift.config_section import Count, NotNegative, Section
from nightshift.domain.addresses import no_link
from nightshift.domain.keeping import Keeping
from nightshift.domain.tracks import PropagationSpec


class VideoSection(Section):
    """Which frames of videos are taken up."""

    keep: Literal["new", "all"] = Field(
        default="new", description="new (frames that look unlike those kept before, and the first of a scene), or all."
    )
    every_seconds: NotNegative = Field(
        default=1.0, description="Seconds between two frames that are looked at; 0 looks at every frame."
    )
    novelty: Annotated[int, Field(ge=1, le=32)] = Field(
        default=4, description="Bits, of 64, by which the look of a new frame differs from that of every kept one."
    )
    most_frames: Count = Field(default=2000, description="Frames taken up of one video.")

    @property
    def keeping(self) -> Keeping:
        """The same as a domain type."""
        return Keeping(self.every_seconds, self.novelty if self.keep == "new" else 0, self.most_frames)


class PropagationSection(Section):
    """How people's labels are carried to the other frames of a clip."""

    name: str = Field(
        default="none",
        description="'flow' (optical flow, no weights), 'sam2', 'edgetam', or 'none'.",
    )
    checkpoint: Annotated[str, AfterValidator(no_link)] = Field(
        default="", description="Hub name or folder of the weights; empty for the family's usual one."
    )
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1.")
    reach: Count = Field(default=32, description="Frames away from one that people labelled, at most.")

    @property
    def spec(self) -> PropagationSpec:
        """The same as a domain type."""
        return PropagationSpec(**self.model_dump())
