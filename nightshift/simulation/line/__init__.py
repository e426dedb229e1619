"""A procedural factory line: parts on a belt, day and night, with exact truth. Rendered, never filmed.

`render_clip` makes a clip in memory, `write_line` a COCO folder.
"""

from nightshift.simulation.line.dataset import write_line
from nightshift.simulation.line.parts import CLASSES
from nightshift.simulation.line.scene import Scene, render_clip

__all__ = ["CLASSES", "Scene", "render_clip", "write_line"]
