"""A real training under a real limit: what is said when memory or a disk does not suffice, and that it can go on."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.small_disk import run_on_small_disk

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits as on Linux")]
MEMORY = 5 << 30  # of address space: enough for PyTorch to start, too little for the large batch
TRAIN = """if True:
    import resource, sys
    from pathlib import Path
    import numpy as np
    from PIL import Image
    from nightshift.domain.detections import Detections
    from nightshift.domain.errors import DiskFull, ModelError
    from nightshift.domain.models import Example, Hyper
    from nightshift.students.ultralytics import UltralyticsStudent
    folder, pictures = Path(sys.argv[1]), Path(sys.argv[2])
    Image.new("RGB", (64, 64), "gray").save(pictures / "a.png")
    labels = Detections(np.array([[8, 8, 40, 40]], np.float32), np.zeros(1, np.int64), np.ones(1, np.float32))
    examples = [Example(pictures / "a.png", labels, True)]
    def train(name, size, batch):
        hyper = Hyper("yolo11p", size, 1, batch, seed=0, device="cpu")
        try:
            made = UltralyticsStudent().fit(examples, ("a",), None, folder / name, hyper)
            print("trained", made.path.stat().st_size)
        except (ModelError, DiskFull) as error:
            print(type(error).__name__, " ".join(str(error).split()))
"""
TOO_LARGE = f"""
    resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
    train("large", 1280, 128)
    train("small", 64, 2)
"""
FILL = """
    import shutil
    (folder / "filler").write_bytes(bytes(15 << 20))  # what is left holds the data set, not the weights
    train("full", 64, 2)
    shutil.rmtree(folder / "full")
    (folder / "filler").unlink()
    train("again", 64, 2)
"""


def test_a_batch_too_large_for_the_memory_is_told_so_and_a_smaller_one_trains(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TRAIN + TOO_LARGE, str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500)
    large, small = done.stdout.splitlines()
    assert large.startswith("ModelError training: the memory did not suffice")
    assert "Make student.batch smaller" in large
    assert small.startswith("trained")


def test_weights_that_do_not_fit_on_the_disk_are_told_as_a_full_disk(tmp_path: Path) -> None:
    said = run_on_small_disk(TRAIN + FILL, tmp_path / "disk", "16m", str(tmp_path))
    full, again = said.splitlines()
    assert full.startswith("DiskFull ")
    assert "the disk has no room left" in full
    assert again.startswith("trained")
