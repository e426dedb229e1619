from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import corners, encoded, exif, picture
from PIL import Image as Pillow

from nightshift.domain.errors import FrameError, StoreError
from nightshift.domain.frames import SourceFile, Split, frame_id
from nightshift.frames.clips import ClipRules
from nightshift.frames.decode import decode
from nightshift.frames.register import Registered, register
from nightshift.frames.scan import FolderSource

RULES = ClipRules(r"(?P<clip>.*)/[^/]*", 0.3, 40, 0)


class Bucket:
    """A source whose pictures stay where they are, in memory; counts what is read."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("__", "/").replace("_", "."): data for name, data in files.items()}
        self.reads: list[str] = []

    def list(self) -> Iterator[SourceFile]:
        for name, data in reversed(self.files.items()):
            yield SourceFile(name, len(data), frame_id(data)[:8])

    def read(self, name: str) -> bytes:
        self.reads.append(name)
        return self.files[name]

    def uri(self, name: str) -> str:
        return f"s3://cameras/{name}"


def never(identity: str, suffix: str, content: bytes) -> str:
    raise AssertionError(f"{identity}{suffix} of {len(content)} bytes was copied")


def take_up(source: Bucket, before: Registered | None = None, rules: ClipRules = RULES) -> Registered:
    known, refused = (before.records, before.rejected) if before else ((), ())
    return register(known, source, rules, 1 if before else 0, never, look, refused=refused)


def look(data: bytes, name: str) -> tuple[int, int]:
    height, width, _ = decode(data, name).shape
    return width, height


def test_a_new_picture_becomes_a_frame_known_by_its_content() -> None:
    data = encoded(Pillow.fromarray(corners()), "JPEG", exif=exif(6))
    (record,) = take_up(Bucket(cam__1_jpg=data)).new
    frame = record.frame
    assert (frame.id, frame.uri, frame.name) == (frame_id(data), "s3://cameras/cam/1.jpg", "cam/1.jpg")
    assert (frame.width, frame.height, frame.clip, frame.round) == (20, 30, "cam", 0)
    assert (record.size, record.stamp, record.state) == (len(data), frame_id(data)[:8], "pool")


def test_registering_again_reads_nothing_and_changes_nothing() -> None:
    source = Bucket(**{f"c{n}__{n}_png": picture(n) for n in range(20)})
    first = take_up(source)
    source.reads.clear()
    second = take_up(source, first)
    assert (second.records, second.new, source.reads) == (first.records, (), [])


def test_the_same_content_twice_is_one_frame_and_a_named_duplicate() -> None:
    found = take_up(Bucket(b__2_png=picture(1), a__1_png=picture(1)))
    assert [each.frame.name for each in found.new] == ["a/1.png"]
    assert [(each.subject, each.reason) for each in found.rejected] == [("b/2.png", "it is a duplicate of a/1.png")]


def test_a_duplicate_of_an_earlier_rounds_frame_is_named_too() -> None:
    source = Bucket(a__1_png=picture(1))
    first = take_up(source)
    source.files["b/2.png"] = picture(1)
    second = take_up(source, first)
    assert second.records == first.records
    assert second.rejected[0].reason == "it is a duplicate of a/1.png"


def test_a_moved_file_keeps_its_frame_clip_and_split() -> None:
    source = Bucket(a__1_png=picture(1), b__2_png=picture(2))
    first = take_up(source)
    source.files = {"z/9.png": picture(1), "b/2.png": picture(2)}
    moved = {each.frame.id: each.frame for each in take_up(source, first).records}[frame_id(picture(1))]
    before = {each.frame.id: each.frame for each in first.records}[moved.id]
    assert (moved.name, moved.uri) == ("z/9.png", "s3://cameras/z/9.png")
    assert (moved.clip, moved.split, moved.round) == (before.clip, before.split, 0)


def test_a_frame_overwritten_where_it_lay_is_gone_and_the_new_content_is_a_frame() -> None:
    source = Bucket(a__1_png=picture(1), b__2_png=picture(2))
    first = take_up(source)
    source.files["a/1.png"] = picture(3)
    second = take_up(source, first)
    assert [each.frame.id for each in second.gone] == [frame_id(picture(1))]
    assert {each.frame.id for each in second.records} == {frame_id(picture(2)), frame_id(picture(3))}
    assert "overwritten" in second.rejected[0].reason


@pytest.mark.parametrize("data", [b"", b"no picture", picture(1, form="JPEG")[:200]])
def test_a_bad_file_is_rejected_with_its_reason_and_the_others_go_on(data: bytes) -> None:
    found = take_up(Bucket(a__1_png=picture(1), a__2_png=data, a__notes_txt=b"not even looked at"))
    assert [each.frame.name for each in found.new] == ["a/1.png"]
    assert [each.subject for each in found.rejected] == ["a/2.png"]
    assert found.rejected[0].reason


def test_a_store_that_fails_stops_everything_instead_of_rejecting_every_frame() -> None:
    class Down(Bucket):
        def read(self, name: str) -> bytes:
            raise StoreError(name, "S3 cannot be reached", "Wait.")

    with pytest.raises(StoreError, match="reached"):
        take_up(Down(a__1_png=picture(1)))


def test_a_name_that_no_screen_should_be_handed_is_shown_with_escapes_and_still_finds_its_file() -> None:
    source = Bucket()
    names = {
        "bad\udcff.png": r"bad\udcff.png",
        "evil\u202egnp.png": r"evil\u202egnp.png",
        "a\nb/1.png": r"a\x0ab/1.png",
    }
    for number, name in enumerate(names):
        source.files[name] = picture(number)
    found = take_up(source)
    assert {each.frame.name for each in found.new} == set(names.values())
    assert {each.frame.uri for each in found.new} == {f"s3://cameras/{name}" for name in names}
    assert {each.frame.clip for each in found.new} >= {r"a\x0ab"}
    source.reads.clear()
    assert (take_up(source, found).records, source.reads) == (found.records, [])


def test_what_was_refused_is_not_read_again_but_counted_again() -> None:
    source = Bucket(**{f"c{n}__{n}_png": picture(n) for n in range(3)}, x__1_png=b"junk", y__2_png=picture(1))
    first = take_up(source)
    source.reads.clear()
    second = take_up(source, first)
    third = take_up(source, second)
    assert (len(first.rejected), source.reads) == (2, [])
    assert sorted(map(repr, first.rejected)) == sorted(map(repr, second.rejected)) == sorted(map(repr, third.rejected))
    source.files["x/1.png"] = picture(7)
    assert [each.frame.name for each in take_up(source, third).new] == ["x/1.png"]


def test_a_duplicate_takes_the_place_of_a_picture_that_is_gone() -> None:
    source = Bucket(a__1_png=picture(1), b__2_png=picture(1), c__3_png=picture(3))
    first = take_up(source)
    del source.files["a/1.png"]
    second = take_up(source, first)
    assert {each.frame.name for each in second.records} == {"b/2.png", "c/3.png"}
    assert second.rejected == ()


def test_a_verdict_of_other_decoders_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Bucket(a__1_png=b"junk")
    first = take_up(source)
    monkeypatch.setattr("nightshift.frames.refusals.JUDGE", "a newer Pillow")
    source.reads.clear()
    take_up(source, first)
    assert source.reads == ["a/1.png"]


def test_a_file_is_refused_by_its_size_before_it_is_read() -> None:
    class Huge(Bucket):
        def list(self) -> Iterator[SourceFile]:
            yield SourceFile("a/1.png", 10**12, "etag")

    source = Huge()
    (rejected,) = take_up(source).rejected
    assert ("953,674 MiB" in rejected.reason, source.reads) == (True, [])


def test_frames_of_a_golden_clip_are_refused_once_golden_frames_are_frozen() -> None:
    source = Bucket(**{f"c{n}__1_png": picture(n) for n in range(30)})
    rules = ClipRules(RULES.pattern, 0.3, 1, 0)
    first = take_up(source, rules=rules)
    (golden,) = [each.frame.clip for each in first.records if each.frame.split is Split.GOLDEN]
    source.files[f"{golden}/2.png"] = picture(100)
    second = take_up(source, first, rules)
    assert second.records == first.records
    assert [each.subject for each in second.rejected] == [f"{golden}/2.png"]
    assert "frozen" in second.rejected[0].reason
    source.reads.clear()
    assert (take_up(source, second, rules).rejected, source.reads) == (second.rejected, [])
    assert f"{golden}/2.png" in {each.frame.name for each in take_up(source, second).new}  # more golden frames wanted


def test_a_pattern_that_makes_one_clip_of_everything_is_said() -> None:
    found = take_up(Bucket(**{f"images__{n}_png": picture(n) for n in range(5)}))
    assert "clip_pattern" in found.notes[0]
    assert {each.frame.split for each in found.records} == {Split.POOL}


def test_pictures_of_a_folder_are_kept_by_content_and_progress_is_told(tmp_path: Path) -> None:
    kept: dict[str, bytes] = {}
    seen: list[tuple[int, int]] = []

    def put(identity: str, suffix: str, content: bytes) -> str:
        kept[f"frames/{identity}{suffix}"] = content
        return f"s3://night/frames/{identity}{suffix}"

    for number in range(3):
        (tmp_path / f"{number}.PNG").write_bytes(picture(number))
    (tmp_path / "broken.png").write_bytes(b"x")
    found = register((), FolderSource(tmp_path), RULES, 0, put, look, lambda done, total: seen.append((done, total)))
    assert kept == {f"frames/{frame_id(picture(n))}.png": picture(n) for n in range(3)}
    assert {each.frame.uri for each in found.new} == {f"s3://night/{key}" for key in kept}
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_source_refusing_one_file_costs_only_that_file() -> None:
    class Picky(Bucket):
        def read(self, name: str) -> bytes:
            if name == "a/1.png":
                raise FrameError(name, "it is a link that leaves the folder", "Copy it.")
            return super().read(name)

    found = take_up(Picky(a__1_png=picture(1), a__2_png=picture(2)))
    assert [each.frame.name for each in found.new] == ["a/2.png"]
    assert [each.reason for each in found.rejected] == ["it is a link that leaves the folder"]
