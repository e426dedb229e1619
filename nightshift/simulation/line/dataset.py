"""The factory line as a folder: frames as JPEG, one folder a clip, and a coco.json with the truth."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from nightshift.domain.detections import Detections
from nightshift.domain.models import Progress, no_progress
from nightshift.simulation.line.light import Shift
from nightshift.simulation.line.parts import CLASSES
from nightshift.simulation.line.scene import HEIGHT, WIDTH, Scene, render_clip

QUALITY = 88


@dataclass(frozen=True, slots=True)
class _Clip:
    name: str
    shift: Shift
    seed: int


def write_line(
    folder: Path,
    clips_day: int,
    clips_night: int,
    frames_per_clip: int,
    seed: int,
    progress: Progress = no_progress,
) -> None:
    """Write `images/<shift>-<clip>/<frame>.jpg`, then `coco.json`; the same line is not written twice.

    Boxes are COCO's xywh in pixels, category ids start at 1, file names are relative to `folder`.

    Args:
        folder: made when it is not there.
        clips_day: clips of the day shift.
        clips_night: clips of the night shift.
        frames_per_clip: frames in each.
        seed: of the line; each clip's own follows from it.
        progress: told after each clip.
    """
    recipe = {"day": clips_day, "night": clips_night, "frames": frames_per_clip, "seed": seed}
    if _recipe(folder / "coco.json") == recipe:
        return
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for done, clip in enumerate(_clips(clips_day, clips_night, seed), start=1):
        for i, scene in enumerate(render_clip(clip.seed, clip.shift, frames_per_clip)):
            name = f"images/{clip.name}/{i:02d}.jpg"
            _save(folder / name, scene)
            number = len(images) + 1
            images.append({"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT})
            annotations.extend(_annotations(scene.truth, number, len(annotations) + 1))
        progress(done, clips_day + clips_night)
    _write_json(folder / "coco.json", _coco(recipe, images, annotations))


def _recipe(path: Path) -> object:
    """What a line was written from; coco.json comes last, so where it is the frames are too."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["info"]["recipe"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _clips(day: int, night: int, seed: int) -> Iterator[_Clip]:
    for i in range(day):
        yield _Clip(f"day-{i:03d}", "day", seed * 100_000 + i)
    for i in range(night):
        yield _Clip(f"night-{i:03d}", "night", seed * 100_000 + i)


def _save(path: Path, scene: Scene) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    Image.fromarray(scene.image).save(half, format="JPEG", quality=QUALITY)
    half.replace(path)


def _annotations(truth: Detections, image: int, first: int) -> Iterator[dict[str, object]]:
    for i, (box, kind) in enumerate(zip(truth.boxes.tolist(), truth.classes.tolist(), strict=True)):
        x1, y1, x2, y2 = box
        yield {
            "id": first + i,
            "image_id": image,
            "category_id": kind + 1,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
            "iscrowd": 0,
        }


def _coco(
    recipe: dict[str, int], images: list[dict[str, object]], annotations: list[dict[str, object]]
) -> dict[str, object]:
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(CLASSES)]
    info = {"description": "A procedural factory line: rendered, not filmed.", "recipe": recipe}
    return {"info": info, "images": images, "annotations": annotations, "categories": categories}


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(json.dumps(content), encoding="utf-8")
    half.replace(path)
