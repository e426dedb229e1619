import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.config import FramesSection
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split, is_golden
from nightshift.frames.clips import ClipRules, draw_splits

DEFAULT = FramesSection(source="x").clip_pattern
CLIPS = st.dictionaries(st.text("abcdef/", min_size=1, max_size=4), st.integers(1, 30), min_size=1, max_size=30)


def rules(pattern: str = DEFAULT, share: float = 0.3, frames: int = 40, seed: int = 0) -> ClipRules:
    return ClipRules(pattern, share, frames, seed)


def frames_of(clips: dict[str, int], splits: dict[str, Split]) -> list[Frame]:
    names = [(clip, number) for clip, count in clips.items() for number in range(count)]
    return [
        Frame(f"{i:064x}", "s3://b/k", 1, 1, clip, splits[clip], f"{clip}/{n}", 0) for i, (clip, n) in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("pattern", "name", "clip"),
    [
        (DEFAULT, "cam1/night/0001.jpg", "cam1/night"),
        (DEFAULT, "0001.jpg", "0001.jpg"),
        (r"(?P<clip>cam\d+)_", "x/cam12_7.jpg", "cam12"),
        (r"(?P<clip>^$)", "x/cam12_7.jpg", "x/cam12_7.jpg"),
    ],
)
def test_the_pattern_names_the_clip_or_the_frame_is_its_own(pattern: str, name: str, clip: str) -> None:
    assert rules(pattern).clip(name) == clip


@pytest.mark.parametrize(
    "pattern", [DEFAULT, r"(?P<clip>.*)_\d+\.\w+$", r"(?P<clip>\w+)-\d+", r"^(?P<clip>[^/]+)/.*\.jpg$"]
)
def test_names_of_a_thousand_characters_are_matched_in_no_time(pattern: str) -> None:
    for part in ("a", "1", "_1", "/", "a/", "-", ".", "1_", "_"):
        name = (part * 1000)[:1000]
        assert rules(pattern).clip(name) in name


@pytest.mark.parametrize("pattern", ["(", ".*"])
def test_a_pattern_that_names_no_clip_is_a_mistake_in_the_configuration(pattern: str) -> None:
    with pytest.raises(ConfigError, match="clip_pattern"):
        rules(pattern)


@given(clips=CLIPS, seed=st.integers(0, 50))
def test_splits_do_not_depend_on_the_order_in_which_clips_arrive(clips: dict[str, int], seed: int) -> None:
    backwards = dict(reversed(clips.items()))
    assert draw_splits([], clips, rules(seed=seed)) == draw_splits([], backwards, rules(seed=seed))


@given(first=CLIPS, second=CLIPS, seed=st.integers(0, 50))
def test_a_known_clip_keeps_its_split_for_ever(first: dict[str, int], second: dict[str, int], seed: int) -> None:
    before = draw_splits([], first, rules(seed=seed))
    after = draw_splits(frames_of(first, before), first | second, rules(seed=seed))
    assert {clip: after[clip] for clip in before} == before
    assert after.keys() == first.keys() | second.keys()


@given(first=CLIPS, second=CLIPS, seed=st.integers(0, 50))
def test_no_clip_becomes_golden_once_there_are_enough(first: dict[str, int], second: dict[str, int], seed: int) -> None:
    few = rules(seed=seed, frames=1)
    before = draw_splits([], first, few)
    if Split.GOLDEN in before.values():
        after = draw_splits(frames_of(first, before), first | second, few)
        assert {clip for clip in after if after[clip] is Split.GOLDEN} == {
            clip for clip in before if before[clip] is Split.GOLDEN
        }


@given(clips=CLIPS, seed=st.integers(0, 50))
def test_something_is_always_left_to_train_on_and_something_to_test_with(clips: dict[str, int], seed: int) -> None:
    drawn = set(draw_splits([], clips, rules(seed=seed)).values())
    assert Split.POOL in drawn
    assert Split.GOLDEN in drawn or len(clips) < 2


def test_with_plenty_of_clips_the_draw_is_the_keyed_hash() -> None:
    clips = dict.fromkeys((f"clip {n}" for n in range(200)), 1)
    drawn = draw_splits([], clips, rules(frames=10_000))
    assert {clip for clip in drawn if drawn[clip] is Split.GOLDEN} == {c for c in clips if is_golden(c, 0.3, 0)}
