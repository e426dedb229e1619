"""How a training process is listened to and ended; the processes here are real and do next to nothing."""

import os
import sys
from pathlib import Path

import pytest

from nightshift.domain.errors import ModelError
from nightshift.students import _training
from nightshift.students._protocol import Epoch, Origin, Request, say, understand

TELL = "from nightshift.students._protocol import *; say(Origin('scratch', 'why')); print('noise'); "


def script(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


@pytest.mark.parametrize("answer", [Origin("warm", "continues"), Epoch(2, 7, {"box_loss": 0.5})])
def test_an_answer_is_understood_as_it_was_said(answer: Origin | Epoch, capsys: pytest.CaptureFixture[str]) -> None:
    say(answer)
    assert understand(capsys.readouterr().out) == answer
    assert understand("just a line of log\n") is None


def test_a_request_survives_its_file(tmp_path: Path) -> None:
    request = Request("yolo11p", "data.yaml", "out", None, None, 64, 3, 8, 0, "cpu", 42)
    assert Request.read(request.write(tmp_path / "request.json")) == request


def test_progress_and_losses_come_by_epoch_and_the_rest_is_log(tmp_path: Path) -> None:
    seen = []
    code = TELL + "say(Epoch(1, 2, {'loss': 3.0})); say(Epoch(2, 2, {'loss': 2.0}))"
    origin, curves = _training.listen(script(code), tmp_path / "log", lambda *step: seen.append(step))
    assert (origin, curves, seen) == ("scratch", [{"loss": 3.0}, {"loss": 2.0}], [(1, 2), (2, 2)])
    assert (tmp_path / "log").read_text() == "why\nnoise\n"


def test_a_failed_process_is_an_error_that_ends_with_its_last_lines(tmp_path: Path) -> None:
    code = "print('first'); [print(i) for i in range(20)]; raise SystemExit('the reason')"
    with pytest.raises(ModelError, match="exit code 1") as raised:
        _training.listen(script(code), tmp_path / "log", lambda *_: None)
    assert "the reason" in raised.value.reason
    assert "first" not in raised.value.reason
    assert "first" in (tmp_path / "log").read_text()


def test_a_killed_process_says_which_signal(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="signal 9"):
        _training.listen(script("import os; os.kill(os.getpid(), 9)"), tmp_path / "log", lambda *_: None)


def test_no_process_is_left_behind_when_the_listener_gives_up(tmp_path: Path) -> None:
    code = "import os, time; " + TELL + "say(Epoch(os.getpid(), 9, {})); time.sleep(600)"
    seen = []

    def give_up(done: int, _total: int) -> None:
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _training.listen(script(code), tmp_path / "log", give_up)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)
