"""The label interface: what a reviewer sees around the picture, written from the ontology.

Knows Label Studio's tags. Knows no server.
"""

import xml.etree.ElementTree as ET

from nightshift.domain.ontology import Ontology
from nightshift.services.label_studio.percent import CONTROL, IMAGE

# A digit for the first nine classes, then letters. Label Studio keeps b e h k m o p r u v w for its own tools.
HOTKEYS = "123456789qtasdfgzxcnyij"
WHOLE = "calc(100vh - 250px)"  # what the lines above and the buttons below leave: no scrolling
INSTRUCTION = (
    "<p>The frames worth most come first. Boxes that are already drawn are a model's proposal: keep what is "
    "right, move, relabel or delete what is wrong, draw what is missing, then submit. If no box is drawn, draw "
    "every object you see. A frame with nothing in it is submitted empty.</p>"
)


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
    labels = ET.SubElement(
        bar, "RectangleLabels", name=CONTROL, toName=IMAGE, showInline="true", strokeWidth="2", opacity="0.12"
    )
    for index, each in enumerate(ontology.classes):
        label = ET.SubElement(labels, "Label", value=each.name, background=each.color)
        if index < len(HOTKEYS):
            label.set("hotkey", HOTKEYS[index])
    picture = {"name": IMAGE, "value": f"${IMAGE}", "zoom": "true", "zoomControl": "true", "rotateControl": "false"}
    ET.SubElement(view, "Image", picture, maxHeight=WHOLE)
    return ET.tostring(view, encoding="unicode")
