"""What is written is read back: every form, found by name, without being told."""

import hashlib
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import picture

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, UnknownName
from nightshift.frames.datasets import BY_A_MODEL, detect_format, read_dataset
from nightshift.frames.formats import known_forms, open_form
from nightshift.frames.formats.voc import whole_pixels
from nightshift.frames.labelled import Facts, Labelled, LabelledSet, Origin, Source
from nightshift.frames.paths import LONGEST, safe_paths
from nightshift.frames.writing import write_dataset

TOLERANCE = MappingProxyType({"voc": 1.0})  # pixels; VOC's are whole
EXACT = 1e-3
UNORDERED = {"voc"}  # keeps neither the order of classes nor those without a box
SIZES = ((40, 30), (33, 57), (1, 1), (1920, 1080))
DOCS = Path(__file__).parents[2] / "docs" / "formats.md"
quick = settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))

part = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Cf", "Zl", "Zp"]), min_size=1, max_size=8)
odd = st.sampled_from(
    ["images", "labels", "..", ".", "", "a b", "Ünï→字", "con.png", "a,b", "it's", 'q"', "x" * 300, "%41"]
)
names = st.builds(
    lambda folders, file, suffix: "/".join([*folders, file + suffix]),
    st.lists(part | odd, max_size=3),
    st.sampled_from(["0", "a", "A", "é", "e\u0301", ".", "tasks"]) | part | odd,
    st.sampled_from([".png", ".PNG", ".jpg", ".bmp", ""]),
)
classes = st.lists(
    st.sampled_from(["gear, big", '"nut"', "0", "7 bolts", "null", "<b>", "a&b", "it's", "yes: no", "字", "ä", "[red]"])
    | part.filter(lambda text: text.isprintable()).map(str.strip).filter(bool),
    min_size=1,
    max_size=4,
    unique=True,
)
people = st.builds(
    Origin,
    st.sampled_from([Source.PERSON, Source.DATASET]),
    st.just(""),
    st.integers(0, 9),
    st.sampled_from([(), ("a, b", "c@d")]),
)
models = st.builds(
    Origin, st.sampled_from([Source.TEACHER, Source.PROPOSAL]), st.just("gd/tiny <1>"), st.integers(0, 9)
)


def _same(row: tuple[tuple[float, float], tuple[float, float], int, float]) -> tuple[float, ...]:
    return (*(float(np.float32(each)) for side in row[:2] for each in side), row[2])


@st.composite
def boxes(draw: st.DrawFn, size: tuple[int, int], kinds: int) -> Detections:
    def side(most: int) -> st.SearchStrategy[tuple[float, float]]:
        inside = st.tuples(st.floats(0, most - 0.125, width=32), st.floats(0.0625, most, width=32))
        spans = inside.map(lambda each: (each[0], min(each[0] + each[1], most)))
        return spans | st.sampled_from([(0, most), (0, 0.5), (most - 0.5, most)])

    row = st.tuples(side(size[0]), side(size[1]), st.integers(0, kinds - 1), st.floats(0, 1, width=32))
    rows = draw(st.lists(row, max_size=4, unique_by=_same))
    corners = [[x[0], y[0], x[1], y[1]] for x, y, _, _ in rows]
    return Detections.of(corners, [each[2] for each in rows], [each[3] for each in rows])


@st.composite
def frames(draw: st.DrawFn, number: int, kinds: int) -> Labelled:
    size = draw(st.sampled_from(SIZES))
    labels = draw(boxes(size, kinds))
    by_model = draw(st.booleans())
    said = [draw(models if by_model else people) for _ in range(len(labels) + 1)]
    if not by_model:
        labels = Detections.of(labels.boxes, labels.classes)
    facts = Facts(
        hashlib.sha256(str(number).encode()).hexdigest(), draw(names), f"s3://b/{number}.png", draw(part),
        draw(st.sampled_from(["pool", "golden"])), draw(st.sampled_from(["", "review", "imported"])),
    )  # fmt: skip
    return Labelled(facts, size, labels, said[0], tuple(said[1:]))


@st.composite
def sets(draw: st.DrawFn) -> LabelledSet:
    kinds = draw(classes)
    listed = [draw(frames(number, len(kinds))) for number in range(draw(st.integers(1, 4)))]
    return LabelledSet("my line", kinds, ["#e6194b"] * len(kinds), listed)


@cache
def pictures() -> Path:
    return Path(tempfile.mkdtemp(prefix="nightshift-pictures-"))


@cache
def file_of(size: tuple[int, int]) -> Path:
    path = pictures() / f"{size[0]}x{size[1]}.png"
    path.write_bytes(picture(1, *size))
    return path


def exported(dataset: LabelledSet, form: str, folder: Path) -> Path:
    out = folder / "out"
    write_dataset(dataset, form, out, lambda frame: file_of(frame.size))
    return out


@pytest.fixture(params=known_forms())
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def expected(frame: Labelled, form: str) -> list[int]:
    """Which boxes come back: in whole pixels two may be one, and then the second is returned as a double."""
    if form != "voc":
        return list(range(len(frame.labels)))
    rows = zip(frame.labels.boxes.tolist(), frame.labels.classes.tolist(), strict=True)
    seen = [(whole_pixels(corners, frame.size), kind) for corners, kind in rows]
    return [i for i, each in enumerate(seen) if each not in seen[:i]]


