"""How frames are put together for a model."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.frames import Frame, Split
from nightshift.frames.batches import MOST_PIXELS, batches

FRAME = Frame("a" * 64, "s3://b/a.png", 640, 480, "c", Split.POOL, "a.png", 0)
SIDES = st.integers(1, 12_000)


@given(st.lists(st.tuples(SIDES, SIDES), max_size=30), st.integers(1, 8))
def test_batches_keep_the_order_and_stay_within_bounds_of_frames_and_pixels(
    sizes: list[tuple[int, int]], most: int
) -> None:
    frames = [replace(FRAME, width=w, height=h, name=str(i)) for i, (w, h) in enumerate(sizes)]
    made = list(batches(frames, most))
    assert [each for batch in made for each in batch] == frames
    for batch in made:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(f.width * f.height for f in batch) <= MOST_PIXELS
