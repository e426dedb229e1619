"""Exports open in the tools that they are for, by those tools' own readers."""

from pathlib import Path

import pytest
from faster_coco_eval import COCO
from pictures import picture

from nightshift.domain.detections import Detections
from nightshift.frames.labelled import Facts, Labelled, LabelledSet, Origin, Source
from nightshift.frames.writing import write_dataset
from nightshift.yolo import quiet

NAMES = ('gear, "big"', "7 nuts")


@pytest.fixture
def dataset() -> LabelledSet:
    """Equal base names, a folder called images, a letter beyond ASCII, an empty golden frame."""
    said = Origin(Source.PERSON, round=2)
    full, empty = Detections.of([[0, 0, 100, 80], [10.25, 20.5, 30.125, 40]], [0, 1]), Detections.empty()

    def frame(number: int, name: str, split: str, labels: Detections) -> Labelled:
        facts = Facts(f"{number:064x}", name, f"s3://b/{number}.png", "c", split)
        return Labelled(facts, (100, 80), labels, said, (said,) * len(labels))

    frames = [frame(1, "cam 1/a.png", "pool", full), frame(2, "images/ü.png", "pool", full)]
    return LabelledSet("line", NAMES, ("#e6194b", "#3cb44b"), [*frames, frame(3, "cam 2/a.png", "golden", empty)])


def exported(dataset: LabelledSet, form: str, folder: Path) -> Path:
    (folder / "p.png").write_bytes(picture(1, 100, 80))
    write_dataset(dataset, form, folder / form, lambda _: folder / "p.png")
    return folder / form


def test_coco_opens_in_a_coco_evaluator(
    dataset: LabelledSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = COCO(str(exported(dataset, "coco", tmp_path) / "coco.json"))
    capsys.readouterr()
    assert [each["name"] for each in opened.loadCats(opened.getCatIds())] == list(NAMES)
    assert [len(opened.getAnnIds(imgIds=each)) for each in opened.getImgIds()] == [2, 2, 0]
    assert all((tmp_path / "coco" / each["file_name"]).is_file() for each in opened.loadImgs(opened.getImgIds()))


@pytest.mark.slow
def test_yolo_opens_in_ultralytics_with_every_frames_own_labels(dataset: LabelledSet, tmp_path: Path) -> None:
    quiet.silence()  # before anything imports it: the first import decides how it reads weights in this process
    from ultralytics.data.dataset import YOLODataset  # noqa: PLC0415 - heavy
    from ultralytics.data.utils import check_det_dataset  # noqa: PLC0415

    data = check_det_dataset(str(exported(dataset, "yolo", tmp_path) / "data.yaml"))
    assert tuple(data["names"].values()) == NAMES
    opened = {
        split: YOLODataset(img_path=data[split], data=data, task="detect", augment=False) for split in ("train", "val")
    }
    assert [each["cls"].ravel().tolist() for each in opened["train"].labels] == [[0, 1], [0, 1]]
    assert opened["train"].labels[0]["bboxes"][1].tolist() == pytest.approx([0.201875, 0.378125, 0.19875, 0.24375])
    assert [each["cls"].size for each in opened["val"].labels] == [0]
