"""A training that did not fit into memory goes on in smaller batches, although a round's plan never changes."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from nightshift.domain.models import Hyper
from tasks.train import _fitting


@pytest.mark.parametrize(("planned", "now", "used"), [(16, 4, 4), (16, 16, 16), (4, 16, 4)])
def test_a_batch_may_become_smaller_than_planned_and_nothing_else_may_change(planned: int, now: int, used: int) -> None:
    plan, file = Hyper("yolo11p", 64, 100, planned, seed=1, device="cpu"), Hyper("yolo11n", 640, 9, now, 2, "cuda")
    night = SimpleNamespace(
        config=SimpleNamespace(hyper=plan), project=SimpleNamespace(config=SimpleNamespace(hyper=file))
    )
    assert _fitting(cast("Any", night)) == Hyper("yolo11p", 64, 100, used, seed=1, device="cpu")
