"""Inception-v1 I3D, the backbone of both parsers (paper section 4.3; Carreira and Zisserman 2017)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.layers import Conv3d

#: (branch 0, branch 1 reduce, branch 1, branch 2 reduce, branch 2, branch 3) output channels.
_MIXED_CHANNELS = {
    "mixed_3b": (64, 96, 128, 16, 32, 32),
    "mixed_3c": (128, 128, 192, 32, 96, 64),
    "mixed_4b": (192, 96, 208, 16, 48, 64),
    "mixed_4c": (160, 112, 224, 24, 64, 64),
    "mixed_4d": (128, 128, 256, 24, 64, 64),
    "mixed_4e": (112, 144, 288, 32, 64, 64),
    "mixed_4f": (256, 160, 320, 32, 128, 128),
    "mixed_5b": (256, 160, 320, 32, 128, 128),
    "mixed_5c": (384, 192, 384, 48, 128, 128),
}

#: Channels of the four taps: after conv3d_1a, conv3d_2c, mixed_3c and mixed_4f.
TAP_CHANNELS = (64, 192, 480, 832)


class Unit3D(nn.Module):
    """conv3d without bias, batch norm (eps 1e-5), ReLU; "SAME" padding, half before, the rest after.

    Deviation: Kinetics I3D has eps 1e-3; `checkpoints.kinetics` moves the difference into the variances.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        total = max(kernel - stride, 0)
        before, after = total // 2, total - total // 2
        #: Cells to add on both sides of each axis where the convolution cannot; None where it can.
        self.pad = None if before == after else (before, after) * 3
        padding = before if before == after else 0
        self.conv3d = Conv3d(in_channels, out_channels, kernel, stride, padding=padding, bias=False)
        self.batch3d = nn.BatchNorm3d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        if self.pad is not None:
            x = F.pad(x, self.pad)
        return F.relu(self.batch3d(self._convolve(x)), inplace=True)

    def _convolve(self, x: Tensor) -> Tensor:
        if x.shape[2] == 2 and self.conv3d.kernel_size[0] == 3 and torch.is_grad_enabled():
            # oneDNN's bf16 gradient of these kernels is noise, at times not finite, where it pads two samples itself.
            return F.conv3d(F.pad(x, (0, 0, 0, 0, 1, 1)), self.conv3d.weight, padding=(0, 1, 1))
        convolved: Tensor = self.conv3d(x)
        return convolved


def max_pool(x: Tensor, kernel: int | tuple[int, int, int], stride: int | tuple[int, int, int]) -> Tensor:
    """Pool by the maximum with "SAME" padding, which adds zeros, half before and the rest after.

    Args:
        x: (N, C, T, H, W) without negative values, so that clipping the last window (ceil mode) gives the same maxima
            without a padded copy.
    """
    if x.dtype == torch.uint8:
        return _max_pool_bytes(x, kernel, stride)
    padding = 1 if kernel == 3 and stride == 1 else 0
    return F.max_pool3d(x, kernel, stride, padding, ceil_mode=True)


