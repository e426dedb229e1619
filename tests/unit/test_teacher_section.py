"""What may be said of a teacher: one, several, one that is served elsewhere, one whose boxes are looked at again."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nightshift.config_file import check_names, read_config
from nightshift.config_teacher import placed
from nightshift.domain.addresses import served
from nightshift.domain.errors import ConfigError, UnknownName
from nightshift.domain.models import TeacherSpec

HEAD = "project: p\nontology: [{name: bolt}]\nframes: {source: f}\nstore: {uri: s3://b/p}\nteacher:\n"
MEMBERS = """
  name: ensemble
  members:
    - {name: transformers, checkpoint: weights/one, threshold: 0.2, trust: {bolt: 1.5}}
    - {name: http, url: "http://127.0.0.1:9/label"}
"""


def config(tmp_path: Path, teacher: str) -> Path:
    file = tmp_path / "nightshift.yaml"
    file.write_text(HEAD + teacher)
    return file


def test_members_are_teachers_with_weights_beside_the_file_and_trust(tmp_path: Path) -> None:
    (tmp_path / "weights" / "one").mkdir(parents=True)
    file = config(tmp_path, MEMBERS)
    spec = placed(read_config(file).teacher_spec, file)
    first, second = spec.members
    assert first.checkpoint == str(tmp_path / "weights" / "one")
    assert (first.threshold, first.trust) == (0.2, (("bolt", 1.5),))
    assert second.url == "http://127.0.0.1:9/label"
    assert spec == TeacherSpec("ensemble", spec.checkpoint, 0.1, 8, "auto", members=(first, second))


def test_weights_that_lie_elsewhere_keep_their_name(tmp_path: Path) -> None:
    file = config(tmp_path, "  {checkpoint: yolov8s-worldv2.pt, second_opinion: google/siglip-base-patch16-224}")
    spec = placed(read_config(file).teacher_spec, file)
    assert (spec.checkpoint, spec.second_opinion) == ("yolov8s-worldv2.pt", "google/siglip-base-patch16-224")
    (tmp_path / "yolov8s-worldv2.pt").touch()
    assert placed(spec, file).checkpoint == str(tmp_path / "yolov8s-worldv2.pt")


@pytest.mark.parametrize(
    ("teacher", "said"),
    [
        ("  {name: ensemble}", "an ensemble needs two members or more"),
        ("  {name: transformers, members: [{}, {}]}", "only the teacher 'ensemble' has members"),
        ("  {name: ensemble, members: [{}, {name: champion}]}", r"members\[1\]: 'champion' cannot be a member"),
        ("  {name: ensemble, members: [{}, {trust: {bolt: 0}}]}", r"members\[1\]\.trust\.bolt: 0 is not allowed"),
        ("  {name: http}", "'http' and url belong together"),
        ("  {url: 'http://h/'}", "'http' and url belong together"),
        ("  {name: http, url: 'ftp://h/'}", "no http:// or https:// address"),
        ("  {name: http, url: 'http://me:secret@h/'}", "secrets come from the environment"),
        ("  {name: champion, second_opinion: a/clip}", "a second opinion about 'champion' is not asked"),
        ("  {second_opinion: 'https://h/clip'}", "it is a link"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, teacher: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_config(config(tmp_path, teacher))


def test_a_member_that_nobody_knows_is_told_with_its_line(tmp_path: Path) -> None:
    file = config(tmp_path, "  name: ensemble\n  members:\n    - {}\n    - {name: transformer}\n")
    with pytest.raises(
        UnknownName, match=r":9:14: teacher\.members\[1\]\.name: 'transformer' is unknown; did you mean"
    ):
        check_names(read_config(file), file, {"teacher.name": ["transformers", "ensemble"]})


@example("#")
@example("?")
@given(st.text(max_size=40))
def test_an_address_is_a_servers_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://h/{text}"):
        try:
            assert served(url) == url
        except ValueError:
            continue
        assert url.startswith(("http://", "https://", "HTTP://", "HTTPS://")) or url.lower().startswith("http")
        assert not set(url) & set(" \t\r\n\\#?")
