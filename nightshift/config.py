"""nightshift.yaml as types: what may be said in it, and what is assumed when it is left out.

Knows nothing of files, lines or servers; `nightshift.config_file` reads and explains mistakes.
Secrets are never part of it: they come from the environment.
"""

import hashlib
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from nightshift.config_masks import MasksSection
from nightshift.config_section import Count, NotNegative, Phrase, Positive, Section, Share
from nightshift.config_teacher import TeacherSection, spec_of
from nightshift.config_video import PropagationSection, VideoSection
from nightshift.domain.addresses import no_link, within_its_place
from nightshift.domain.costs import Prices
from nightshift.domain.embedding import EmbedderSpec
from nightshift.domain.masking import MaskerSpec
from nightshift.domain.models import Hyper, TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology, Task

DEFAULT = "gain_per_dollar"  # of the strategies
PLAIN = "images"  # frames that come without labels
PALETTE = (
    "#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#f032e6", "#9a6324", "#808000",
)  # fmt: skip
Where = Annotated[str, AfterValidator(within_its_place)]


class ClassSection(Section):
    """One class to look for."""

    name: Phrase = Field(description="The class as people and metrics call it.")
    prompts: tuple[Phrase, ...] = Field(
        default=(), description="Phrases the teacher understands; the name itself when left out."
    )
    color: str | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$", description="Colour of its boxes, #rrggbb.")


class FramesSection(Section):
    """Where the pictures are."""

    source: Where = Field(
        min_length=1,
        examples=["frames"],
        description="A folder, or s3://bucket/prefix, with pictures and videos. New files are taken up each night.",
    )
    earlier: tuple[Where, ...] = Field(
        default=(),
        description="s3:// places of earlier frames, such as a former source: read where they are, not looked through.",
    )
    format: str = Field(
        default=PLAIN,
        description="images: plain pictures. coco, cvat, fiftyone, label-studio, voc or yolo: a folder that is a data "
        "set, whose labels count as people's answers from the first round on.",
    )
    clip_pattern: str = Field(
        default=r"(?P<clip>.*)/[^/]*",
        description="Regular expression on the relative path; its group 'clip' names the clip. "
        "Where it does not match, the frame is a clip of its own.",
    )

    video: VideoSection = Field(default=VideoSection(), description="Which frames of videos are taken up.")

    @field_validator("clip_pattern")
    @classmethod
    def _names_a_clip(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"it is no regular expression ({error})") from error
        if "clip" not in groups:
            raise ValueError("it has no group (?P<clip>...)")
        return pattern


class StoreSection(Section):
    """Where rounds are kept."""

    uri: Where = Field(
        pattern=r"^s3://[^/]+(/.*)?$", examples=["s3://nightshift/my-line"], description="s3://bucket/prefix."
    )


class StudentSection(Section):
    """The small model that is trained."""

    name: str = Field(default="ultralytics", description="The family: a file in nightshift/students.")
    model: str = Field(default="yolo11n", description="yolo11n … yolo26x, rtdetr-l.")
    image_size: Annotated[int, Field(ge=64, multiple_of=32)] = Field(
        default=640, description="Pixels; frames are fitted into a square of this side."
    )
    steps: Count = Field(default=2000, description="Optimizer steps a night.")
    batch: Count = Field(default=16, description="Images per step.")
    device: str = Field(default="auto", description="auto, cpu, cuda, 0,1 (two GPUs).")


class EmbeddingSection(Section):
    """Which vectors frames are compared by: on the report's map, and by `nightshift find`."""

    name: str = Field(
        default="student",
        description="'student' (the champion's own, at no cost), 'dinov2' (DINOv2, DINOv3), or "
        "'clip' (CLIP, SigLIP: frames can be searched for by words).",
    )
    checkpoint: Annotated[str, AfterValidator(no_link)] = Field(
        default="", description="Hub name or folder of the weights; empty for the family's usual one."
    )
    batch: Count = Field(default=16, description="Images per forward.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")


class BudgetSection(Section):
    """What a night may cost."""

    usd_per_night: Positive = Field(default=25.0, description="People's time that a night may queue.")
    audit_share: Share = Field(default=0.10, description="Share of it for audits: random frames, drawn blind.")
    control_share: Share = Field(default=0.10, description="Share of it for random frames.")
    golden_share: Share = Field(
        default=0.30,
        description="At most this share of it for golden frames that still need labels.",
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.audit_share + self.control_share + self.golden_share > 1 + 1e-9:
            raise ValueError("audit_share, control_share and golden_share together are more than 1")
        return self


class PricesSection(Section):
    """What time costs."""

    reviewer_usd_per_hour: NotNegative = Field(default=18.0, description="A person's hour.")
    gpu_usd_per_hour: NotNegative = Field(default=1.5, description="The machine's hour.")
    glance_seconds: NotNegative = Field(default=1.5, description="To open a frame and see what is there.")
    verify_seconds: NotNegative = Field(default=1.6, description="To look at one right box.")
    adjust_seconds: NotNegative = Field(default=4.0, description="To move one box.")
    relabel_seconds: NotNegative = Field(default=3.0, description="To change one box's class.")
    draw_seconds: NotNegative = Field(default=7.0, description="To draw one box.")
    delete_seconds: NotNegative = Field(default=1.5, description="To delete one box.")
    lead_time_cap_seconds: Positive = Field(
        default=300.0, description="A frame never counts more than this: idle tabs are not work."
    )


class GoldenSection(Section):
    """The human-only test frames."""

    share: Share = Field(default=0.15, description="Share of the clips kept for testing.")
    frames: Count = Field(default=200, description="Frozen once this many frames are golden.")


class TriageSection(Section):
    """The stoplight, and what it promises."""

    precision: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.90, description="Promise: at least this share of the accepted boxes of every class is right."
    )
    confidence: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.95, description="Chance that the promise is kept, over all classes and nights together."
    )
    trust_above: Share = Field(default=0.30, description="Below it a box counts as noise and is not shown.")
    doubtful_share: Share = Field(
        default=0.10, description="Green: at most this share of a frame's boxes is not sure enough, and left out."
    )
    novel_above: NotNegative = Field(
        default=1.0,
        description="Not green: the student disagrees by more expected corrections than this.",
    )


