"""A training is never done twice, and never mistaken for another."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_student import HYPER, NAMES, FakeStudent

from nightshift.domain.detections import Detections
from nightshift.domain.models import Example, Hyper
from nightshift.simulation.trainings import Trainings, digest
from nightshift.simulation.world import World

LABELS = Detections.of([[1, 1, 9, 9], [20, 20, 40, 40]], [0, 2])
EXAMPLE = Example(Path("a/one.jpg"), LABELS, human=True, weight=2.0)
Training = tuple[list[Example], tuple[str, ...], Path | None, Hyper]


@pytest.fixture
def student(tmp_path: Path) -> FakeStudent:
    return FakeStudent(World("none", NAMES, (), {}, tmp_path))


def test_the_same_training_is_done_once_by_whoever_asks(student: FakeStudent, tmp_path: Path) -> None:
    one, other = Trainings(student, tmp_path / "kept"), Trainings(student, tmp_path / "kept")
    first = one.fit([EXAMPLE], NAMES, None, HYPER)
    assert other.fit([EXAMPLE], NAMES, None, HYPER) == first == one.fit([EXAMPLE], NAMES, None, HYPER)
    assert student.fits == 1
    assert first.read_text().startswith('{"taught": 4')


def test_only_the_weights_are_left_in_the_folder(student: FakeStudent, tmp_path: Path) -> None:
    kept = Trainings(student, tmp_path / "kept").fit([EXAMPLE], NAMES, None, HYPER)
    assert [each for each in (tmp_path / "kept").rglob("*") if each.is_file()] == [kept]
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_training_that_failed_is_tried_again_and_leaves_nothing(student: FakeStudent, tmp_path: Path) -> None:
    trainings, fit = Trainings(student, tmp_path / "kept"), student.fit

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    student.fit = fails  # type: ignore[assignment,method-assign]
    with pytest.raises(RuntimeError, match="out of memory"):
        trainings.fit([EXAMPLE], NAMES, None, HYPER)
    assert list((tmp_path / "kept").iterdir()) == []
    student.fit = fit  # type: ignore[method-assign]
    assert trainings.fit([EXAMPLE], NAMES, None, HYPER).exists()


def test_training_that_continues_from_other_weights_is_another_one(student: FakeStudent, tmp_path: Path) -> None:
    trainings = Trainings(student, tmp_path / "kept")
    first = trainings.fit([EXAMPLE], NAMES, None, HYPER)
    assert trainings.fit([EXAMPLE], NAMES, first, HYPER) != first
    assert student.fits == 2


def test_where_the_pictures_and_the_first_weights_lie_does_not_matter(tmp_path: Path) -> None:
    here, there = tmp_path / "here.pt", tmp_path / "there.pt"
    for each in (here, there):
        each.write_bytes(b"weights")
    moved = replace(EXAMPLE, path=Path("b/one.jpg"))
    assert digest([EXAMPLE], NAMES, here, HYPER) == digest([moved], NAMES, there, HYPER)


def _labels(boxes: object = LABELS.boxes, classes: object = LABELS.classes) -> Example:
    return replace(EXAMPLE, labels=Detections.of(boxes, classes))  # type: ignore[arg-type]


CHANGES: dict[str, Callable[[], Training]] = {
    "a box": lambda: ([_labels(LABELS.boxes + 1)], NAMES, None, HYPER),
    "a class": lambda: ([_labels(classes=[1, 2])], NAMES, None, HYPER),
    "no labels": lambda: ([_labels([], [])], NAMES, None, HYPER),
    "the picture": lambda: ([replace(EXAMPLE, path=Path("a/two.jpg"))], NAMES, None, HYPER),
    "the weight": lambda: ([replace(EXAMPLE, weight=1.0)], NAMES, None, HYPER),
    "who labelled it": lambda: ([replace(EXAMPLE, human=False)], NAMES, None, HYPER),
    "what is ignored": lambda: ([replace(EXAMPLE, ignore=np.float32([[0, 0, 5, 5]]))], NAMES, None, HYPER),
    "one more picture": lambda: ([EXAMPLE, EXAMPLE], NAMES, None, HYPER),
    "no pictures": lambda: ([], NAMES, None, HYPER),
    "the names": lambda: ([EXAMPLE], NAMES[::-1], None, HYPER),
    "the steps": lambda: ([EXAMPLE], NAMES, None, replace(HYPER, steps=11)),
    "the seed": lambda: ([EXAMPLE], NAMES, None, replace(HYPER, seed=1)),
    "the size": lambda: ([EXAMPLE], NAMES, None, replace(HYPER, image_size=96)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_everything_that_a_training_depends_on_changes_its_digest(what: str) -> None:
    assert digest(*CHANGES[what]()) != digest([EXAMPLE], NAMES, None, HYPER)


def test_no_two_of_these_changes_have_one_digest() -> None:
    assert len({digest(*change()) for change in CHANGES.values()}) == len(CHANGES)
