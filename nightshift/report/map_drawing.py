"""The map as inline SVG and as words: four ways to colour it, chosen without a script, and what lies where.

A point's classes say its group in each way of colouring; the style sheet colours them by what is chosen. What colours
tell is told in words too: how many frames a group has, and what the frames around each landmark are.
"""

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from nightshift.report.figures import LIGHTS
from nightshift.report.map_view import DataMap, MapPoint, SpotsView

WIDTH, HEIGHT, EDGE = 1000, 640, 22
NOBODY, OTHERS = "#94a3b8", "#64748b"
STATES = {**LIGHTS, "asked": "#38bdf8", "labelled": "#4f46e5", "golden": NOBODY}
ERRORS = (
    ("under 0.5", 0.5, "#fcd34d"),
    ("0.5 to 1.5", 1.5, "#fb923c"),
    ("1.5 to 3", 3.0, "#ef4444"),
    ("3 to 6", 6.0, "#be185d"),
)
MANY, UNKNOWN = ("6 and more", "#7e22ce"), ("not known", NOBODY)
ROUNDS = ("#7c3aed", "#2563eb", "#0891b2", "#16a34a", "#ca8a04")
CLASSES = 8  # colours that can be told apart
NO_BOX = "no box"
LONGEST = 28  # letters of a name in the key


@dataclass(frozen=True, slots=True)
class Group:
    """One entry of the key.

    Args:
        mark: the points' class.
        name: in words.
        colour: #rrggbb.
        count: of points.
    """

    mark: str
    name: str
    colour: str
    count: int


@dataclass(frozen=True, slots=True)
class Paint:
    """A way to colour the map.

    Args:
        mark: one letter.
        name: on the button.
        groups: its key.
    """

    mark: str
    name: str
    groups: tuple[Group, ...]


def drawing(view: DataMap) -> dict[str, Any]:
    """Everything that the template needs."""
    kinds = _kinds(view)
    marks = [" ".join(kind.mark_of(point) for kind in kinds) for point in view.points]
    paints = [kind.paint(view.points) for kind in kinds]
    return {
        "svg": _svg(view, marks),
        "paints": paints,
        "style": _style(paints),
        "landmarks": [_landmark(view, i) for i in range(len(view.landmarks))],
    }


def spots(view: SpotsView) -> list[dict[str, Any]]:
    """The table's rows, with pictures that the page can hold."""
    return [{"said": each, "pictures": [picture(some) for some in each.thumbnails]} for each in view.rows]


