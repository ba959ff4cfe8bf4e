"""Small blocks shared by the parsers and the encoders."""

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock


class DoubleConv1d(nn.Sequential):
    """(Conv1d of width 3 -> batch norm -> ReLU) twice, length kept: (B, in, L) to (B, out, L)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv1d(in_channels, out_channels, 3, padding=1),
            nn.BatchNorm1d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv1d(out_channels, out_channels, 3, padding=1),
            nn.BatchNorm1d(out_channels),
            nn.ReLU(inplace=True),
        )


class DownConv1d(nn.Module):
    """Halve the length by max-pooling, then `DoubleConv1d`: (B, in, L) to (B, out, L / 2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.pool = nn.MaxPool1d(2)
        self.conv = DoubleConv1d(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.pool(x))


def residual_block(in_channels: int, out_channels: int, stride: int = 1) -> BasicBlock:
    """ResNet's basic block, (N, in, h, w) to (N, out, h / stride, w / stride)."""
    shortcut = None
    if stride != 1 or in_channels != out_channels:
        shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
        )
    return BasicBlock(in_channels, out_channels, stride, shortcut)


def doubled(x: Tensor) -> Tensor:
    """(N, C, h, w) to (N, C, 2 h, 2 w), between its cells."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")
