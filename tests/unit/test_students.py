"""Finding students by name, and what importing them must not do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nightshift.domain.errors import UnknownName
from nightshift.students import _architecture, known_students, open_student

REPORT = """if True:
    import json, sys
    from pathlib import Path
    from nightshift.students import _quiet
    _quiet.silence(Path(sys.argv[1]))
    from ultralytics.utils import SETTINGS, SETTINGS_FILE
    from ultralytics.utils.events import events
    from ultralytics.utils import AUTOINSTALL
    from PIL import Image
    own = Image.open.__module__ == "PIL.Image"
    off = {k: SETTINGS[k] for k in ("sync", *_quiet.LOGGERS)}
    print(json.dumps([off, str(SETTINGS_FILE), events.enabled, AUTOINSTALL, own]))
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


def test_ultralytics_sends_installs_and_logs_nothing_and_leaves_settings_and_pillow_alone(tmp_path: Path) -> None:
    settings, file, analytics, installs, own_open = json.loads(in_new_process(REPORT, str(tmp_path)))
    assert not any(settings.values())
    assert not analytics
    assert not installs
    assert own_open
    assert Path(file).is_relative_to(tmp_path)


def test_published_weights_are_taken_from_the_cache_before_any_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_WEIGHTS", str(tmp_path))
    (tmp_path / "yolo11n.pt").write_bytes(b"weights")
    assert _architecture.published("yolo11n") == tmp_path / "yolo11n.pt"
