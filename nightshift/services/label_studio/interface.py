"""The label interface: what a reviewer sees around the picture, written from the ontology.

Knows Label Studio's tags. Knows no server.
"""

import xml.etree.ElementTree as ET

from nightshift.domain.ontology import Ontology, Task
from nightshift.services.label_studio.percent import CONTROL, IMAGE
from nightshift.services.label_studio.shapes import BRUSH, OUTLINE

# A digit for the first nine classes, then letters. Label Studio keeps b e h k m o p r u v w for its own tools.
HOTKEYS = "123456789qtasdfgzxcnyij"
WHOLE = "calc(100vh - 250px)"  # what the lines above and the buttons below leave: no scrolling
STROKE = {"strokeWidth": "2", "opacity": "0.12"}
# task → (tag, name, its looks) of every row of labels; keys are given to the first row first, as far as they reach
TOOLS: dict[Task, tuple[tuple[str, str, dict[str, str]], ...]] = {
    Task.DETECT: (("RectangleLabels", CONTROL, STROKE),),
    Task.SEGMENT: (("PolygonLabels", OUTLINE, STROKE), ("BrushLabels", BRUSH, {})),
}
INSTRUCTION = (
    "<p>The frames worth most come first. Boxes that are already drawn are a model's proposal: keep what is "
    "right, move, relabel or delete what is wrong, draw what is missing, then submit. If no box is drawn, draw "
    "every object you see. A frame with nothing in it is submitted empty.</p>"
)
OUTLINES = (
    "<p>The frames worth most come first. Outlines that are already drawn are a model's proposal: keep what is right, "
    "drag the corners of what is not, relabel or delete what is wrong, outline or paint what is missing, then submit. "
    "Every object is one region: an outline, or, where it has holes or several pieces, all of it painted with the "
    "brush. If nothing is drawn, outline every object you see. A frame with nothing in it is submitted empty.</p>"
)


def instruction(ontology: Ontology) -> str:
    """What reviewers are told before they begin."""
    return OUTLINES if ontology.task is Task.SEGMENT else INSTRUCTION


def label_config(ontology: Ontology) -> str:
    """The project's label configuration, as XML.

    The lines above the picture say why the frame is asked, how urgent it is and where it is from; they come
    from the task's data.
    """
    view = ET.Element("View")
    bar = ET.SubElement(view, "View", style="position: sticky; top: 0; z-index: 1; background: inherit;")
    ET.SubElement(bar, "Header", value="$reason", size="5")
    small = ET.SubElement(bar, "View", style="zoom: 0.7; opacity: 0.6; margin-bottom: 4px;")
    ET.SubElement(small, "Header", value="priority $priority · round $round · $name", size="6")
    keys = iter(HOTKEYS)
    for tag, name, looks in TOOLS[ontology.task]:
        labels = ET.SubElement(bar, tag, {"name": name, "toName": IMAGE, "showInline": "true", **looks})
        for each in ontology.classes:
            label = ET.SubElement(labels, "Label", value=each.name, background=each.color)
            if key := next(keys, ""):
                label.set("hotkey", key)
    picture = {"name": IMAGE, "value": f"${IMAGE}", "zoom": "true", "zoomControl": "true", "rotateControl": "false"}
    ET.SubElement(view, "Image", picture, maxHeight=WHOLE)
    return ET.tostring(view, encoding="unicode")
