"""A data set as a backtest sees it: made small with its boxes, bursts held together, a share kept for testing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_student import small_data
from PIL import Image as Pillow

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import frame_id
from nightshift.frames.datasets import Dataset
from nightshift.simulation.world import World, build


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dataset]:
    folder = tmp_path_factory.mktemp("data")
    return folder, small_data(folder, bursts=12)


def make(data: tuple[Path, Dataset], folder: Path, share: float = 0.3, seed: int = 0, pattern: str = "") -> World:
    return build("small", data[0], data[1], folder, 48, share, seed, pattern)


def test_every_picture_is_a_frame_known_by_its_content(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    world = make(data, tmp_path)
    assert {(f.id, f.name) for f in world.frames} == {
        (frame_id((data[0] / name).read_bytes()), name) for name in data[1].samples
    }
    assert [f.id for f in world.frames] == sorted(world.truth)


def test_copies_and_boxes_are_scaled_alike(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    world = make(data, tmp_path)
    for frame, image in zip(world.frames, world.images(world.frames), strict=True):
        assert (frame.width, frame.height) == (48, 32) == image.shape[1::-1]
        whole, small = data[1].samples[frame.name], world.truth[frame.id]
        assert np.allclose(small.boxes, whole.boxes / 2)
        assert small.classes.tolist() == whole.classes.tolist()


def test_pictures_smaller_than_the_side_stay_as_they_are(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    world = build("small", *data, tmp_path, 500, 0.3, 0)
    assert {(f.width, f.height) for f in world.frames} == {(96, 64)}
    assert all(world.truth[f.id] == data[1].samples[f.name] for f in world.frames)


def test_a_burst_stays_together_whatever_its_names_and_never_straddles_the_split(
    data: tuple[Path, Dataset], tmp_path: Path
) -> None:
    """Pictures i and i + 12 show the same scene."""
    by_name = {f.name: f for f in make(data, tmp_path).frames}
    for i in range(12):
        first, second = by_name[f"{i:03d}.png"], by_name[f"{i + 12:03d}.png"]
        assert (first.clip, first.split) == (second.clip, second.split)
    assert len({f.clip for f in by_name.values()}) == 12


def test_clips_that_the_names_tell_are_held_together_too(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    world = make(data, tmp_path, pattern=r"(?P<clip>00)\d")
    assert len({f.clip for f in world.frames if int(f.name[:3]) % 12 < 10}) == 1
    assert len({f.clip for f in world.frames}) == 3


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
def test_about_the_share_of_the_frames_is_kept_for_testing(
    data: tuple[Path, Dataset], tmp_path: Path, share: float
) -> None:
    """Off by at most half a burst."""
    world = make(data, tmp_path, share)
    assert abs(len(world.golden) - share * 24) <= 1
    assert {f.id for f in world.golden}.isdisjoint(f.id for f in world.pool)
    assert len(world.golden) + len(world.pool) == 24


def test_another_seed_keeps_other_frames_and_the_same_seed_the_same(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    one, again, other = (make(data, tmp_path, seed=seed) for seed in (0, 0, 1))
    assert one == again
    assert {f.id for f in one.golden} != {f.id for f in other.golden}


def test_a_burst_larger_than_all_that_may_test_does_not_leave_the_test_empty(tmp_path: Path) -> None:
    """Whatever the seed: with some of them the large burst is drawn first."""
    labels = small_data(tmp_path, bursts=6, length=4)
    for i in range(18):  # all but the last six pictures become one burst
        Pillow.open(tmp_path / "000.png").point(lambda v, i=i: min(255, v + i // 4)).save(tmp_path / f"{i:03d}.png")
    for seed in range(8):
        world = build("lumpy", tmp_path, labels, tmp_path / "small", 48, 0.2, seed)
        assert 0 < len(world.golden) < 12


def test_a_picture_that_is_there_several_times_is_one_frame(tmp_path: Path) -> None:
    labels = small_data(tmp_path, bursts=12)
    for i in range(1, 12):
        (tmp_path / f"{i:03d}.png").write_bytes((tmp_path / "000.png").read_bytes())
    world = build("twins", tmp_path, labels, tmp_path / "small", 48, 0.3, 0)
    assert len(world.frames) == len(world.truth) == 13
    assert len(world.images(world.frames)) == 13


def test_small_copies_are_made_once(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    first = make(data, tmp_path)
    copy = first.path(first.frames[0])
    made = copy.stat().st_mtime_ns
    assert make(data, tmp_path) == first
    assert copy.stat().st_mtime_ns == made
    assert not list(tmp_path.glob("*.part"))


def test_progress_is_told_picture_by_picture(data: tuple[Path, Dataset], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    build("small", *data, tmp_path, 48, 0.3, 0, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 24) for i in range(1, 25)]


def test_too_few_pictures_are_refused_with_the_number_that_is_needed(
    data: tuple[Path, Dataset], tmp_path: Path
) -> None:
    few = replace(data[1], samples=dict(list(data[1].samples.items())[:19]))
    with pytest.raises(ConfigError, match="19 labelled pictures, a backtest needs 20"):
        make((data[0], few), tmp_path)


@pytest.mark.parametrize(
    ("pattern", "share", "said"),
    [
        (r"(?P<clip>0)", 0.3, "24 pictures are a single burst, .* none is left to test on"),
        (r"(?P<clip>0)", 0.9, "24 pictures are a single burst, .* none is left to ask about"),
        ("", 1.0, "24 pictures are 12 bursts, .* none is left to ask about"),
    ],
)
def test_pictures_that_leave_none_to_test_on_or_none_to_ask_about_are_refused(
    data: tuple[Path, Dataset], tmp_path: Path, pattern: str, share: float, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        make(data, tmp_path, share, pattern=pattern)
