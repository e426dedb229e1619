"""Frames in batches, so large that a model is busy and so small that their pixels fit into memory."""

from collections.abc import Iterator, Sequence

from nightshift.domain.frames import Frame

MOST_PIXELS = 1 << 27  # decoded at once for a model: 384 MiB, or 64 frames of a 1080p camera


def batches(frames: Sequence[Frame], size: int) -> Iterator[list[Frame]]:
    """Frames in their order, so many that their decoded pixels stay within bounds; a huge one comes alone."""
    batch: list[Frame] = []
    for frame in frames:
        pixels = sum(each.width * each.height for each in [*batch, frame])
        if batch and (len(batch) == size or pixels > MOST_PIXELS):
            yield batch
            batch = []
        batch.append(frame)
    if batch:
        yield batch