class TrainingSection(Section):
    """What the student learns from beside people's labels."""

    auto_labels: Literal["confident", "accepted", "none"] = Field(
        default="confident",
        description="confident (the teacher's boxes from auto_above), accepted (by the stoplight), or none.",
    )
    auto_above: Share = Field(default=0.20, description="Lowest score of a teacher's box that is learned from.")
    human_weight: Positive = Field(
        default=8.0, description="How often a frame that people labelled counts, for one that the teacher labelled."
    )


class AcquisitionSection(Section):
    """How the queue is chosen."""

    strategy: str = Field(
        default=DEFAULT, description="gain_per_dollar, or another file of nightshift/acquisition/functions."
    )


class GoalSection(Section):
    """When it is enough."""

    map50: Share | None = Field(default=None, description="mAP50 on the golden set to reach; none when left out.")
    usd_per_point: Positive | None = Field(
        default=None, description="What a point of mAP50 is worth; when left out, a point's price so far."
    )


class ReviewSection(Section):
    """The queue in Label Studio."""

    project: str | None = Field(default=None, description="Title of its project; the project's name when left out.")
    seed_frames: Count = Field(default=20, description="Cold start: frames asked before anything is known.")
    second_opinion_share: Share = Field(default=0.10, description="Share of the questions that several people answer.")
    opinions: Annotated[int, Field(ge=2)] = Field(default=2, description="How many people answer those.")
    recheck_share: Share = Field(
        default=0.05, description="Share of the budget for answers that the teacher contradicts: somebody else looks."
    )
    presign_minutes: Count = Field(default=60, description="How long a picture's link lives.")


class Config(Section):
    """The whole of nightshift.yaml."""

    project: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]*$",
        examples=["my line"],
        description="Name of the project: begins with a letter or digit; letters, digits, spaces, '_', '.' and '-'.",
    )
    ontology: tuple[ClassSection, ...] = Field(
        min_length=1,
        examples=[[{"name": "bolt", "prompts": ["a bolt", "a screw"]}, {"name": "nut", "prompts": ["a hex nut"]}]],
        description="The classes, in order. Later rounds rely on the order: add new ones at the end.",
    )
    task: Literal["detect", "segment"] = Field(
        default="detect", description="detect (a box an object) or segment (also its mask)."
    )
    frames: FramesSection = Field(description="Where the pictures are.")
    store: StoreSection = Field(description="Where rounds are kept.")
    teacher: TeacherSection = Field(default=TeacherSection(), description="The model that auto-labels.")
    student: StudentSection = Field(default=StudentSection(), description="The small model that is trained.")
    masks: MasksSection = Field(default=MasksSection(), description="Where masks come from, with task: segment.")
    propagation: PropagationSection = Field(
        default=PropagationSection(), description="How labels are carried along a clip."
    )
    embedding: EmbeddingSection = Field(default=EmbeddingSection(), description="How frames are compared.")
    budget: BudgetSection = Field(default=BudgetSection(), description="What a night may cost.")
    prices: PricesSection = Field(default=PricesSection(), description="What time costs.")
    golden: GoldenSection = Field(default=GoldenSection(), description="The human-only test frames.")
    triage: TriageSection = Field(default=TriageSection(), description="The stoplight: green, yellow, red.")
    training: TrainingSection = Field(default=TrainingSection(), description="What the student learns from.")
    acquisition: AcquisitionSection = Field(default=AcquisitionSection(), description="How the queue is chosen.")
    goal: GoalSection = Field(default=GoalSection(), description="When it is enough.")
    review: ReviewSection = Field(default=ReviewSection(), description="The queue in Label Studio.")
    seed: int = Field(default=0, ge=0, description="Of everything that is random.")
    shard_frames: Count = Field(default=256, description="Frames in one shard of work.")

    @field_validator("ontology")
    @classmethod
    def _names_differ(cls, classes: tuple[ClassSection, ...]) -> tuple[ClassSection, ...]:
        if len({each.name for each in classes}) < len(classes):
            raise ValueError("two classes have the same name")
        return classes

    @property
    def classes(self) -> Ontology:
        """The ontology, with missing prompts and colours filled in."""
        return Ontology(tuple(_object_class(i, each) for i, each in enumerate(self.ontology)), Task(self.task))

    @property
    def price_list(self) -> Prices:
        """The prices as a domain type."""
        return Prices(**self.prices.model_dump())

    @property
    def teacher_spec(self) -> TeacherSpec:
        """The teacher as a domain type."""
        return spec_of(self.teacher)

    @property
    def masker_spec(self) -> MaskerSpec:
        """The masker as a domain type."""
        return MaskerSpec(**self.masks.model_dump())

    @property
    def embedder_spec(self) -> EmbedderSpec:
        """The embedder as a domain type."""
        return EmbedderSpec(**self.embedding.model_dump())

    @property
    def hyper(self) -> Hyper:
        """The student's training as a domain type."""
        return Hyper(**self.student.model_dump(exclude={"name"}), seed=self.seed)

    @property
    def digest(self) -> str:
        """sha-256 of everything said here, in hex: rounds record it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def _object_class(index: int, section: ClassSection) -> ObjectClass:
    color = section.color or PALETTE[index % len(PALETTE)]
    return ObjectClass(section.name, section.prompts or (section.name,), color)
