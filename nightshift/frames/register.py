"""New files of a source become frames: hashed, decoded once to see that they can be, given a clip and a split.

What was seen before, used or refused, is told by name, size and stamp, and not read again. Knows no store: the caller
hands in what is known, how to look at a picture, and how to keep one that cannot stay where it is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from nightshift.domain.errors import Damaged, FrameError, NotFound
from nightshift.domain.frames import Frame, FrameRecord, Rejected, SourceFile, Split, frame_id
from nightshift.domain.models import Progress, no_progress
from nightshift.frames.allowance import Allowance
from nightshift.frames.clips import ClipRules, draw_splits
from nightshift.frames.names import Legible
from nightshift.frames.refusals import Refusal, Undecided, recall
from nightshift.frames.scan import MOST_BYTES, Source, check_bytes, is_picture

THREADS = 4
FROZEN = "its clip is golden, and golden frames are frozen"
DUPLICATE = "it is a duplicate of "
Put = Callable[[str, str, bytes], str]  # frame id, suffix, content → its address
Look = Callable[[bytes, str], tuple[int, int]]  # content, name → (width, height); FrameError where it is unfit


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
    """A file whose content is known: who it is, where it stays, and its (width, height) unless it is a known frame."""

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
    look: Look,
    progress: Progress = no_progress,
    refused: Iterable[Rejected] = (),
) -> Registered:
    """Take up what is new in a source.

    Args:
        known: frames of earlier rounds.
        source: where pictures come from.
        rules: of clips and golden frames.
        number: of this round.
        put: keeps a picture in the store, content-addressed; called from several threads.
        look: decodes a picture that nobody has looked at; called from several threads (`Door.look`).
        progress: files looked at, of those that are new or changed.
        refused: what the parent round refused. What still holds is refused again, without being read.

    Raises:
        NightshiftError: the source or the store as a whole fails; a single bad file is rejected instead.
    """
    legible = Legible(source)
    files = sorted((each for each in legible.list() if is_picture(each.name)), key=lambda each: each.name)
    remembered = _Remembered(known, recall(refused), rules, legible)
    unseen, told, rejected = remembered.sort(_unseen(files, known))
    looked, broken = _look_at(unseen, known, _Eyes(legible, put, look), progress)
    ledger = _Ledger(known, {each.name for each in files}, legible)
    for each in sorted([*told, *looked], key=lambda each: each.file.name):
        ledger.enter(each)
    new, frozen = _draw([*ledger.records.values()], ledger.new, rules, number)
    records = (*ledger.records.values(), *new)
    notes = _notes([each.frame for each in records])
    return Registered(records, new, tuple(ledger.gone), (*rejected, *broken, *ledger.rejected, *frozen), notes)


def _unseen(files: Sequence[SourceFile], known: Sequence[FrameRecord]) -> list[SourceFile]:
    seen = {SourceFile(each.frame.name, each.size, each.stamp) for each in known}
    return [each for each in files if each not in seen]


class _Remembered:
    """Files that need not be read, because an earlier round refused what they hold, and would again."""

    def __init__(
        self, known: Sequence[FrameRecord], refusals: Mapping[SourceFile, Refusal], rules: ClipRules, source: Source
    ) -> None:
        frames = [each.frame for each in known]
        self._ids = {each.id for each in frames}
        self._golden = _golden(frames, rules)
        self._refusals, self._rules, self._source = refusals, rules, source

    def sort(self, files: Iterable[SourceFile]) -> tuple[list[SourceFile], list[_Seen], list[Rejected]]:
        """(those to be read, those that are a known frame again, those that are refused again)."""
        unseen: list[SourceFile] = []
        seen: list[_Seen] = []
        rejected: list[Rejected] = []
        for file in files:
            before = self._refusals.get(file)
            if before and before.content in self._ids:
                seen.append(_Seen(file, before.content, self._source.uri(file.name) or "", None))
            elif before and self._holds(before):
                rejected.append(before.rejected)
            else:
                unseen.append(file)
        return unseen, seen, rejected

    def _holds(self, before: Refusal) -> bool:
        if before.reason == FROZEN:
            return self._rules.clip(before.file.name) in self._golden
        return not before.reason.startswith(DUPLICATE)  # of a picture that is gone: it takes its place


def _look_at(
    files: Sequence[SourceFile], known: Sequence[FrameRecord], eyes: "_Eyes", progress: Progress
) -> tuple[list[_Seen], list[Rejected]]:
    ids = frozenset(each.frame.id for each in known)
    seen: list[_Seen] = []
    rejected: list[Rejected] = []
    with ThreadPoolExecutor(THREADS, thread_name_prefix="register") as pool:
        for done, each in enumerate(pool.map(lambda file: eyes.look(file, ids), files), 1):
            if isinstance(each, Rejected):
                rejected.append(each)
            else:
                seen.append(each)
            progress(done, len(files))
    return seen, rejected


class _Eyes:
    """Reads files and has them looked at; threads hold no more of them at once than one file may have."""

    def __init__(self, source: Source, put: Put, look: Look) -> None:
        self._source, self._put, self._look = source, put, look
        self._held = Allowance(MOST_BYTES)

    def look(self, file: SourceFile, known: frozenset[str]) -> _Seen | Rejected:
        """Read, hash, decode; only pictures that are neither known nor broken are kept."""
        try:
            check_bytes(file.name, file.size)
            with self._held.hold(file.size):
                content = self._source.read(file.name)
                return self._judge(file, content, frame_id(content), known)
        except (FrameError, NotFound, Damaged) as error:
            return Rejected(file.name, error.reason)

    def _judge(self, file: SourceFile, content: bytes, identity: str, known: frozenset[str]) -> _Seen | Rejected:
        uri = self._source.uri(file.name)
        if identity in known:
            return _Seen(file, identity, uri or "", None)
        try:
            size = self._look(content, file.name)
        except Undecided:
            raise
        except FrameError as error:
            return Refusal(file, identity, error.reason).rejected
        suffix = PurePosixPath(file.name).suffix.lower()
        return _Seen(file, identity, uri or self._put(identity, suffix, content), size)


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
        self.rejected.append(Refusal(seen.file, seen.id, f"{DUPLICATE}{first}").rejected)


def _golden(frames: Sequence[Frame], rules: ClipRules) -> set[str]:
    """Golden clips, once golden frames are frozen; before that none."""
    return {each.clip for each in frames if each.split is Split.GOLDEN} if rules.frozen(frames) else set()


def _draw(
    known: Sequence[FrameRecord], new: dict[str, _Seen], rules: ClipRules, number: int
) -> tuple[tuple[FrameRecord, ...], list[Rejected]]:
    """New frames with their splits; those of a golden clip are left out once golden frames are frozen."""
    frames = [each.frame for each in known]
    golden = _golden(frames, rules)
    late = [each for each in new.values() if rules.clip(each.file.name) in golden]
    fresh = [each for each in new.values() if rules.clip(each.file.name) not in golden]
    splits = draw_splits(frames, Counter(rules.clip(each.file.name) for each in fresh), rules)
    records = tuple(_record(each, rules.clip(each.file.name), splits, number) for each in fresh)
    return records, [Refusal(each.file, each.id, FROZEN).rejected for each in late]


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
