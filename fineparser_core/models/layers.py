"""Small blocks shared by the parsers and the encoders."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
        convolved: Tensor = self.conv(self.pool(x))
        return convolved


class Conv3d(nn.Conv3d):
    """3-D convolution that avoids PyTorch's slow one on a CPU; the weights and the function are those of `nn.Conv3d`.

    In float32 PyTorch computes kernels of a single cell, and batches of one sample where batch, channels, length and
    height multiply to at most 20,480, by `slow_conv3d`, which takes twice as long and returns a layout in which pooling
    takes eleven times as long. A kernel of a single cell is a matrix product; callers pass windows in batches.
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.device.type != "cpu" or self.kernel_size != (1, 1, 1):
            return super().forward(input)
        rows = F.linear(input.permute(0, 2, 3, 4, 1), self.weight.flatten(1), self.bias)
        return rows.permute(0, 4, 1, 2, 3)


def upsample_to_map(x: Tensor, kernel: Tensor, stride: tuple[int, int, int], padding: tuple[int, int, int]) -> Tensor:
    """Compute `conv_transpose3d` of x (N, C, t, h, w) with a kernel (C, 1, 2 s, 2 s, 2 s) of twice the stride s.

    Each cell of x covers a block of s cells of the output, and half a block on either side: a convolution of 2 x 2 x 2
    cells to as many channels as a block has cells, which is ten times as fast as a transposed convolution to a single
    channel.
    """
    (st, sh, sw), (pt, ph, pw), cells = stride, padding, x.shape[2:]
    blocks = kernel[:, 0].unflatten(3, (2, sw)).unflatten(2, (2, sh)).unflatten(1, (2, st))
    # A transposed convolution turns the kernel round.
    weight = blocks.permute(2, 4, 6, 0, 1, 3, 5).flatten(0, 2).flip(2, 3, 4)
    found = F.conv3d(x, weight.contiguous(memory_format=torch.channels_last_3d), padding=1)
    whole = found.unflatten(1, stride).permute(0, 4, 1, 5, 2, 6, 3)
    rows = whole.reshape(len(x), 1, *((n + 1) * s for n, s in zip(cells, stride, strict=True)))
    t, h, w = (n * s for n, s in zip(cells, stride, strict=True))
    inner: Tensor = rows[..., pt : pt + t, ph : ph + h, pw : pw + w]
    return inner


class BasicBlock(nn.Module):
    """ResNet's basic block, (N, in, h, w) to (N, out, h / stride, w / stride); its tensors have torchvision's names."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        shortcut = None
        if stride != 1 or in_channels != out_channels:
            shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return F.relu(out, inplace=True)
