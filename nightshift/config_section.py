"""What a section of nightshift.yaml is, and the kinds of values that stand in one. Knows no section by name."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Section(BaseModel):
    """A part of the file: unknown keys are mistakes, values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def beside(config_file: Path, source: str) -> str:
    """A source as written in a file: relative folders are relative to that file."""
    return source if "://" in source else str((config_file.parent / source).resolve())


def weights_beside(config_file: Path, checkpoint: str) -> str:
    """The whole path of weights that lie on this machine; any other name as it is."""
    whole = beside(config_file, checkpoint)
    return whole if checkpoint and Path(whole).exists() else checkpoint
