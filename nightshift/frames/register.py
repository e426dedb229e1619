"""New files of a source become frames: hashed, decoded once to see that they can be, given a clip and a split.

What was seen before is told by name, size and stamp, and not read again. Knows no store: the caller hands in what
is known and how to keep a picture that cannot stay where it is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from nightshift.domain.errors import Damaged, FrameError, NotFound
from nightshift.domain.frames import Frame, FrameRecord, Rejected, SourceFile, Split, frame_id
from nightshift.domain.models import Progress, no_progress
from nightshift.frames.clips import ClipRules, draw_splits
from nightshift.frames.decode import decode
from nightshift.frames.scan import Source, is_picture, printable

THREADS = 4  # each may hold a whole decoded picture
Put = Callable[[str, str, bytes], str]  # frame id, suffix, content → its address


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering came to.

    Args:
        records: every frame there is now, known ones first.
        new: those that were not known.
        gone: known ones whose pixels their owner overwrote; they are not among the records any more.
        rejected: files that cannot be used, with the reason.
        notes: what the owner should know about the clips.
    """

    records: tuple[FrameRecord, ...]
    new: tuple[FrameRecord, ...]
    gone: tuple[FrameRecord, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that was read: who it is, where it stays, and its (width, height) unless it is known."""

    file: SourceFile
    id: str
    uri: str
    size: tuple[int, int] | None


def register(
    known: Sequence[FrameRecord],
    source: Source,
    rules: ClipRules,
    number: int,
    put: Put,
    progress: Progress = no_progress,
) -> Registered:
    """Take up what is new in a source.

    Args:
        known: frames of earlier rounds.
        source: where pictures come from.
        rules: of clips and golden frames.
        number: of this round.
        put: keeps a picture in the store, content-addressed; called from several threads.
        progress: files looked at, of those that are new or changed.

    Raises:
        NightshiftError: the source or the store as a whole fails; a single bad file is rejected instead.
    """
    files = sorted((each for each in source.list() if is_picture(each.name)), key=lambda each: each.name)
    looked, rejected = _look_at(_unseen(files, known), known, source, put, progress)
    ledger = _Ledger(known, {each.name for each in files}, source)
    for each in looked:
        ledger.enter(each)
    new, frozen = _draw([*ledger.records.values()], ledger.new, rules, number)
    records = (*ledger.records.values(), *new)
    notes = _notes([each.frame for each in records])
    return Registered(records, new, tuple(ledger.gone), (*rejected, *ledger.rejected, *frozen), notes)


def _unseen(files: Sequence[SourceFile], known: Sequence[FrameRecord]) -> list[SourceFile]:
    seen = {SourceFile(each.frame.name, each.size, each.stamp) for each in known}
    return [each for each in files if each not in seen]


def _look_at(
    files: Sequence[SourceFile], known: Sequence[FrameRecord], source: Source, put: Put, progress: Progress
) -> tuple[list[_Seen], list[Rejected]]:
    ids = frozenset(each.frame.id for each in known)
    seen: list[_Seen] = []
    rejected: list[Rejected] = []
    with ThreadPoolExecutor(THREADS, thread_name_prefix="register") as pool:
        for done, each in enumerate(pool.map(lambda file: _look(file, ids, source, put), files), 1):
            if isinstance(each, Rejected):
                rejected.append(each)
            else:
                seen.append(each)
            progress(done, len(files))
    return seen, rejected


def _look(file: SourceFile, known: frozenset[str], source: Source, put: Put) -> _Seen | Rejected:
    """Read, hash, decode; only pictures that are neither known nor broken are kept."""
    name = printable(file.name)
    if name != file.name:
        return Rejected(name, "its name is not UTF-8")
    try:
        content = source.read(name)
        identity, uri = frame_id(content), source.uri(name)
        if identity in known:
            return _Seen(file, identity, uri or "", None)
        height, width, _ = decode(content, name).shape
    except (FrameError, NotFound, Damaged) as error:
        return Rejected(name, error.reason)
    suffix = PurePosixPath(name).suffix.lower()
    return _Seen(file, identity, uri or put(identity, suffix, content), (width, height))


class _Ledger:
    """Frames by content while files are entered, in the order of their names."""

    def __init__(self, known: Sequence[FrameRecord], listed: set[str], source: Source) -> None:
        self.records = {each.frame.id: each for each in known}
        self.new: dict[str, _Seen] = {}
        self.gone: list[FrameRecord] = []
        self.rejected: list[Rejected] = []
        self._listed, self._source = listed, source
        self._by_name = {each.frame.name: each for each in known}

    def enter(self, seen: _Seen) -> None:
        """A file that is new, or has changed."""
        known = self.records.get(seen.id)
        self._overwritten(seen)
        if known is not None:
            self._again(known, seen)
        elif seen.id in self.new:
            self._duplicate(seen, self.new[seen.id].file.name)
        else:
            self.new[seen.id] = seen

    def _again(self, known: FrameRecord, seen: _Seen) -> None:
        """Known content: touched, moved to another name, or a duplicate."""
        moved = known.frame.name not in self._listed
        if not moved and known.frame.name != seen.file.name:
            self._duplicate(seen, known.frame.name)
            return
        frame = replace(known.frame, name=seen.file.name, uri=seen.uri or known.frame.uri)
        self.records[seen.id] = replace(known, frame=frame, size=seen.file.size, stamp=seen.file.stamp)

    def _overwritten(self, seen: _Seen) -> None:
        """A frame that stayed with its owner is lost when other content takes its place."""
        before = self._by_name.get(seen.file.name)
        if before and before.frame.id != seen.id and before.frame.uri == self._source.uri(seen.file.name):
            self.gone.append(self.records.pop(before.frame.id))
            self.rejected.append(Rejected(seen.file.name, "its earlier content was overwritten", before.frame.id))

    def _duplicate(self, seen: _Seen, first: str) -> None:
        self.rejected.append(Rejected(seen.file.name, f"it is a duplicate of {first}", seen.id))


def _draw(
    known: Sequence[FrameRecord], new: dict[str, _Seen], rules: ClipRules, number: int
) -> tuple[tuple[FrameRecord, ...], list[Rejected]]:
    """New frames with their splits; those of a golden clip are left out once golden frames are frozen."""
    frames = [each.frame for each in known]
    golden = {each.clip for each in frames if each.split is Split.GOLDEN} if rules.frozen(frames) else set()
    late = [each for each in new.values() if rules.clip(each.file.name) in golden]
    fresh = [each for each in new.values() if rules.clip(each.file.name) not in golden]
    splits = draw_splits(frames, Counter(rules.clip(each.file.name) for each in fresh), rules)
    records = tuple(_record(each, rules.clip(each.file.name), splits, number) for each in fresh)
    return records, [Rejected(each.file.name, "its clip is golden, and golden frames are frozen") for each in late]


def _record(seen: _Seen, clip: str, splits: dict[str, Split], number: int) -> FrameRecord:
    width, height = seen.size or (0, 0)
    frame = Frame(seen.id, seen.uri, width, height, clip, splits[clip], seen.file.name, number)
    return FrameRecord(frame, seen.file.size, seen.file.stamp)


def _notes(frames: Sequence[Frame]) -> tuple[str, ...]:
    clips = {each.clip for each in frames}
    if len(frames) > 1 and len(clips) == 1:
        said = f"All {len(frames)} frames are one clip '{clips.pop()}', so none can be kept for testing."
        return (f"{said} See frames.clip_pattern in the configuration.",)
    if frames and not any(each.split is Split.GOLDEN for each in frames):
        return (f"None of the {len(clips)} clips is golden yet, so nothing can be measured.",)
    return ()
