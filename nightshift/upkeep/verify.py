"""Is everything still there, and still what it was? Every object of every round of the lineage, and every frame.

Reads only. Knows which rounds there are; `folders` knows what a round's folder must hold, `objects` looks at each.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nightshift.domain.errors import StoreError
from nightshift.domain.models import Progress, no_progress
from nightshift.domain.rounds import HEAD, LEASE, RoundKeys
from nightshift.domain.wishes import KEY as WISH
from nightshift.services.store import tables
from nightshift.services.store.bulk import in_threads
from nightshift.services.store.s3 import ObjectInfo, Store
from nightshift.upkeep import removals
from nightshift.upkeep.findings import Examined, Finding
from nightshift.upkeep.folders import LEAVE, NOBODY, Folder
from nightshift.upkeep.layout import number_of
from nightshift.upkeep.lineage import Lineage, read_lineage
from nightshift.upkeep.objects import Looked, Wanted, address, look

FRAMES = "frames/"
VIDEOS = "videos/"  # what was found in videos; without it they are taken apart again
THREADS = 8  # each may hold a whole table
LOST_WISH = "Delete it, and look for the frames again with `nightshift find --queue`."
LOST_PICTURE = "Put the picture back where it was, or restore it from a version or a backup."


@dataclass(slots=True)
class _Project:
    """The objects of a project by where they belong.

    Args:
        rounds: number → name relative to its folder → object.
        pictures: key → object, of the project's own pictures.
        other: keys of everything else.
    """

    rounds: dict[int, dict[str, ObjectInfo]] = field(default_factory=dict)
    pictures: dict[str, ObjectInfo] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)


def verify(
    store: Store, *, quick: bool = False, tables_too: bool = False, progress: Progress = no_progress
) -> Examined:
    """Look at everything.

    Args:
        store: the project's.
        quick: only names and sizes, without reading what lies there.
        tables_too: read tables and documents all the same, because something will be made of them.
        progress: objects and frames looked at.

    Raises:
        StoreError: S3 is away, or HEAD cannot be read.
    """
    rounds, there, removed = read_lineage(store), _sorted(store), removals.removed_keys(store)
    folders = [_folder(store, number, rounds, there, removed) for number in rounds.rounds]
    objects = {key: each for folder in folders for key, each in folder.wanted.items()}
    pictures = _pictures(store, rounds)
    wanted = [*objects.values(), *pictures, *(() if quick and not tables_too else _wishes(there))]
    deep = [each for each in wanted if not quick or (tables_too and each.keep)]
    flat = [each for each in wanted if quick and not (tables_too and each.keep)]
    looked = _look_at(store, deep, flat, there, progress)
    findings = (
        *(Finding.of(each) for each in rounds.broken),
        *(each for folder in folders for each in folder.findings),
        *(finding for each in looked for finding in each.findings),
        *_unknown(store, rounds, there),
    )
    gone = len(removed - {each.key for each in _objects(there)})
    size = sum(each.size for each in looked)
    return Examined(len(rounds.rounds), len(objects), len(pictures), size, gone, quick, tuple(_once(findings)))


def _sorted(store: Store) -> _Project:
    found = _Project()
    for each in store.list():
        number = number_of(each.key)
        if number is not None:
            found.rounds.setdefault(number, {})[each.key.split("/", 2)[2]] = each
        elif each.key.startswith(FRAMES):
            found.pictures[each.key] = each
        else:
            found.other.append(each.key)
    return found


def _folder(store: Store, number: int, rounds: Lineage, there: _Project, removed: frozenset[str]) -> Folder:
    folder = Folder(store, number, there.rounds.get(number, {}), removed, number in rounds.sealed)
    folder.examine()
    return folder


def _pictures(store: Store, rounds: Lineage) -> list[Wanted]:
    """Every frame of the newest round that has registered, wherever it lies; its id is its digest."""
    for number in reversed(rounds.rounds):
        key = RoundKeys(number).key("frames.parquet")
        if not store.exists(key):
            continue
        try:
            known = tables.read_table(store, key, "frames").to_pylist()
        except StoreError:
            continue  # told where the table itself is looked at; the round before knows nearly all of them
        return [Wanted(row["uri"], sha256=row["frame_id"], remedy=LOST_PICTURE) for row in known]
    return []


def _wishes(there: _Project) -> list[Wanted]:
    """A wish is named by the digest of its content."""
    named = [key for key in there.other if WISH.fullmatch(key)]
    return [Wanted(key, sha256=key.rpartition("/")[2].removesuffix(".json"), remedy=LOST_WISH) for key in named]


def _look_at(store: Store, deep: list[Wanted], flat: list[Wanted], there: _Project, progress: Progress) -> list[Looked]:
    """Some are read through, of others only the size is looked at."""
    sizes = {store.uri(each.key): each.size for each in _objects(there)}
    total = len(deep) + len(flat)
    read = in_threads(lambda each: look(store, each), deep, lambda done, _: progress(done, total), THREADS)
    return read + in_threads(
        lambda each: _glance(store, each, sizes), flat, lambda done, _: progress(len(deep) + done, total)
    )


def _objects(there: _Project) -> Iterator[ObjectInfo]:
    for folder in there.rounds.values():
        yield from folder.values()
    yield from there.pictures.values()


def _glance(store: Store, wanted: Wanted, sizes: Mapping[str, int]) -> Looked:
    """By its size in the listing; what lies elsewhere is asked for by name."""
    subject = address(store, wanted.name)
    size = sizes.get(subject)
    if size is None and (subject.startswith(store.uri("")) or not store.exists(wanted.name)):
        return Looked(0, (Finding(subject, "missing", "it is not there", wanted.remedy),))
    if size is not None and wanted.size is not None and size != wanted.size:
        said = f"it has {size} bytes instead of {wanted.size}"
        return Looked(0, (Finding(subject, "damaged", said, wanted.remedy),))
    return Looked(0, ())


def _unknown(store: Store, rounds: Lineage, there: _Project) -> Iterator[Finding]:
    """What lies beside the rounds, except frames' own places: those are somebody else's."""
    others = [each for each in store.readable if each != store.place]
    strange = [RoundKeys(n).key(name) for n in there.rounds if n not in rounds.rounds for name in there.rounds[n]]
    for key in [*there.other, *strange]:
        theirs = any(place.holds(store.place.bucket, store.place.root + key) for place in others)
        ours = key in {HEAD, LEASE} or key.startswith((removals.FOLDER, VIDEOS)) or WISH.fullmatch(key)
        if not ours and not theirs:
            yield Finding(store.uri(key), "unknown", NOBODY, LEAVE)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """An object that is missing or damaged for two reasons is told once."""
    seen: Counter[str] = Counter()
    for each in findings:
        seen[each.subject] += 1
        if seen[each.subject] == 1:
            yield each
