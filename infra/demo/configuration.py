"""The demo's nightshift.yaml: for the procedural line, or for any COCO folder.

Everything in it is sized for two cores and a quarter of an hour; a real project would leave most of it at its default.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from nightshift.domain.errors import ConfigError

CONFIG = "nightshift.yaml"
TEACHER = Path(__file__).parent / "teacher"
QUICK_STUDENT = {"model": "yolo11p", "image_size": 224, "steps": 450, "batch": 8}
SMALL_PROMISE = {"precision": 0.7, "confidence": 0.9}  # what three nights of audits can bear out
PROMPTS = {
    "gear": ["gear", "cog", "cogwheel"],
    "bolt": ["bolt", "screw", "hex bolt"],
    "washer": ["washer", "metal ring", "flat ring"],
    "bearing": ["bearing", "ball bearing"],
}


def write_line_config(home: Path, frames: Path) -> Path:
    """For the factory line: zero-shot by day, people by night."""
    return _write(
        home,
        {
            "project": "factory line",
            "ontology": [{"name": name, "prompts": prompts} for name, prompts in PROMPTS.items()],
            "frames": {"source": str(frames)},
            "store": {"uri": "s3://nightshift/line"},
            "teacher": {"name": "transformers", "checkpoint": str(TEACHER), "threshold": 0.05, "batch": 16},
            "student": QUICK_STUDENT,
            "budget": {"usd_per_night": 16.0, "golden_share": 0.42, "audit_share": 0.46, "control_share": 0.05},
            "golden": {"share": 0.12, "frames": 36},
            "triage": {**SMALL_PROMISE, "trust_above": 0.35, "novel_above": 1.5},
            "training": {"auto_labels": "accepted"},  # by night the teacher misses whole classes: it would mislead
            "review": {"second_opinion_share": 0.15},
        },
    )


def write_coco_config(home: Path, data: Path) -> Path:
    """For a COCO folder: no teacher knows it, so a seed set goes to people and the champion labels from then on.

    Raises:
        ConfigError: the folder holds no coco.json.
    """
    names = _names(data)
    return _write(
        home,
        {
            "project": f"demo {data.name}",
            "ontology": [{"name": name} for name in names],
            "frames": {"source": str(data.resolve()), "clip_pattern": "(?P<clip>.*)"},
            "store": {"uri": f"s3://nightshift/{data.name}"},
            "teacher": {"name": "champion", "checkpoint": "", "threshold": 0.05, "batch": 16},
            "student": QUICK_STUDENT,
            "budget": {"usd_per_night": 22.0, "golden_share": 0.6, "audit_share": 0.05, "control_share": 0.08},
            "golden": {"share": 0.2, "frames": 50},
            "triage": {"trust_above": 0.35, "novel_above": 2.0},
            "review": {"seed_frames": 24},
        },
    )


def _names(data: Path) -> list[str]:
    try:
        content = json.loads((data / "coco.json").read_text(encoding="utf-8"))
        return [each["name"] for each in sorted(content["categories"], key=lambda each: each["id"])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            str(data / "coco.json"), f"it cannot be read as COCO ({error})", "Give a folder with coco.json and images."
        ) from error


def _write(home: Path, content: dict[str, Any]) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    path = home / CONFIG
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path
