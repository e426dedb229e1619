"""What the training process is asked, and the lines by which it answers on its standard output.

A line that starts with MARK is an answer in JSON; every other line is log. Knows nothing of how training works.
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = "@nightshift "


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that one training depends on.

    Args:
        model: architecture.
        data: data.yaml of the folder to train on.
        out: where to write.
        init: weights to continue from, or None.
        init_sha256: their digest, or None.
        image_size: pixels.
        epochs: passes over the list of pictures.
        batch: images per step.
        seed: of weights, order and augmentation.
        device: as in Hyper.
        parent: the process that asks; the training ends when it does.
        family: file in nightshift/students; for processes that train several.
        steps: of the optimizer, where they count and epochs are only for reports.
    """

    model: str
    data: str
    out: str
    init: str | None
    init_sha256: str | None
    image_size: int
    epochs: int
    batch: int
    seed: int
    device: str
    parent: int
    family: str = ""
    steps: int = 0

    def write(self, path: Path) -> Path:
        """Save as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> "Request":
        """Load what `write` saved."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Origin:
    """Answer: where training starts from ('warm', 'pretrained', 'scratch'), and why, as a sentence."""

    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class Epoch:
    """Answer: so many of all epochs are done; the mean losses of the last one."""

    done: int
    total: int
    losses: dict[str, float]


Answer = Origin | Epoch


def say(answer: Answer) -> None:
    """Send an answer to the parent, at once."""
    kind = type(answer).__name__
    sys.stdout.write(f"{MARK}{json.dumps({'kind': kind, **asdict(answer)})}\n")
    sys.stdout.flush()


def understand(line: str) -> Answer | None:
    """The answer in a line; None for a line of log."""
    if not line.startswith(MARK):
        return None
    fields = json.loads(line.removeprefix(MARK))
    kinds: dict[str, type[Origin | Epoch]] = {"Origin": Origin, "Epoch": Epoch}
    return kinds[fields.pop("kind")](**fields)
