"""A round's champion as ONNX: found through the lineage, of whichever family its file says, tried on stored frames."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image as Pillow

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.project import Project
from nightshift.services.store import rows
from nightshift.services.store.s3 import Store
from nightshift.students import _detr_network
from nightshift.students.d_fine import FAMILY
from nightshift.upkeep.weights import export_champion
from tests.contract.past_rounds import CONFIG, FrameRecord, OpenRound, Past, in_memory

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")]


@pytest.fixture
def store() -> Iterator[Store]:
    yield from in_memory()


def picture(number: int, which: str) -> bytes:
    pixels = np.random.default_rng([number, ord(which)]).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


class PastWithStudent(Past):
    """As Past, with pictures that can be looked at and a student that looks."""

    weights: ClassVar[bytes] = b""

    def frames(self, number: int) -> list[Frame]:
        idents = [frame_id(picture(number, which)) for which in "ab"]
        where = [self.store.uri(f"frames/{each}.png") for each in idents]
        return [
            Frame(ident, uri, 64, 48, "clip", Split.POOL, ident[:4], number)
            for ident, uri in zip(idents, where, strict=True)
        ]

    def _register(self, night: OpenRound) -> None:
        for which, each in zip("ab", self.frames(night.number), strict=True):
            self.store.create(f"frames/{each.id}.png", picture(night.number, which))
        known = [each for number in range(night.number + 1) for each in self.frames(number)]
        night.write("frames", [rows.frame_row(FrameRecord(each, 11, "stamp")) for each in known])

    def _train(self, night: OpenRound) -> dict[str, Any]:
        weights, curves = night.keys.key("student/abc.safetensors"), night.keys.key("student/abc-curves.json")
        self.store.write(weights, self.weights)
        self.store.write(curves, b"[]")
        return {"trained": True, "key": weights, "curves": curves, "sha256": hashlib.sha256(self.weights).hexdigest()}


def test_a_champion_is_exported_though_the_project_has_changed_its_family_since(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIGHTSHIFT_CACHE", raising=False)
    torch.manual_seed(0)
    network = _detr_network.scratch(FAMILY, "dfine-pico", CONFIG.classes.names)
    _detr_network.save(network, _detr_network.label_of(network, FAMILY, "dfine-pico"), tmp_path / "w.safetensors")
    monkeypatch.setattr(PastWithStudent, "weights", (tmp_path / "w.safetensors").read_bytes())
    made = PastWithStudent(store)
    for number in range(2):
        made.seal(number, last=1, promoted=number == 0)
    smaller = CONFIG.student.model_copy(update={"image_size": 64, "device": "cpu"})
    assert smaller.name == "ultralytics"
    project = Project(CONFIG.model_copy(update={"student": smaller}), tmp_path)
    project.__dict__["store"] = store
    champion, agreement = export_champion(project, None, tmp_path / "champion.onnx", frames=3)
    assert champion.round == 0
    assert (agreement.pictures, agreement.close) == (3, True)
    session = onnxruntime.InferenceSession(str(tmp_path / "champion.onnx"))
    assert session.get_modelmeta().custom_metadata_map["names"] == '["gear"]'
    with pytest.raises(ConfigError, match="not sealed"):
        export_champion(project, 7, tmp_path / "other.onnx", frames=3)
