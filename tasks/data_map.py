"""Gather where the frames lie, what is on them and how wrong the models were, for the map in the report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nightshift.domain.corrections import compare
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.frames import Frame, Split
from nightshift.evaluation.data_map import drawn, flat_map, landmarks
from nightshift.evaluation.weak_spots import CONFIDENCE, WeakSpot, weak_spots
from nightshift.report.map_view import DataMap, Landmark, MapPoint, SpotRow, SpotsView
from nightshift.report.thumbnail import thumbnail
from nightshift.round import OpenRound, Row
from nightshift.search.vectors import FrameVectors, read_vectors
from nightshift.services.store import rows

MOST = 2000  # points: more hide each other, and make the page heavy
LANDMARKS, LANDMARK_SIDE = 12, 320
SPOTS, PICTURES, PICTURE_SIDE = 6, 3, 168
OWN = "the champion"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What this round knows of its frames.

    Args:
        vectors: of the frames that have one.
        frames: by id.
        scores: the champion's word about the pool, by frame.
        labels: people's, by frame.
        errors: what people had to correct on a frame that they answered.
    """

    vectors: FrameVectors
    frames: Mapping[str, Frame]
    scores: Mapping[str, Row]
    labels: Mapping[str, Detections]
    errors: Mapping[str, float]


def look(night: OpenRound) -> Seen:
    """Read it from the store."""
    labels = night.labels()
    return Seen(
        read_vectors(night), {each.id: each for each in night.frames}, night.scores(), labels, _errors(night, labels)
    )


def data_map(night: OpenRound, seen: Seen) -> DataMap | None:
    """The map; None where there are too few frames for one."""
    rng, lights = night.rng("map"), _lights(night, seen)
    there = [i for i, each in enumerate(seen.vectors.ids) if each in seen.frames]
    chosen = [there[i] for i in drawn([lights[seen.vectors.ids[i]] for i in there], MOST, rng)]
    places = flat_map(seen.vectors.rows[chosen], rng)
    if places is None:
        return None
    ids = [seen.vectors.ids[i] for i in chosen]
    marks, near = landmarks(places, LANDMARKS)
    expected = {row["frame_id"]: row["value"] for row in night.read("triage")}
    labels = _classes(night, seen, ids)
    points = [
        MapPoint(
            x=float(x), y=float(y), name=seen.frames[f].name, light=lights[f], label=labels[f],
            errors=seen.errors.get(f, expected.get(f)), round=seen.frames[f].round, near=int(where),
        ) for f, (x, y), where in zip(ids, places, near, strict=True)
    ]  # fmt: skip
    pictures = _pictures(night, [seen.frames[ids[i]] for i in marks], LANDMARK_SIDE)
    flags = [Landmark(points[i].x, points[i].y, points[i].name, each) for i, each in zip(marks, pictures, strict=True)]
    known_as = seen.vectors.model if night.summary("embed").get("model") else OWN
    classes = tuple((each.name, each.color) for each in night.config.classes.classes)
    return DataMap(points, len(there), known_as, flags, classes)


def spots(night: OpenRound, seen: Seen) -> SpotsView | None:
    """Groups above the average, worst first; None where too few errors are known."""
    there = [i for i, each in enumerate(seen.vectors.ids) if each in seen.errors and each in seen.frames]
    ids = [seen.vectors.ids[i] for i in there]
    errors, clips = [seen.errors[each] for each in ids], [seen.frames[each].clip for each in ids]
    found = weak_spots(seen.vectors.rows[there], errors, clips, night.rng("weak spots"))
    if not found:
        return None
    mean = sum(errors) / len(errors)
    shown = [_spot(night, seen, ids, each) for each in found[:SPOTS] if each.mean > mean]
    return SpotsView(shown, len(ids), mean, CONFIDENCE) if shown else None


def _spot(night: OpenRound, seen: Seen, ids: list[str], spot: WeakSpot) -> SpotRow:
    typical = [seen.frames[ids[i]] for i in spot.frames[:PICTURES]]
    pictures = tuple(_pictures(night, typical, PICTURE_SIDE))
    return SpotRow(len(spot.frames), spot.clips, spot.mean, spot.more, spot.worse, typical[0].name, pictures)


def _pictures(night: OpenRound, frames: list[Frame], side: int) -> list[bytes]:
    night.project.fetch(frames)
    return [thumbnail(night.project.image(each), side) for each in frames]


def _lights(night: OpenRound, seen: Seen) -> dict[str, str]:
    """How far each frame has come: its colour tonight, or that it was asked or labelled, or is a test frame."""
    asked, colours = night.asked(), {row["frame_id"]: row["colour"] for row in night.read("triage")}

    def light(frame: Frame) -> str:
        if frame.split is Split.GOLDEN:
            return "golden"
        if frame.id in seen.labels:
            return "labelled"
        return "asked" if frame.id in asked else colours.get(frame.id, "red")

    return {each.id: light(each) for each in seen.frames.values()}


def _classes(night: OpenRound, seen: Seen, ids: Iterable[str]) -> dict[str, str]:
    """The class most frequent on each frame: by people's word, else by the champion's, else by the teacher's."""
    names, above, auto = night.config.classes.names, night.config.triage.trust_above, night.autolabels()

    def boxes(frame: str) -> Detections:
        if frame in seen.labels:
            return seen.labels[frame]
        if frame in seen.scores and seen.scores[frame]["model"]:
            return rows.detections_from_row(seen.scores[frame]).above(above)
        return auto[frame][1].above(above) if frame in auto else Detections.empty()

    def label(found: Detections) -> str:
        counts = Counter(found.classes.tolist())
        return names[min(counts, key=lambda each: (-counts[each], each))] if counts else ""

    return {frame: label(boxes(frame)) for frame in ids}


def _errors(night: OpenRound, labels: Mapping[str, Detections]) -> dict[str, float]:
    """Corrections on every frame that people answered, of the boxes that a model had drawn before, shown or not."""
    above = night.config.triage.trust_above
    said = {row["frame_id"]: rows.detections_from_row(row) for row in night.questions() if row["model"]}
    golden = night.read("detections", "golden.parquet")
    said |= {row["frame_id"]: rows.detections_from_row(row).above(above) for row in golden}
    return {
        frame: Edits.counted(each.change for each in compare(before, labels[frame])).corrections
        for frame, before in said.items()
        if frame in labels
    }
