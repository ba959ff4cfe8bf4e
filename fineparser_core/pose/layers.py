"""Small blocks shared by the networks of `pose`."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def full_precision(x: Tensor) -> torch.autocast:
    """Switch autocast off: coordinates in half precision would move keypoints by half a pixel, and scores by a point.

    The networks that give heatmaps lose nothing by it: in bfloat16 a keypoint moves by 0.04 pixels.
    """
    # Autocast does not know the meta device.
    return torch.autocast("cpu" if x.is_meta else x.device.type, enabled=False)


def upsample_2x(x: Tensor) -> Tensor:
    """Upsample (N, C, h, w) to (N, C, 2 h, 2 w), bilinear."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


class DilatedConvs(nn.Module):
    """Residual temporal convolutions over samples: (B, T, in) to (B, T, out). The output starts at zero.

    Args:
        dilations: of the blocks, in samples.
    """

    def __init__(self, in_size: int, out_size: int, *, dilations: Sequence[int], width: int = 128) -> None:
        super().__init__()
        self.enter = nn.Conv1d(in_size, width, 5, padding=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation), nn.ReLU(), nn.Conv1d(width, width, 1)
            )
            for dilation in dilations
        )
        self.out = nn.Conv1d(width, out_size, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.get_parameter("bias"))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.enter(x.transpose(1, 2)))
        for block in self.blocks:
            x = F.relu(x + block(x))
        out: Tensor = self.out(x).transpose(1, 2)
        return out
