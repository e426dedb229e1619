"""Where a round's frames lie: by the configured embedder's vectors, or else by the champion's own, from its scores."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nightshift.domain.embedding import Vectors, unit
from nightshift.round import OpenRound

FOLDER, STAGE = "vectors", "embed"


@dataclass(frozen=True, slots=True, eq=False)
class FrameVectors:
    """n frames in one space.

    Args:
        model: whose vectors they are; empty where there are none.
        ids: n frames, each once.
        rows: (n, d) float32 of length 1.

    Raises:
        ValueError: lengths differ.
    """

    model: str
    ids: tuple[str, ...]
    rows: Vectors

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or len(self.ids) != len(self.rows) or len(set(self.ids)) != len(self.ids):  # noqa: PLR2004 - a matrix
            raise ValueError(f"{len(self.ids)} frames with vectors of shape {self.rows.shape}")

    def __len__(self) -> int:
        return len(self.ids)


def read_vectors(night: OpenRound) -> FrameVectors:
    """The vectors by which a round compares its frames."""
    model = str(night.summary(STAGE).get("model", ""))
    if model:
        parts = (part for keys in [*night.ancestors, night.keys] for part in night.parts(FOLDER, "vectors", keys))
        return gathered(model, parts, "vector")
    return gathered("", night.parts("scores", "scores", night.keys), "embedding")


def known(night: OpenRound, model: str) -> set[str]:
    """Frames whose vectors of this model lie in the store already."""
    every = [*night.ancestors, night.keys]
    parts = (part for keys in every for part in night.parts(FOLDER, "vectors", keys))
    rows = (zip(part["frame_id"].to_pylist(), part["model"].to_pylist(), strict=True) for part in parts)
    return {frame for pairs in rows for frame, by in pairs if by == model}


def gathered(model: str, parts: Iterable[pa.Table], column: str) -> FrameVectors:
    """The rows of one model, the last word about each frame; frames without a vector are left out.

    Args:
        model: its version; empty for the first one that is met.
        parts: tables with columns frame_id, model and the vectors.
        column: where the vectors are.
    """
    found: dict[str, Vectors] = {}
    for part in parts:
        model = model or next(iter(part["model"].to_pylist()), "")
        found |= {frame: vector for frame, by, vector in _rows(part, column) if len(vector) and by == model}
    rows = np.stack(list(found.values())) if found else np.zeros((0, 0), np.float32)
    return FrameVectors(model, tuple(found), unit(rows.astype(np.float32)))


def _rows(part: pa.Table, column: str) -> Iterator[tuple[str, str, Vectors]]:
    lists = part[column].combine_chunks()
    values = lists.flatten().to_numpy(zero_copy_only=False)
    ends = np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False))
    vectors = np.split(values, ends[:-1]) if len(ends) else []
    return zip(part["frame_id"].to_pylist(), part["model"].to_pylist(), vectors, strict=True)
