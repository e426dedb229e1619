"""The file that `nightshift init` writes and the schema beside it say what Config says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML
from typer.testing import CliRunner

from infra.cli import app
from infra.cli.init import command as init
from nightshift.config import Config
from nightshift.config_file import read_config
from nightshift.config_template import SCHEMA_FILE, schema, template
from nightshift.domain.errors import ConfigError
from nightshift.families import known_names
from nightshift.students import known_students
from nightshift.teachers import known_teachers


def fields(section: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        inner = isinstance(kind, type) and issubclass(kind, BaseModel)
        yield from fields(kind, (*at, name)) if inner else [((*at, name), field)]


def test_every_field_stands_in_the_template_with_its_description_and_default() -> None:
    values, flat = YAML(typ="safe", pure=True).load(template()), " ".join(template().replace("#", " ").split())
    for at, field in fields(Config):
        assert field.description, at
        assert " ".join(field.description.split()) in flat, at
        inner = values
        for step in at[:-1]:
            inner = inner[step]
        if field.is_required():
            assert inner[at[-1]] == field.examples[0], at
        elif field.default is not None:
            assert inner[at[-1]] == (list(field.default) if isinstance(field.default, tuple) else field.default), at


def test_the_template_fits_a_terminal_and_names_its_schema_first() -> None:
    lines = template().splitlines()
    assert lines[0] == f"# yaml-language-server: $schema=./{SCHEMA_FILE}"
    assert max(map(len, lines)) <= 110


def test_the_schema_describes_every_key_and_forbids_others() -> None:
    said = schema({"teacher.name": ("champion", "none")})
    assert said["title"] == "nightshift.yaml"
    assert said["$schema"].startswith("https://json-schema.org/")
    assert said["additionalProperties"] is False
    assert said["required"] == ["project", "ontology", "frames", "store"]
    for section in (said, *said["$defs"].values()):
        assert section["additionalProperties"] is False
        for key in section["properties"].values():
            there = said["$defs"][key["$ref"].rpartition("/")[2]] if "$ref" in key else key
            assert there["description"]
    assert said["$defs"]["TeacherSection"]["properties"]["name"]["enum"] == ["champion", "none"]


def test_schema_prints_json_that_knows_the_families() -> None:
    printed = CliRunner().invoke(app, ["schema"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == json.loads(json.dumps(schema(known_names())))


def test_init_writes_a_configuration_that_reads_back(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    config = read_config(tmp_path / "new" / "nightshift.yaml")
    assert config.teacher.name in known_teachers()
    assert config.student.name in known_students()
    assert json.loads((tmp_path / "new" / SCHEMA_FILE).read_text(encoding="utf-8"))["title"] == "nightshift.yaml"


@pytest.mark.parametrize("there", ["nightshift.yaml", SCHEMA_FILE])
def test_init_overwrites_only_when_told_to(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"it is already there\. Replace it with --force"):
        init(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"
    init(tmp_path, force=True)
    assert read_config(tmp_path / "nightshift.yaml")