def _max_pool_bytes(x: Tensor, kernel: int | tuple[int, int, int], stride: int | tuple[int, int, int]) -> Tensor:
    """Pool axis by axis, as torch's pooling does not take uint8."""
    for axis in (2, 3, 4):
        width, step = (one if isinstance(one, int) else one[axis - 2] for one in (kernel, stride))
        if width == 1:
            continue
        size, before = x.shape[axis], 1 if width == 3 and step == 1 else 0
        pooled = x[(slice(None),) * axis + (slice(0, None, step),)].clone()
        for offset in range(-before, width - before):
            first = -(-max(0, -offset) // step)  # of the output, whose window holds this offset
            count = (size - 1 - (first * step + offset)) // step + 1
            if offset == 0 or count <= 0:
                continue
            part = pooled.narrow(axis, first, min(count, pooled.shape[axis] - first))
            start = first * step + offset
            stop = start + (part.shape[axis] - 1) * step + 1
            torch.maximum(part, x[(slice(None),) * axis + (slice(start, stop, step),)], out=part)
        x = pooled
    return x


class _SamePool(nn.Module):
    """Maxima of 3 x 3 x 3 cells around each cell."""

    def forward(self, x: Tensor) -> Tensor:
        return max_pool(x, 3, 1)


class Mixed(nn.Module):
    """Inception block: four branches concatenated on channels in the order 0, 1, 2, 3."""

    def __init__(self, in_channels: int, channels: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        c0, r1, c1, r2, c2, c3 = channels
        self.branch_0 = Unit3D(in_channels, c0, 1)
        self.branch_1 = nn.Sequential(Unit3D(in_channels, r1, 1), Unit3D(r1, c1, 3))
        self.branch_2 = nn.Sequential(Unit3D(in_channels, r2, 1), Unit3D(r2, c2, 3))
        # Index 1, as the release numbers it: 0 is the pooling, which has no weights.
        self.branch_3 = nn.Sequential(_SamePool(), Unit3D(in_channels, c3, 1))
        self.out_channels = c0 + c1 + c2 + c3

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch_0(x), self.branch_1(x), self.branch_2(x), self.branch_3(x)], dim=1)


class I3D(nn.Module):
    """Windows (N, 3, 16, 112, 112) float32, ImageNet-normalized, to features (N, 1024).

    Split into `front` (up to the pool before mixed_4b) and `back`, so that training can keep the front frozen
    and store what it gives.
    """

    mixed_3b: Mixed
    mixed_3c: Mixed
    mixed_4b: Mixed
    mixed_4c: Mixed
    mixed_4d: Mixed
    mixed_4e: Mixed
    mixed_4f: Mixed
    mixed_5b: Mixed
    mixed_5c: Mixed

    def __init__(self) -> None:
        super().__init__()
        self.conv3d_1a_7x7 = Unit3D(3, 64, 7, 2)
        self.conv3d_2b_1x1 = Unit3D(64, 64, 1)
        self.conv3d_2c_3x3 = Unit3D(64, 192, 3)
        channels = 192
        for name, widths in _MIXED_CHANNELS.items():
            block = Mixed(channels, widths)
            self.add_module(name, block)
            channels = block.out_channels

    def stem(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (N, 3, 16, 112, 112) to taps 1 to 3, the last of them the output of mixed_3c (N, 480, 8, 14, 14)."""
        tap1 = self.conv3d_1a_7x7(x)
        x = max_pool(tap1, (1, 3, 3), (1, 2, 2))
        tap2 = self.conv3d_2c_3x3(self.conv3d_2b_1x1(x))
        x = max_pool(tap2, (1, 3, 3), (1, 2, 2))
        return tap1, tap2, self.mixed_3c(self.mixed_3b(x))

    def middle(self, tap3: Tensor) -> Tensor:
        """Map tap 3 to the output of mixed_4e (N, 528, 4, 7, 7)."""
        x = max_pool(tap3, 3, 2)
        features: Tensor = self.mixed_4e(self.mixed_4d(self.mixed_4c(self.mixed_4b(x))))
        return features

    def front(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Map (N, 3, 16, 112, 112) to the output of mixed_4e (N, 528, 4, 7, 7), and taps 1 to 3."""
        taps = self.stem(x)
        return self.middle(taps[2]), taps

    def tap4(self, x: Tensor) -> Tensor:
        """Map the output of mixed_4e to tap 4, the output of mixed_4f (N, 832, 4, 7, 7)."""
        tap4: Tensor = self.mixed_4f(x)
        return tap4

    def end(self, tap4: Tensor) -> Tensor:
        """Map tap 4 to features (N, 1024)."""
        features: Tensor = self.mixed_5c(self.mixed_5b(max_pool(tap4, 2, 2))).mean(dim=(2, 3, 4))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Map windows (N, 3, 16, 112, 112) to features (N, 1024)."""
        return self.end(self.tap4(self.middle(self.stem(x)[2])))
