"""Which clip a frame belongs to, and which clips are golden. Splits never cut through a clip."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightshift.config import Config
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split, golden_rank

HALF = 0.5  # a golden clip is owed once this many of them would be expected


@dataclass(frozen=True, slots=True)
class ClipRules:
    """How clips are told apart and golden ones drawn.

    Args:
        pattern: regular expression on a frame's name with a group 'clip'.
        share: of the clips, golden.
        frames: no further clip becomes golden once this many frames are.
        seed: of the draw.

    Raises:
        ConfigError: the pattern is none, or has no such group.
    """

    pattern: str
    share: float
    frames: int
    seed: int

    def __post_init__(self) -> None:
        subject, remedy = f"frames.clip_pattern '{self.pattern}'", "Write it as in (?P<clip>.*)/[^/]*"
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ConfigError(subject, f"it is no regular expression: {error}", remedy) from error
        if "clip" not in groups:
            raise ConfigError(subject, "it has no group named 'clip'", remedy)

    @classmethod
    def of(cls, config: Config) -> "ClipRules":
        """As the configuration says."""
        return cls(config.frames.clip_pattern, config.golden.share, config.golden.frames, config.seed)

    def clip(self, name: str) -> str:
        """The clip of a frame; a clip of its own where the pattern finds none."""
        found = re.search(self.pattern, name)
        return (found.group("clip") if found else "") or name

    def frozen(self, known: Sequence[Frame]) -> bool:
        """Whether no further frame becomes golden."""
        return sum(each.split is Split.GOLDEN for each in known) >= self.frames


def draw_splits(known: Sequence[Frame], arriving: Mapping[str, int], rules: ClipRules) -> dict[str, Split]:
    """The split of every clip, known and arriving.

    A known clip keeps its split for ever. Arriving clips are golden by their rank, lowest first, until there are
    enough golden frames. When chance leaves no golden clip although one is owed, the lowest rank is one; when it
    leaves nothing else, the highest is not.

    Args:
        known: frames of earlier rounds.
        arriving: clip → number of new frames.
        rules: share, limit and seed.
    """
    splits = {each.clip: each.split for each in known}
    golden = sum(each.split is Split.GOLDEN for each in known)
    new = sorted(arriving.keys() - splits.keys(), key=lambda clip: (golden_rank(clip, rules.seed), clip))
    for clip in new:
        wins = golden_rank(clip, rules.seed) < rules.share and golden < rules.frames
        splits[clip] = Split.GOLDEN if wins else Split.POOL
        golden += arriving[clip] if wins else 0
    return _fair(splits, new, rules)


def _fair(splits: dict[str, Split], new: Sequence[str], rules: ClipRules) -> dict[str, Split]:
    drawn = set(splits.values())
    if new and Split.GOLDEN not in drawn and rules.share * len(splits) >= HALF and len(splits) > 1:
        return splits | {new[0]: Split.GOLDEN}
    if new and Split.POOL not in drawn:
        return splits | {new[-1]: Split.POOL}
    return splits