@quick
@given(dataset=sets())
def test_frames_boxes_and_who_says_so_come_back(form: str, dataset: LabelledSet) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        out = exported(dataset, form, Path(scratch))
        nothing_outside_or_hidden(Path(scratch), out)
        assert detect_format(out) == form
        found = read_dataset(out)
    back = {each.facts.id: each for each in found.labelled.values()}
    assert len(back) == len(found.samples) == len(dataset.frames)
    assert found.names == tuple(dataset.names) or form in UNORDERED
    for frame in dataset.frames:
        read, kept = back[frame.facts.id], expected(frame, form)
        assert (read.facts, read.size, read.origin) == (frame.facts, frame.size, frame.origin)
        assert read.origins == tuple(frame.origins[i] for i in kept)
        assert read.labels.scores.tolist() == frame.labels.scores[kept].tolist()
        assert [found.names[i] for i in read.labels.classes] == [dataset.names[i] for i in frame.labels.classes[kept]]
        assert np.allclose(read.labels.boxes, frame.labels.boxes[kept], rtol=0, atol=TOLERANCE.get(form, EXACT))
    doubles = sum(len(each.labels) - len(expected(each, form)) for each in dataset.frames)
    assert Counter(each.reason for each in found.rejected) == ({"a box is there twice": doubles} if doubles else {})


def nothing_outside_or_hidden(folder: Path, out: Path) -> None:
    assert list(folder.iterdir()) == [out]
    written = [each for each in out.rglob("*") if each.is_file()]
    assert not any(each.is_symlink() for each in written)
    assert not any(part.startswith(".") for each in written for part in each.relative_to(out).parts)


hostile = st.text(st.sampled_from("./\\a\x00:\n\u202eİß \ud800~") | st.characters(), max_size=12)


@settings(deadline=None)
@given(st.lists(names | hostile, max_size=8))
def test_paths_differ_on_every_file_system_and_never_climb(said: list[str]) -> None:
    facts = [Facts(hashlib.sha256(str(i).encode()).hexdigest(), name) for i, name in enumerate(said)]
    paths = safe_paths(facts, {"images"})
    stems = [path.rpartition(".")[0].casefold() for path in paths]
    assert len(set(stems)) == len(paths)
    for path in paths:
        parts = path.split("/")
        assert not {"", ".", "..", "images"} & set(parts)
        assert not any(each.startswith(".") or len(each.encode()) > 255 for each in parts)
        assert path.isprintable() or "\u200c" in path or "\u200d" in path
        assert len(path.encode()) <= LONGEST
    files, folders = (
        set(paths),
        {"/".join(path.split("/")[:i]) for path in paths for i in range(1, path.count("/") + 1)},
    )
    assert not files & folders


def one(*, source: Source = Source.PERSON, name: str = "a.png") -> LabelledSet:
    origin = Origin(source, "teacher-1" if source in {Source.TEACHER, Source.PROPOSAL} else "", 3)
    labels = Detections.of([[1, 2, 30, 20]], [0], [0.5])
    facts = Facts("a" * 64, name, "s3://b/a.png", "c", "pool", "review")
    return LabelledSet("t", ["gear"], ["#e6194b"], [Labelled(facts, (40, 30), labels, origin, (origin,))])


def test_an_export_that_is_interrupted_leaves_no_folder(form: str, tmp_path: Path) -> None:
    def gone(frame: Labelled) -> Path:
        raise KeyboardInterrupt(frame.facts.name)

    with pytest.raises(KeyboardInterrupt):
        write_dataset(one(), form, tmp_path / "out", gone)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_never_written_into(form: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="not empty"):
        write_dataset(one(), form, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    write_dataset(one(), form, tmp_path / "empty")
    assert open_form(form).find(tmp_path / "empty")


def test_a_set_without_frames_is_refused_and_an_unknown_form_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no frame has a label"):
        write_dataset(LabelledSet("t", ["gear"], ["#e6194b"], []), "coco", tmp_path / "out")
    with pytest.raises(UnknownName, match="Known: coco, cvat, fiftyone, label-studio, voc, yolo"):
        write_dataset(one(), "cocoa", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source", Source)
def test_what_a_model_has_labelled_does_not_come_back_as_peoples_answer(
    form: str, source: Source, tmp_path: Path
) -> None:
    found = read_dataset(exported(one(source=source), form, tmp_path)).by_people()
    by_model = source in {Source.TEACHER, Source.PROPOSAL}
    assert [each.reason for each in found.rejected] == ([BY_A_MODEL] if by_model else [])
    assert len(found.samples) == (0 if by_model else 1)


def test_classes_are_renumbered_together_with_who_says_so(form: str, tmp_path: Path) -> None:
    found = read_dataset(exported(one(), form, tmp_path)).indexed(["nut", "gear"])
    (read,) = found.labelled.values()
    assert (read.labels.classes.tolist(), len(read.origins)) == ([1], 1)
    assert len(next(iter(read_dataset(tmp_path / "out").indexed(["nut"]).labelled.values())).origins) == 0


def test_the_page_on_formats_tells_of_each_what_is_lost(form: str) -> None:
    page = " ".join(DOCS.read_text(encoding="utf-8").split())
    assert f"`{form}`" in page
    assert [each for each in open_form(form).LOST if each not in page] == []
