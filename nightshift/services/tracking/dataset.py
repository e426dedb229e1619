"""What a student was trained on, as an MLflow data set input. Only metadata: the pixels stay in the store."""

import json
from dataclasses import dataclass

from mlflow.entities import Dataset, DatasetInput, InputTag

DIGEST_LENGTH = 36  # MLflow's limit


@dataclass(frozen=True, slots=True)
class DatasetNote:
    """A training set in five facts.

    Args:
        name: what it is called in MLflow, such as "factory-line".
        digest: identifies the content, such as a sha-256 in hex; MLflow shows its first 36 characters.
        uri: where its table lies: s3://bucket/key.
        frames: pictures in it.
        boxes: labels in it.
    """

    name: str
    digest: str
    uri: str
    frames: int
    boxes: int

    def __post_init__(self) -> None:
        if not self.name or not self.digest or min(self.frames, self.boxes) < 0:
            raise ValueError("a data set needs a name, a digest and counts that are not negative")


def data_input(note: DatasetNote) -> DatasetInput:
    """The data set as MLflow stores it; `mlflow.data.get_source` finds the S3 object again."""
    entity = Dataset(
        name=note.name,
        digest=note.digest[:DIGEST_LENGTH],
        source_type="s3" if note.uri.startswith("s3://") else "local",
        source=json.dumps({"uri": note.uri}),
        profile=json.dumps({"frames": note.frames, "boxes": note.boxes}),
    )
    return DatasetInput(entity, [InputTag("mlflow.data.context", "training")])
