"""Every mistake in nightshift.yaml is told with its line, what is allowed and the nearest right word."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.config import Config
from nightshift.config_file import check_names, read_config
from nightshift.config_mistakes import examine
from nightshift.config_template import template
from nightshift.domain.errors import ConfigError, UnknownName

GOOD = """\
project: my line
ontology:
  - name: bolt
    prompts: [a bolt, a screw]
  - {name: nut, color: "#00ff00"}
frames:
  source: frames
  format: coco
store:
  uri: s3://bucket/prefix
teacher:
  name: champion
  threshold: 0.2
budget:
  usd_per_night: 12
seed: 7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nightshift.yaml"


def mistakes(file: Path, text: str) -> list[str]:
    """What is said about the text, one line a mistake, without the folder."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    said = str(caught.value).replace(str(file), "F")
    return [line.strip() for line in said.splitlines()[1:]] or [said]


def test_what_is_said_is_read_and_what_is_left_out_is_assumed(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    config = read_config(file)
    assert config.classes.prompts == (("a bolt", 0), ("a screw", 0), ("nut", 1))
    assert (config.budget.usd_per_night, config.seed, config.frames.format) == (12.0, 7, "coco")
    assert config.teacher_spec.threshold == 0.2
    assert config.teacher.batch == Config.model_fields["teacher"].default.batch


def test_a_missing_file_leads_to_init(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"nightshift\.yaml: there is no such file\. .*`nightshift init`"):
        read_config(file)


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said"),
    [
        ("threshold: 0.2", "treshold: 0.2", "13:3", "teacher.treshold: unknown key; did you mean 'threshold'?"),
        ("threshold: 0.2", "Threshold: 0.2", "13:3", "did you mean 'threshold'? Allowed: name, checkpoint, "),
        ("name: nut", "nmae: nut", "5:6", "ontology[1].nmae: unknown key; did you mean 'name'?"),
        ("threshold: 0.2", "threshold: 2", "13:14", "2 is not allowed, it should be less than or equal to 1."),
        ("threshold: 0.2", "threshold: .nan", "13:14", "nan is not allowed"),
        ("usd_per_night: 12", "usd_per_night: cheap", "15:18", "'cheap' is not allowed, it should be a valid number"),
        ("usd_per_night: 12", "usd_per_night: .inf", "15:18", "it should be a finite number. People's time"),
        ("uri: s3://bucket/prefix", "uri: bucket", "10:8", "store.uri: 'bucket' is not allowed. s3://bucket/prefix."),
        ('"#00ff00"', "green", "5:24", "'green' is not allowed. Colour of its boxes, #rrggbb."),
        ("project: my line", "project: 7", "1:10", "7 is no text; put it in quotes."),
        ("[a bolt, a screw]", "a bolt", "4:14", "'a bolt' is no list; write [first, second]."),
        ("[a bolt, a screw]", "['  ']", "4:15", "ontology[0].prompts[0]: '  ' is not allowed"),
        ("  uri: s3://bucket/prefix", "  {}", "10:3", "store.uri: missing. s3://bucket/prefix."),
        ("name: nut", "name: bolt", "3:3", "ontology: two classes have the same name."),
        ("budget:\n  usd_per_night: 12", "budget: 12", "14:9", "12 is no section. Indent its keys below it: usd_"),
        ("seed: 7", "threshold: 7", "16:1", "it belongs under 'teacher'. Allowed here: project, "),
        ("  source: frames", "  source: a\n  source: b", "8:3", "frames.source: said twice; keep one."),
        ("format: coco", "clip_pattern: '('", "8:17", "it is no regular expression ("),
        ("format: coco", "clip_pattern: '.*'", "8:17", "it has no group (?P<clip>...)."),
        ("seed: 7", "1: 7", "16:4", "keys should be strings"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(
    file: Path, right: str, wrong: str, line: str, said: str
) -> None:
    assert right in GOOD
    told = mistakes(file, GOOD.replace(right, wrong))
    assert [each for each in told if each.startswith(f"F:{line}: ") and said in each], told
    assert len(told) == 1, told


@pytest.mark.parametrize(
    ("text", "line"),
    [("frames: [a\nstore: b\n", "2:6"), ("project: a\n\tx: 1\n", "2:1"), ("x: !!python/object:os.system y\n", "1:4")],
)
def test_what_is_no_yaml_is_told_with_its_line(file: Path, text: str, line: str) -> None:
    assert mistakes(file, text)[0].startswith(f"F:{line}: it is no YAML (")


def test_an_empty_file_lists_what_must_be_said(file: Path) -> None:
    told = mistakes(file, "# nothing yet\n")
    assert [re.search(r": (\w+): missing", each)[1] for each in told] == ["frames", "ontology", "project", "store"]


def test_all_mistakes_come_at_once_in_the_order_of_the_file(file: Path) -> None:
    text = GOOD.replace("ontology", "ontolgy").replace("prompts", "promts").replace("seed: 7", "seed: -1")
    told = mistakes(file, text)
    assert [each.split(": ")[1] for each in told] == ["ontolgy", "ontolgy[0].promts", "seed"]
    assert [each.split(":")[1] for each in told] == ["2", "4", "16"]


def test_a_misspelt_key_beside_the_right_one_is_not_taken_for_it(file: Path) -> None:
    told = mistakes(file, GOOD.replace("threshold: 0.2", "threshold: 3\n  treshold: 0.2"))
    assert [each.split(":")[1] for each in told] == ["13", "14"]


@pytest.mark.parametrize("text", ["a: &x {b: *x}\n", "- &x [*x]\n"])
def test_a_file_that_contains_itself_is_told_as_wrong(file: Path, text: str) -> None:
    assert mistakes(file, text)


def test_nested_aliases_do_not_blow_up(file: Path) -> None:
    """Ten levels of ten: ten thousand million words, were they written out."""
    lines = [f"{b}: &{b} [{', '.join(['*' + a] * 10)}]" for a, b in zip("abcdefghi", "bcdefghij", strict=True)]
    told = mistakes(file, "\n".join(["a: &a [x]", *lines, "project: *j", ""]))
    assert max(map(len, told)) < 400


@given(st.data())
def test_any_key_with_a_letter_too_few_names_the_right_one(data: st.DataObject) -> None:
    section = data.draw(
        st.sampled_from([None, "teacher", "student", "budget", "prices", "golden", "triage", "training", "review"])
    )
    fields = Config.model_fields[section].annotation.model_fields if section else Config.model_fields
    key = data.draw(st.sampled_from([name for name in fields if len(name) > 4]))
    at = data.draw(st.integers(1, len(key) - 1))
    wrong = key[:at] + key[at + 1 :]
    said = {wrong: 1} if section is None else {section: {wrong: 1}}
    _, told = examine(said)
    assert any(each.at[-1:] == (wrong,) and f"did you mean '{key}'?" in each.reason for each in told)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.sampled_from(["teacher", "ontology", "name", "frames", "source", "x"]) | st.integers()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12))
def test_whatever_is_said_is_answered_in_words(values: object) -> None:
    config, told = examine(values)
    assert config is not None or told
    assert all(each.said.strip() and "\n" not in each.said for each in told)


def test_an_unknown_family_is_told_with_its_line_and_the_nearest_name(file: Path) -> None:
    file.write_text(GOOD.replace("name: champion", "name: champoin"), encoding="utf-8")
    config = read_config(file)
    with pytest.raises(UnknownName) as caught:
        check_names(config, file, {"teacher.name": ["champion", "none"], "student.name": ["other"]})
    said = str(caught.value)
    assert ":12:9: teacher.name: 'champoin' is unknown; did you mean 'champion'? Allowed: champion, none." in said
    assert ":1:1: student.name: 'ultralytics' is unknown. Allowed: other." in said
    check_names(config, file, {"teacher.name": ["champoin"], "student.name": ["ultralytics"]})


def test_the_template_is_right_as_it_stands(file: Path) -> None:
    file.write_text(template(), encoding="utf-8")
    assert read_config(file).ontology[0].name == "bolt"


def test_values_that_contradict_each_other_are_told_with_the_line_of_their_section(file: Path) -> None:
    (only,) = mistakes(file, GOOD.replace("usd_per_night: 12", "golden_share: 0.95"))
    assert "together are more than 1" in only
    assert re.search(r"F:1[45]", only)


def test_a_promise_that_nobody_can_keep_is_refused(file: Path) -> None:
    (only,) = mistakes(file, GOOD + "triage:\n  precision: 1\n")
    assert only.startswith("F:18:14: triage.precision: 1 is not allowed, it should be less than 1.")


def test_a_section_whose_keys_are_all_comments_is_one_that_was_left_out(file: Path) -> None:
    file.write_text(GOOD + "goal:\n  # map50: 0.8\n", encoding="utf-8")
    assert read_config(file).goal.map50 is None
    assert mistakes(file, GOOD.replace("  uri: s3://bucket/prefix", "")) == [
        "F:11:1: store: nothing is no section. Indent its keys below it: uri."
    ]


def test_an_unknown_strategy_is_told_with_its_line_and_the_known_ones(tmp_path: Path) -> None:
    file = tmp_path / "nightshift.yaml"
    file.write_text(GOOD + "acquisition:\n  strategy: gain_per_doller\n")
    with pytest.raises(UnknownName, match=r"yaml:\d+:\d+: .*gain_per_dollar"):
        check_names(read_config(file), file, {"acquisition.strategy": ["gain_per_dollar", "random"]})


def test_an_unknown_form_of_frames_is_told_with_its_line_and_the_known_ones(file: Path) -> None:
    file.write_text(GOOD.replace("format: coco", "format: coko"), encoding="utf-8")
    with pytest.raises(UnknownName, match=r":8:11: frames.format: 'coko' is unknown; did you mean 'coco'\?"):
        check_names(read_config(file), file, {"frames.format": ["images", "coco"]})
