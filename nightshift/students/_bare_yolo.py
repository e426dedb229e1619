"""An Ultralytics network without its surroundings. Its heads leave boxes in three forms; here they become one."""

from typing import Any

import torch

from nightshift.yolo.squares import unchosen


class BareYolo(torch.nn.Module):
    """Pixels in [0, 1] → boxes xyxy in pixels of the square, and scores of every class.

    Args:
        network: as Ultralytics loads it.
        side: of the square, pixels.
        transformer: whether it is of the RT-DETR kind.
    """

    def __init__(self, network: Any, side: int, *, transformer: bool) -> None:
        super().__init__()
        network.model[-1].postprocess = unchosen
        self.network, self.side, self.transformer = network, side, transformer

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(1, 3, side, side) → (1, n, 4), (1, n, classes)."""
        output = self.network(pixels)
        raw = output[0] if isinstance(output, tuple | list) else output
        if self.network.end2end and not self.transformer:
            return raw[..., :4], raw[..., 4:]
        raw = raw if self.transformer else raw.transpose(1, 2)
        centre, half = raw[..., :2], raw[..., 2:4] / 2
        boxes = torch.cat([centre - half, centre + half], dim=-1)
        return boxes * (self.side if self.transformer else 1), raw[..., 4:]
