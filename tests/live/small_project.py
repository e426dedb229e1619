"""A small project over the line, for whole nights against the real servers, and the commands that run them.

Knows how such a project is set up; does not know what shall happen to it.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from infra.demo.configuration import PROMPTS, TEACHER
from infra.demo.people import answer_queue
from nightshift.frames.datasets import read_dataset
from nightshift.project import Project
from nightshift.simulation.line.dataset import write_line

SEED = 5  # of what people answer
SMALL: dict[str, Any] = {
    "ontology": [{"name": name, "prompts": prompts} for name, prompts in PROMPTS.items()],
    "teacher": {"name": "transformers", "checkpoint": str(TEACHER), "threshold": 0.05},
    "student": {"model": "yolo11p", "image_size": 64, "steps": 4, "batch": 4, "device": "cpu"},
    "budget": {"usd_per_night": 2.0, "golden_share": 0.4},
    "golden": {"share": 0.3, "frames": 4},
    "shard_frames": 8,
}


def draw_line(folder: Path, *, day: int = 6, night: int = 2, frames: int = 2) -> Path:
    """So many clips with so many frames each; the folder."""
    write_line(folder, clips_day=day, clips_night=night, frames_per_clip=frames, seed=3)
    return folder


def configure(home: Path, line: Path, name: str, **changes: Any) -> Path:
    """Write nightshift.yaml.

    Args:
        home: where; must be there.
        line: its frames.
        name: of the project and of its prefix in the bucket.
        changes: to SMALL: settings of a section, or whole settings.
    """
    content = {"project": name, "frames": {"source": str(line)}, "store": {"uri": f"s3://nightshift/{name}"}, **SMALL}
    for section, said in changes.items():
        content[section] = {**content[section], **said} if isinstance(said, dict) else said
    path = home / "nightshift.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def command(name: str, config: Path) -> list[str]:
    """The words of a command, as people would type them."""
    return [sys.executable, "-m", "infra.cli", name, "--config", str(config)]


def answer(config: Path, line: Path, *, leave: int = 0) -> int:
    """Simulated people answer the queue, all but so many questions; how many they did."""
    truth = read_dataset(line).samples
    return answer_queue(Project.load(config), truth, np.random.default_rng(SEED), leave=leave)
