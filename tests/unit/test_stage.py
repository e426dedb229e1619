"""A backtest set up from plain values: the side of the pictures, the dollars, the teacher, runs that are kept."""

import json
from pathlib import Path

import pytest
from fake_student import NAMES, FakeStudent, small_data
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.detections import Detections
from nightshift.frames.datasets import Dataset
from nightshift.simulation.grid import FULL, Trial
from nightshift.simulation.provenance import DECIDING, code_digest
from nightshift.simulation.stage import LEAST_SIDE, MOST_SIDE, Request, Stage, fitting_side, to_the_end
from nightshift.simulation.trainings import Trainings

REQUEST = Request(shares=(0.2, 0.3), side=48)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small data set as a COCO folder."""
    folder = tmp_path_factory.mktemp("set") / "parts"
    folder.mkdir()
    data = small_data(folder, bursts=12)
    images = [{"id": i, "file_name": name, "width": 96, "height": 64} for i, name in enumerate(data.samples)]
    boxes = [
        {"id": 10 * i + j, "image_id": i, "category_id": label, "bbox": [x, y, r - x, b - y], "iscrowd": 0}
        for i, labels in enumerate(data.samples.values())
        for j, ((x, y, r, b), label) in enumerate(zip(labels.boxes.tolist(), labels.classes.tolist(), strict=True))
    ]
    classes = [{"id": i, "name": name} for i, name in enumerate(NAMES)]
    (folder / "coco.json").write_text(json.dumps({"images": images, "annotations": boxes, "categories": classes}))
    return folder


def make(source: Path, work: Path, request: Request = REQUEST) -> tuple[Stage, FakeStudent]:
    """With the student that learns without torch instead of the family that the request names."""
    stage = Stage(source, work, request)
    student = FakeStudent(stage.world)
    stage._trainings = Trainings(student, work / "trainings")
    return stage, student


def test_the_budget_is_the_nights_shares_of_what_drawing_everything_costs(source: Path, tmp_path: Path) -> None:
    stage, _ = make(source, tmp_path)
    assert stage.yardstick_usd > 0
    assert stage.budget_usd == pytest.approx(0.5 * stage.yardstick_usd)
    outcome = stage.run(Trial("parts", "random", 0))
    assert len(outcome.nights) == 3
    assert sum(each.forecast_usd for each in outcome.nights) <= stage.budget_usd


def test_a_run_that_is_on_the_shelf_is_not_run_again(source: Path, tmp_path: Path) -> None:
    stage, student = make(source, tmp_path)
    trial = Trial("parts", "random", 1)
    assert stage.find(trial) is None
    first, fits = stage.run(trial), student.fits
    again, other = make(source, tmp_path)
    assert again.find(trial) == again.run(trial) == first
    assert (student.fits, other.fits) == (fits, 0)


def test_full_supervision_is_one_night_that_costs_the_yardstick(source: Path, tmp_path: Path) -> None:
    stage, _ = make(source, tmp_path)
    (night,) = stage.run(Trial("parts", FULL, 0)).nights
    assert (night.usd, night.frames) == (stage.yardstick_usd, len(stage.world.pool))


def test_the_teacher_labels_every_frame_and_its_habits_are_the_seeds(source: Path, tmp_path: Path) -> None:
    stage, _ = make(source, tmp_path)
    one, again, other = (stage.teacher(seed) for seed in (0, 0, 1))
    assert one is not None
    assert set(one) == {each.id for each in stage.world.frames}
    assert one == again != other
    assert 0 < (stage.teacher_map50(0) or 0) < 1


def test_without_a_teacher_nothing_is_taught_before_the_first_dollar(source: Path, tmp_path: Path) -> None:
    stage, _ = make(source, tmp_path, Request(shares=(0.2,), side=48, teacher="none"))
    assert stage.teacher(0) is stage.teacher_map50(0) is None
    assert len(stage.run(Trial("parts", "random", 0)).nights) == 1


def _objects(side: float, picture: int) -> Dataset:
    boxes = Detections.of([[0, 0, side, side]], [0])
    return Dataset(("a",), {"x": boxes, "y": Detections.empty()}, {"x": (picture, 10), "y": (10, picture)})


@settings(max_examples=50)
@given(st.floats(1, 1000), st.integers(50, 4000))
def test_the_side_is_a_whole_number_of_steps_within_what_a_small_student_takes(side: float, picture: int) -> None:
    found = fitting_side(_objects(side, picture))
    assert LEAST_SIDE <= found <= MOST_SIDE
    assert found % 32 == 0
    assert found >= fitting_side(_objects(1.5 * side, picture)), "larger objects need no larger pictures"


def test_an_object_of_median_size_stays_as_large_as_a_small_student_needs() -> None:
    found = fitting_side(_objects(40, 640))
    assert found == 224
    assert found / 640 * 40 == 14


def test_without_any_object_the_smallest_side_will_do() -> None:
    nothing = Dataset(("a",), {"x": Detections.empty()}, {"x": (640, 480)})
    assert fitting_side(nothing) == LEAST_SIDE


@pytest.mark.parametrize(
    ("wrong", "said"), [({"shares": ()}, "dollars"), ({"shares": (0.1, 0.0)}, "dollars"), ({"teacher": "x"}, "neither")]
)
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Request(**wrong)  # type: ignore[arg-type]


def test_the_way_without_a_teacher_is_followed_until_everything_is_paid_for() -> None:
    shares = to_the_end((0.03, 0.2))
    assert shares[:2] == (0.03, 0.2)
    assert sum(shares) == pytest.approx(1)
    assert to_the_end((0.5, 0.7)) == (0.5, 0.7)


def test_results_are_kept_under_the_code_that_decided() -> None:
    """The digest covers the strategies, and not the report."""
    assert len(code_digest()) == 64
    assert {"acquisition", "policy", "evaluation", "simulation"} <= set(DECIDING)
    assert "report" not in DECIDING