def picture(jpeg: bytes) -> str:
    """A JPEG as an address that needs no other file."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


# -- ways to colour -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """A way to colour: its groups by name, and the group of a point."""

    mark: str
    name: str
    colours: dict[str, str]
    group_of: Callable[[MapPoint], str]

    def mark_of(self, point: MapPoint) -> str:
        return f"{self.mark}{list(self.colours).index(self.group_of(point))}"

    def paint(self, points: Sequence[MapPoint]) -> Paint:
        counts = Counter(map(self.group_of, points))
        groups = enumerate(self.colours.items())
        return Paint(self.mark, self.name, tuple(
            Group(f"{self.mark}{i}", _short(name), colour, counts[name]) for i, (name, colour) in groups if counts[name]
        ))  # fmt: skip


def _kinds(view: DataMap) -> tuple[_Kind, ...]:
    return (
        _Kind("t", "Triage", STATES, lambda point: point.light),
        _classes(view),
        _Kind("e", "Errors", {**{name: c for name, _, c in ERRORS}, **dict([MANY, UNKNOWN])}, _error_group),
        _rounds(view.points),
    )


def _classes(view: DataMap) -> _Kind:
    """The most frequent ones by their own colours; what is left shares one."""
    told = Counter(each.label for each in view.points if each.label)
    colours = dict(view.classes)
    named = {name: colours.get(name, OTHERS) for name, _ in told.most_common(CLASSES)}
    every = {**named, "other classes": OTHERS, NO_BOX: NOBODY}

    def group_of(point: MapPoint) -> str:
        return NO_BOX if not point.label else point.label if point.label in named else "other classes"

    return _Kind("c", "Class", every, group_of)


def _error_group(point: MapPoint) -> str:
    if point.errors is None:
        return UNKNOWN[0]
    return next((name for name, under, _ in ERRORS if point.errors < under), MANY[0])


def _rounds(points: Sequence[MapPoint]) -> _Kind:
    """Rounds in order, in as many parts as there are colours."""
    numbers = sorted({each.round for each in points})
    size = -(-len(numbers) // len(ROUNDS))
    parts = [numbers[i : i + size] for i in range(0, len(numbers), size)]
    names = {n: _span(part) for part in parts for n in part}
    return _Kind("r", "Round", dict(zip(map(_span, parts), ROUNDS, strict=False)), lambda point: names[point.round])


def _span(numbers: Sequence[int]) -> str:
    return f"round {numbers[0]}" if len(numbers) == 1 else f"rounds {numbers[0]} to {numbers[-1]}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


# -- SVG ------------------------------------------------------------------------------------------------------------


def _svg(view: DataMap, marks: Sequence[str]) -> Markup:
    """Points first, landmarks on top; each point tells its name when pointed at."""
    dots = (_dot(point, mark) for point, mark in zip(view.points, marks, strict=True))
    flags = (_flag(i + 1, *_place(each.x, each.y)) for i, each in enumerate(view.landmarks))
    said = f"{len(view.points)} frames, those that look alike close together; the key and the list below say what"
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, said)
    return Markup("").join((head, *dots, *flags, Markup("</svg>")))


def _dot(point: MapPoint, mark: str) -> Markup:
    x, y = _place(point.x, point.y)
    form = Markup('<circle class="{}" cx="{}" cy="{}" r="4.5"><title>{}</title></circle>')
    return form.format(mark, x, y, _told(point))


def _flag(number: int, x: float, y: float) -> Markup:
    form = Markup('<g class="flag"><circle cx="{}" cy="{}" r="13"/><text x="{}" y="{}">{}</text></g>')
    return form.format(x, y, x, round(y + 5, 1), number)


def _told(point: MapPoint) -> str:
    errors = "" if point.errors is None else f", {point.errors:.1f} corrections"
    return f"{point.name}: {point.light}, {point.label or NO_BOX}{errors}, round {point.round}"


def _place(x: float, y: float) -> tuple[float, float]:
    return round(EDGE + x * (WIDTH - 2 * EDGE), 1), round(EDGE + y * (HEIGHT - 2 * EDGE), 1)


def _style(paints: Sequence[Paint]) -> Markup:
    """What is chosen colours the points, shows its key, and hides what is not asked for."""
    rules = []
    for paint in paints:
        rules.append(f".map:has(#paint-{paint.mark}:checked) #key-{paint.mark}{{display:flex}}")
        for group in paint.groups:
            chosen = f".map:has(#paint-{paint.mark}:checked)"
            rules.append(f"{chosen} svg .{group.mark}{{fill:{escape(group.colour)}}}")
            rules.append(
                f"{chosen}:has(#only-{group.mark}:checked) svg circle[class]:not(.{group.mark}){{opacity:.06}}"
            )
    return Markup("\n").join(Markup(rule) for rule in rules)  # noqa: S704 - our own words; colours were checked on reading


# -- words ----------------------------------------------------------------------------------------------------------


def _landmark(view: DataMap, index: int) -> dict[str, Any]:
    """A picture to go by, and what the frames around it are."""
    mark = view.landmarks[index]
    around = [each for each in view.points if each.near == index]
    return {"picture": picture(mark.thumbnail), "name": mark.name, "words": _words(around)}


def _words(points: Sequence[MapPoint]) -> str:
    if not points:
        return "no frames"
    light, label = _most([each.light for each in points]), _most([each.label or NO_BOX for each in points])
    parts = [f"{len(points)} frame{'' if len(points) == 1 else 's'}", f"{light[1]}% {light[0]}"]
    parts.append(f"most often {_short(label[0])}")
    known = [each.errors for each in points if each.errors is not None]
    parts += [f"{sum(known) / len(known):.1f} corrections a frame"] if known else []
    numbers = sorted({each.round for each in points})
    return " · ".join([*parts, _span([numbers[0], numbers[-1]] if len(numbers) > 1 else numbers)])


def _most(names: Sequence[str]) -> tuple[str, int]:
    """The most frequent one, and its share in percent."""
    name, count = min(Counter(names).items(), key=lambda each: (-each[1], each[0]))
    return name, round(100 * count / len(names))
