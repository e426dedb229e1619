"""A student as an ONNX file for whoever runs it elsewhere, held against the original on real pictures.

One form for every family. Input `images`: (1, 3, side, side) float32 RGB in [0, 1]. Outputs `boxes`: (1, n, 4) xyxy in
pixels of that square, and `scores`: (1, n, classes) in [0, 1]. Everything else that its user has to know is in the
file's metadata: how a picture gets into the square, whether boxes of one object are still to be suppressed, the class
names. What differs from the original by more than a tolerance is never left on disk. Knows no family.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Image
from nightshift.students._bare import Bare, Exportable
from nightshift.yolo.squares import SAME_OBJECT, fit

OPSET = 18
MOST_PIXELS = 0.1  # by which a box may differ, in pixels of the square
MOST_SCORE = 1e-3  # by which a score may differ
LOOKED_AT = 0.05  # best score of a box from which it is compared


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the file is from the original.

    Args:
        pictures: that were looked at.
        boxes: that were compared, with a score of at least LOOKED_AT on either side.
        pixels: greatest difference of a coordinate, in the square.
        score: greatest difference of a score.
    """

    pictures: int
    boxes: int
    pixels: float
    score: float

    @property
    def close(self) -> bool:
        """Whether both are within what is allowed."""
        return self.pixels <= MOST_PIXELS and self.score <= MOST_SCORE


def export(detector: Exportable, names: Sequence[str], out: Path, images: Sequence[Image]) -> Agreement:
    """Write a detector as ONNX and compare it with the original.

    Args:
        detector: the original.
        names: its classes by index.
        out: the file; replaced only by one that agrees.
        images: real pictures to compare on.

    Raises:
        ConfigError: there are no pictures to compare on, or the file's folder is not there.
        ModelError: the network cannot be written as ONNX, or the file finds something else than the original.
    """
    if not images or not out.parent.is_dir():
        missing = "there is no picture to compare on" if out.parent.is_dir() else "its folder is not there"
        raise ConfigError(str(out), missing, "Name a file in a folder that exists, and a round with frames.")
    bare = detector.bare()
    with TemporaryDirectory(dir=out.parent, prefix=".onnx-") as folder:
        made = Path(folder) / "model.onnx"
        _write(bare, made, out)
        _describe(made, metadata(detector.version, bare, names))
        agreement = compare(bare, made, images)
        if not agreement.close:
            raise ModelError(str(out), f"it was not kept: {_far(agreement)}", "Tell us the model and this line.")
        made.replace(out)
    return agreement


def metadata(version: str, bare: Bare, names: Sequence[str]) -> dict[str, str]:
    """What the file says of itself."""
    resize = "stretch to the square" if bare.stretched else "keep proportions, centre on grey 114"
    return {
        "model": version,
        "names": json.dumps(list(names), ensure_ascii=False),
        "image_size": str(bare.side),
        "resize": f"{resize}, bilinear without antialiasing; upright RGB, divided by 255",
        "boxes": "xyxy, pixels of the square",
        "suppress": f"per class, IoU {SAME_OBJECT}" if bare.suppress else "no",
    }


def compare(bare: Bare, file: Path, images: Sequence[Image]) -> Agreement:
    """Hold a file against the network that it was made from."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = []
    for image in images:
        square, _ = fit(image, bare.side, stretched=bare.stretched)
        pixels = np.ascontiguousarray(square.transpose(2, 0, 1))[None].astype(np.float32) / np.float32(255)
        with torch.inference_mode():
            original = [each[0].float().numpy() for each in bare.network(torch.from_numpy(pixels))]
        written = [np.asarray(each[0], np.float32) for each in session.run(["boxes", "scores"], {"images": pixels})]
        found.append(_differences(*original, *written))
    boxes, pixel, score = (np.array(each) for each in zip(*found, strict=True))
    return Agreement(len(images), int(boxes.sum()), float(pixel.max()), float(score.max()))


def _differences(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], others: NDArray[np.float32], their: NDArray[np.float32]
) -> tuple[int, float, float]:
    """Each row that says something, on either side, against the row of the other side that is most like it."""
    ways = [(boxes, scores, others, their), (others, their, boxes, scores)]
    each = [_one_way(*way) for way in ways]
    return sum(n for n, _, _ in each), max(p for _, p, _ in each), max(s for _, _, s in each)


def _one_way(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], others: NDArray[np.float32], their: NDArray[np.float32]
) -> tuple[int, float, float]:
    count, pixels, score = 0, 0.0, 0.0
    for i in np.flatnonzero(scores.max(axis=1) >= LOOKED_AT):  # the order of rows is the network's own matter
        apart, unlike = np.abs(others - boxes[i]).max(axis=1), np.abs(their - scores[i]).max(axis=1)
        twin = int(np.argmin(apart / MOST_PIXELS + unlike / MOST_SCORE))
        count, pixels, score = count + 1, max(pixels, float(apart[twin])), max(score, float(unlike[twin]))
    return count, pixels, score


def _write(bare: Bare, target: Path, out: Path) -> None:
    example = torch.zeros(1, 3, bare.side, bare.side)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # it is the older exporter, on purpose; and tracing warns of each constant
            torch.onnx.export(
                bare.network.eval(),
                (example,),
                target,
                input_names=["images"],
                output_names=["boxes", "scores"],
                opset_version=OPSET,
                dynamo=False,  # the newer one needs another package, a minute, and does not know every operation
            )
    except Exception as error:
        said = " ".join(str(error).split())[:500]
        raise ModelError(str(out), f"the network cannot be written as ONNX ({said})", "Try another family.") from error


def _describe(file: Path, said: Mapping[str, str]) -> None:
    model: Any = onnx.load(file)
    onnx.helper.set_model_props(model, dict(said))
    onnx.checker.check_model(model)
    onnx.save(model, file)


def _far(agreement: Agreement) -> str:
    return (
        f"boxes differ by up to {agreement.pixels:.3g} pixels and scores by up to {agreement.score:.3g}, where "
        f"{MOST_PIXELS} and {MOST_SCORE} are allowed"
    )
