"""What is taken out of Ultralytics' and PyTorch's start, seen from a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

START = """if True:
    import sys
    from pathlib import Path
    from nightshift.yolo import quiet
    quiet.silence(Path(sys.argv[1]))
    from nightshift.students import _training_run as run
    import torch
    from ultralytics.optim import MuSGD
    run.without_compiler()
    torch.use_deterministic_algorithms(True, warn_only=True)
    warns = torch.get_deterministic_debug_mode()
    torch.use_deterministic_algorithms(True)
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = MuSGD([weight], lr=0.5)
    weight.sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    print(warns, torch.get_deterministic_debug_mode(), weight.tolist(), weight.grad, "torch._dynamo" in sys.modules)
"""


def test_the_compiler_stays_out_and_determinism_and_optimizers_work_as_ever(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1 2 [0.5, 0.5] None False"
