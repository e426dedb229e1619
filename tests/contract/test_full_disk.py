"""A disk that is really full: said as what it is, nothing half stays, and with room again it goes on."""

from pathlib import Path

import pytest

from nightshift.services.store.s3 import Store
from tests.contract.small_disk import run_on_small_disk

MIB = 1 << 20
SAID = ("the disk has no room left", "MiB are free", "NIGHTSHIFT_CACHE", "goes on where it stopped")
START = """if True:
    import sys
    from pathlib import Path
    from nightshift.domain.errors import DiskFull, NightshiftError
    folder = Path(sys.argv[1])
    def say_how_it_fails(work):
        try:
            work()
        except DiskFull as error:
            print(error)
        except NightshiftError as error:
            print("mistaken for", type(error).__name__, error)
"""
DOWNLOAD = """
    from tests.contract.s3_servers import client_for
    from nightshift.services.store.places import Place
    from nightshift.services.store.s3 import Store
    store, cache = Store(client_for(sys.argv[2]), Place("night", sys.argv[3])), folder / "cache" / "frames"
    wanted = [(f"{n}", cache / f"{n}.jpg") for n in range(6)]
    (folder / "filler").write_bytes(bytes(4 << 20))
    say_how_it_fails(lambda: store.fetch_many(wanted))
    print("left", sorted(each.stat().st_size for each in cache.iterdir()))
    (folder / "filler").unlink()
    store.fetch_many(wanted)
    print("then", sorted(each.name for each in cache.iterdir()))
"""
DATA_SET = """
    import numpy as np
    from PIL import Image
    from nightshift.domain.detections import Detections
    from nightshift.domain.models import Example
    from nightshift.students.ultralytics import UltralyticsStudent
    from nightshift.domain.models import Hyper
    noise = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    picture = Path(sys.argv[2]) / "picture.jpg"  # on another disk: it cannot be linked, and links take no room
    Image.fromarray(noise).save(picture.with_suffix(".png"))
    Image.fromarray(noise).convert("CMYK").save(picture)  # is written anew for Ultralytics
    labels = Detections(np.array([[8, 8, 99, 99]], np.float32), np.zeros(1, np.int64), np.ones(1, np.float32))
    examples = [Example(picture, labels, True)] * 8
    student, hyper = UltralyticsStudent(), Hyper("yolo11p", 64, 2, 2, seed=0, device="cpu")
    say_how_it_fails(lambda: student.fit(examples, ("a",), None, folder / "student", hyper))
"""
LISTEN = """
    from nightshift.students import _training
    from nightshift.domain.room import room_in
    def fill(code):
        out = folder / "student"
        out.mkdir(exist_ok=True)
        command = [sys.executable, "-u", "-c", code, str(folder)]
        with room_in(out):
            _training.listen(command, out / "train.log", print)
    say_how_it_fails(lambda: fill(sys.argv[2]))
"""
CHILD_WRITES = "import sys; open(sys.argv[1] + '/last.pt', 'wb').write(bytes(64 << 20))"
LOG_FILLS = "while True: print('x' * 100000)"


def test_frames_that_do_not_fit_are_fetched_once_there_is_room(quick_store: Store, tmp_path: Path) -> None:
    for number in range(6):
        quick_store.write(f"{number}", bytes(MIB))
    endpoint, place = quick_store.client.meta.endpoint_url, quick_store.place.prefix
    said = run_on_small_disk(START + DOWNLOAD, tmp_path / "disk", "7m", endpoint, place)
    error, left, then = said.splitlines()
    assert error.startswith(f"{tmp_path / 'disk' / 'cache' / 'frames'}: ")
    assert all(word in error for word in SAID)
    assert set(left.removeprefix("left [").rstrip("]").split(", ")) <= {f"{MIB}", ""}, "whole files, and none of a part"
    assert then == "then ['0.jpg', '1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg']"


@pytest.mark.parametrize("code", [CHILD_WRITES, LOG_FILLS])
def test_a_training_that_fills_the_disk_is_no_failure_of_the_training(tmp_path: Path, code: str) -> None:
    said = run_on_small_disk(START + LISTEN, tmp_path / "disk", "4m", code)
    assert said.startswith(f"{tmp_path / 'disk' / 'student'}: ")
    assert all(word in said for word in SAID)


def test_a_data_set_that_does_not_fit_is_not_blamed_on_a_picture(tmp_path: Path) -> None:
    said = run_on_small_disk(START + DATA_SET, tmp_path / "disk", "2m", str(tmp_path))
    assert said.startswith(f"{tmp_path / 'disk' / 'student'}: ")
    assert all(word in said for word in SAID)
