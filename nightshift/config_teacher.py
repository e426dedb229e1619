"""The teacher's section of nightshift.yaml: one teacher, or the members of an ensemble; a second opinion.

Knows which names want more than a checkpoint; does not know which families there are.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from nightshift.config_section import Count, Positive, Section, Share, weights_beside
from nightshift.domain.addresses import no_link, served
from nightshift.domain.models import TeacherSpec

SERVED, ENSEMBLE = "http", "ensemble"  # teachers that want more than a checkpoint
NO_MEMBERS = frozenset({ENSEMBLE, "champion", "none"})
WITHOUT_EYES = frozenset({"champion", "none"})  # one that is trained on people's answers, and nobody
TWO = 2


class OneTeacherSection(Section):
    """A foundation model, and how to run it."""

    name: str = Field(
        default="transformers",
        description="The family: 'transformers' (any zero-shot detector), 'champion' (the current student), 'ensemble' "
        "(several teachers, fused), 'http' (a model served elsewhere), 'none'; `nightshift models` lists all.",
    )
    checkpoint: Annotated[str, AfterValidator(no_link)] = Field(
        default="IDEA-Research/grounding-dino-tiny",
        description="Hub name, file or folder of the weights.",
    )
    url: Annotated[str, AfterValidator(served)] | None = Field(
        default=None, description="Where an 'http' teacher is served; its token is NIGHTSHIFT_TEACHER_TOKEN."
    )
    threshold: Share = Field(default=0.10, description="Lowest score kept from the teacher.")
    batch: Count = Field(default=8, description="Images per forward.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")

    @model_validator(mode="after")
    def _served_somewhere(self) -> Self:
        if (self.name == SERVED) != (self.url is not None):
            raise ValueError(f"'{SERVED}' and url belong together: one of them is missing")
        return self


class MemberSection(OneTeacherSection):
    """One teacher of an ensemble."""

    trust: dict[str, Positive] = Field(
        default={}, description="Class: how much its boxes count there; 1 where left out. `nightshift teachers` tells."
    )

    @model_validator(mode="after")
    def _can_be_a_member(self) -> Self:
        if self.name in NO_MEMBERS:
            raise ValueError(f"'{self.name}' cannot be a member of an ensemble")
        return self


class TeacherSection(OneTeacherSection):
    """The foundation model that auto-labels."""

    members: tuple[MemberSection, ...] = Field(
        default=(), description="The teachers of an 'ensemble': two or more sections like this one."
    )
    second_opinion: Annotated[str, AfterValidator(no_link)] | None = Field(
        default=None, description="A CLIP or SigLIP that looks at each box again: hub name or folder."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.name == ENSEMBLE and len(self.members) < TWO:
            raise ValueError("an ensemble needs two members or more")
        if self.name != ENSEMBLE and self.members:
            raise ValueError(f"only the teacher '{ENSEMBLE}' has members")
        if self.name in WITHOUT_EYES and self.second_opinion:
            raise ValueError(f"a second opinion about '{self.name}' is not asked")
        return self


def spec_of(section: OneTeacherSection) -> TeacherSpec:
    """The section as a domain type."""
    one = {name: getattr(section, name) for name in ("name", "checkpoint", "threshold", "batch", "device")}
    members = section.members if isinstance(section, TeacherSection) else ()
    opinion = section.second_opinion if isinstance(section, TeacherSection) else None
    trust = tuple(sorted(section.trust.items())) if isinstance(section, MemberSection) else ()
    return TeacherSpec(
        **one, url=section.url or "", second_opinion=opinion or "", members=tuple(map(spec_of, members)), trust=trust
    )


def placed(spec: TeacherSpec, config_file: Path) -> TeacherSpec:
    """A teacher whose weights that lie on this machine are named by their whole path, also those of its members."""
    return replace(
        spec,
        checkpoint=weights_beside(config_file, spec.checkpoint),
        second_opinion=weights_beside(config_file, spec.second_opinion),
        members=tuple(placed(each, config_file) for each in spec.members),
    )
