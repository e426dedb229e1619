"""Vectors as tables hold them: of one model, the last word about a frame, of length 1."""

import numpy as np
import pyarrow as pa
import pytest

from nightshift.search.vectors import FrameVectors, gathered
from nightshift.services.store.tables import decode, encode


def _part(*rows: tuple[str, str, list[float]]) -> pa.Table:
    named = [{"frame_id": frame, "model": model, "vector": vector} for frame, model, vector in rows]
    return decode(encode(named, "vectors", "here"), "vectors", "here")


def test_the_last_word_about_a_frame_by_the_model_that_is_asked_for_counts() -> None:
    parts = [_part(("a", "m", [1, 0]), ("b", "old", [1, 0, 0])), _part(), _part(("a", "m", [0, 2]), ("c", "m", []))]
    found = gathered("m", parts, "vector")
    assert found.ids == ("a",)
    np.testing.assert_allclose(found.rows, [[0, 1]])


def test_without_a_name_the_first_model_counts_and_without_rows_there_is_none() -> None:
    found = gathered("", [_part(("a", "m", [3, 4]), ("b", "n", [1, 0]))], "vector")
    assert (found.model, found.ids) == ("m", ("a",))
    np.testing.assert_allclose(found.rows, [[0.6, 0.8]])
    assert len(gathered("", [_part()], "vector")) == 0


def test_rows_and_frames_belong_together() -> None:
    with pytest.raises(ValueError, match="vectors of shape"):
        FrameVectors("m", ("a", "b"), np.zeros((1, 2), np.float32))
