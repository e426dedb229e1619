"""A round's wall time against a bare script that calls the same models: no Prefect, MLflow, S3 or Label Studio."""

import shutil
import tempfile
from pathlib import Path

import yaml

from benchmarks.measure import Result, in_turns
from infra.demo.configuration import write_line_config
from nightshift.config_file import read_config
from nightshift.domain.models import Example
from nightshift.frames.decode import decode
from nightshift.simulation.line.dataset import write_line
from nightshift.students import open_student
from nightshift.teachers import open_teacher

RUNS = 3


def measure() -> Result:
    """Seconds of both, from new frames to a queue; the servers that the environment names are used by ours."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_line(home / "line", 12, 6, 4, 5)
        seconds = in_turns(_Ours(home), lambda: _bare(home), RUNS)
    return Result("round", *seconds, "bare script, same models", seconds[0] / seconds[1], "s", "lower", RUNS)


class _Ours:
    """A first nightly round under a prefix of its own, as `nightshift round` runs it."""

    def __init__(self, home: Path) -> None:
        self.home, self.turn = home, 0

    def __call__(self) -> None:
        from flows.nightly import nightly  # noqa: PLC0415 - Prefect reads its server's address when it is imported

        self.turn += 1
        nightly(_config(self.home, f"turn-{self.turn}"))


def _config(home: Path, name: str) -> Path:
    folder = home / name
    path = write_line_config(folder, home / "line")
    content = yaml.safe_load(path.read_text())
    content |= {"project": f"bench {home.name} {name}", "store": {"uri": f"s3://nightshift/bench/{home.name}/{name}"}}
    content["student"] |= {"steps": 100}
    content["golden"] = {"share": 0.0}  # both train on every frame that has a trusted box, and measure nothing
    content["triage"] |= {"accept_above": content["triage"]["trust_above"]}
    path.write_text(yaml.safe_dump(content))
    return path


def _bare(home: Path) -> None:
    config = read_config(_config(home, "bare"))
    files = sorted((home / "line").rglob("*.jpg"))
    images = [decode(each.read_bytes(), each.name) for each in files]
    teacher = open_teacher(config.teacher_spec, config.classes, None)
    assert teacher is not None
    found = [each.above(config.triage.trust_above) for each in teacher.detect(images)]
    examples = [Example(file, boxes, human=False) for file, boxes in zip(files, found, strict=True) if len(boxes)]
    family = open_student(config.student.name)
    made = family.fit(examples, config.classes.names, None, home / "bare" / "student", config.hyper)
    family.open(made.path, config.hyper).look(images)
    shutil.rmtree(home / "bare")
