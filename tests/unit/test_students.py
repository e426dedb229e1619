"""Finding students by name, and what importing them must not do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nightshift.domain.detections import Detections
from nightshift.domain.errors import UnknownName
from nightshift.domain.models import Sight
from nightshift.students import _architecture, known_students, open_student
from nightshift.yolo import quiet
from nightshift.yolo.published import published

REPORT = """if True:
    import json, os, sys
    from pathlib import Path
    from nightshift.yolo import quiet
    os.environ.pop("OMP_NUM_THREADS", None)
    quiet.silence(Path(sys.argv[1]))
    from ultralytics.utils import SETTINGS, SETTINGS_FILE
    from ultralytics.utils.events import events
    from ultralytics.utils import AUTOINSTALL
    from PIL import Image
    own = Image.open.__module__ == "PIL.Image"
    off = {k: SETTINGS[k] for k in ("sync", *quiet.LOGGERS)}
    print(json.dumps([off, str(SETTINGS_FILE), events.enabled, AUTOINSTALL, own, os.environ.get("OMP_NUM_THREADS")]))
"""


def in_new_process(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_every_public_file_is_a_family_that_opens() -> None:
    assert "ultralytics" in known_students()
    assert all(hasattr(open_student(name), "fit") for name in known_students())


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"student 'detectron': unknown\. Known: .*ultralytics"):
        open_student("detectron")
    with pytest.raises(UnknownName, match=r"yolo11x, .*yolo11p, rtdetr-l"):
        _architecture.check("yolo11q")


def test_opening_a_family_imports_no_heavy_library() -> None:
    code = "import sys; from nightshift.students import *; open_student('ultralytics'); print(*sys.modules)"
    assert not {"torch", "ultralytics", "cv2"} & set(in_new_process(code).split())


@pytest.mark.slow
def test_ultralytics_sends_installs_and_logs_nothing_and_leaves_settings_pillow_and_environment_alone(
    tmp_path: Path,
) -> None:
    settings, file, analytics, installs, own_open, threads = json.loads(in_new_process(REPORT, str(tmp_path)))
    assert not any(settings.values())
    assert not analytics
    assert not installs
    assert own_open
    assert threads is None
    assert Path(file).is_relative_to(tmp_path)


def test_published_weights_are_taken_from_the_cache_before_any_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_WEIGHTS", str(tmp_path))
    (tmp_path / "yolo11n.pt").write_bytes(b"weights")
    assert published("yolo11n") == tmp_path / "yolo11n.pt"


def test_a_sight_whose_parts_do_not_fit_is_refused() -> None:
    found, vector = Detections.of([[0, 0, 5, 5]], [1], [0.5]), np.zeros(3, np.float32)
    assert Sight(found, np.array([[0.25, 0.5]], np.float32), vector).mirrored is None
    with pytest.raises(ValueError, match="not that of its class"):
        Sight(found, np.array([[0.5, 0.25]], np.float32), vector)
    for scores in (np.zeros((2, 2), np.float32), np.zeros(2, np.float32)):
        with pytest.raises(ValueError, match="1 boxes with"):
            Sight(found, scores, vector)


@pytest.mark.parametrize(("chosen", "expected"), [("1", 1), ("3", 3), ("5,2", 5), ("0", 1), ("", None), ("many", None)])
def test_trainings_use_as_many_threads_as_the_user_chose_else_every_core(
    monkeypatch: pytest.MonkeyPatch, chosen: str, expected: int | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    assert quiet.threads() == (expected or os.cpu_count())
