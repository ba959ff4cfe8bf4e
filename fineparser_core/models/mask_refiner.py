"""A finer mask decoder of our own, added to the paper's: thin limbs need more than a sum of up-sampled taps."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.i3d import TAP_CHANNELS

#: Channels at the scales of the four taps.
_WIDTHS = (24, 32, 48, 64)
#: Channels of the map that `MaskRefiner.middle` gives, of 28 x 28 cells and half the samples.
MIDDLE_CHANNELS = _WIDTHS[1]
# About the largest logit of a mask: what the sharpener sees should not dwarf the frames.
_LOGIT_SCALE = 6.0


class MaskRefiner(nn.Module):
    """From the coarsest tap to the finest, each step up-sampled, added to the next tap and convolved.

    Its logits are added to the fused map of `MaskDecoder`, then `MaskSharpener` looks at the frames. Both start at
    zero, so that the paper's decoder is what training starts from. Not in the paper: off in every preset of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv3d(c, w, 1) for c, w in zip(TAP_CHANNELS, _WIDTHS, strict=True))
        self.mix = nn.ModuleList(nn.Conv3d(w, w, 3, padding=1) for w in _WIDTHS)
        self.narrow = nn.ModuleList(nn.Conv3d(w, v, 1) for w, v in zip(_WIDTHS[1:], _WIDTHS, strict=False))
        self.out = nn.ConvTranspose3d(_WIDTHS[0], 1, 4, 2, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.get_parameter("bias"))
        self.sharpener = MaskSharpener()

    def middle(self, taps: Sequence[Tensor]) -> Tensor:
        """Taps of N windows to what is known at the second one's scale, (N, 32, 8, 28, 28)."""
        x = self._mixed(3, self.lateral[3](taps[3]))
        for level in (2, 1):
            x = self._mixed(level, self._raised(level, x, taps))
        return x

    def forward(self, taps: Sequence[Tensor], middle: Tensor | None = None) -> Tensor:
        """Taps of N windows, and `middle` where it is known already, to logits (N, 16, 112, 112)."""
        x = self.middle(taps) if middle is None else middle
        out: Tensor = self.out(self._mixed(0, self._raised(0, x, taps)))
        return out[:, 0]

    def _mixed(self, level: int, x: Tensor) -> Tensor:
        return F.relu(self.mix[level](F.relu(x)))

    def _raised(self, level: int, x: Tensor, taps: Sequence[Tensor]) -> Tensor:
        raised = F.interpolate(self.narrow[level](x), size=taps[level].shape[2:], mode="nearest")
        out: Tensor = raised + self.lateral[level](taps[level])
        return out


class MaskSharpener(nn.Module):
    """Draws the outline of each frame's mask along what the frame shows.

    The taps know two frames as one and no cell finer than two pixels: of a fast limb they know about where it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(4, 16, 3, padding=1)
        self.coarse = nn.Sequential(
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 32, 3, padding=2, dilation=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 32, 3, padding=4, dilation=4),
            nn.ReLU(inplace=True),
        )
        self.join = nn.Conv2d(48, 16, 3, padding=1)
        self.out = nn.Conv2d(16, 1, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.get_parameter("bias"))

    def forward(self, logits: Tensor, windows: Tensor) -> Tensor:
        """Mask logits (N, 16, 112, 112) of windows (N, 3, 16, 112, 112) to what is to be added to them."""
        frames = windows.transpose(1, 2).flatten(0, 1)
        seen = torch.cat([logits.flatten(0, 1)[:, None].to(frames.dtype) / _LOGIT_SCALE, frames], dim=1)
        fine = F.relu(self.fine(seen.contiguous(memory_format=torch.channels_last)))
        coarse = F.interpolate(self.coarse(fine), size=fine.shape[2:], mode="nearest")
        out: Tensor = self.out(F.relu(self.join(torch.cat([fine, coarse], dim=1))))
        return out[:, 0].unflatten(0, logits.shape[:2])
