"""A finer mask decoder, added to the paper's: thin limbs need more than a sum of up-sampled taps."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.i3d import TAP_CHANNELS
from fineparser_core.models.layers import BasicBlock, Conv3d, upsample_to_map
from fineparser_core.models.spatial_parser import MaskDecoder, Taps
from fineparser_core.pose.layers import upsample_2x

#: Channels at the scales of the four taps.
_WIDTHS = (24, 32, 48, 64)
#: Channels of the map that `MaskRefiner.middle` gives, of 28 x 28 cells and half the samples.
MIDDLE_CHANNELS = _WIDTHS[1]
#: Kernel, stride and padding in (t, h, w) that bring the finest tap to 16 x 112 x 112.
_TO_MAP = (4, 4, 4), (2, 2, 2), (1, 1, 1)
_SHARPENER_WIDTHS = (16, 24, 48, 96)
# Samples that are sharpened at once: with more of them a processor's cache overflows.
_AT_ONCE = 16
# About the largest logit of a mask: what the sharpener sees should not dwarf the frames.
_LOGIT_SCALE = 6.0


class RefinedMaskDecoder(MaskDecoder):
    """The paper's mask decoder, to whose fused map the logits of a `MaskRefiner` are added."""

    def __init__(self) -> None:
        super().__init__()
        self.refiner = MaskRefiner()

    def _coarse(self, sides: list[Tensor], taps: Taps) -> tuple[Tensor, Tensor]:
        middle = self.refiner.middle(taps)
        return self._fused(sides) + self.refiner(taps, middle), middle

    def finish(self, logits: Tensor, known: Tensor | None, video: Tensor) -> Tensor:
        assert known is not None
        parts = zip(logits.split(_AT_ONCE, 1), video.split(_AT_ONCE, 2), known.split(_AT_ONCE // 2, 2), strict=True)
        return logits + torch.cat([self.refiner.sharpener(*part) for part in parts], dim=1)


class MaskRefiner(nn.Module):
    """Refines masks from the coarsest tap to the finest: each step is up-sampled, added to the next tap and convolved.

    Its logits are added to the fused map of `MaskDecoder`, then `MaskSharpener` looks at the frames. Both start at
    zero, so that training starts from the paper's decoder.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(Conv3d(c, w, 1) for c, w in zip(TAP_CHANNELS, _WIDTHS, strict=True))
        self.mix = nn.ModuleList(nn.Conv3d(w, w, 3, padding=1) for w in _WIDTHS)
        self.narrow = nn.ModuleList(Conv3d(w, v, 1) for w, v in zip(_WIDTHS[1:], _WIDTHS, strict=False))
        self.out = nn.ConvTranspose3d(_WIDTHS[0], 1, *_TO_MAP)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.get_parameter("bias"))
        self.sharpener = MaskSharpener()

    def middle(self, taps: Sequence[Tensor]) -> Tensor:
        """Mix the taps of N windows at the second tap's scale, (N, 32, 8, 28, 28)."""
        x = self._mixed(3, self.lateral[3](taps[3]))
        for level in (2, 1):
            x = self._mixed(level, self._raised(level, x, taps))
        return x

    def forward(self, taps: Sequence[Tensor], middle: Tensor | None = None) -> Tensor:
        """Map taps of N windows, and `middle` where it is known already, to logits (N, 16, 112, 112)."""
        x = self.middle(taps) if middle is None else middle
        raised = self._mixed(0, self._raised(0, x, taps))
        weight, bias = (getattr(self.out, name).to(raised.dtype) for name in ("weight", "bias"))
        logits: Tensor = upsample_to_map(raised, weight, _TO_MAP[1], _TO_MAP[2])[:, 0] + bias
        return logits

    def _mixed(self, level: int, x: Tensor) -> Tensor:
        return F.relu(self.mix[level](F.relu(x)))

    def _raised(self, level: int, x: Tensor, taps: Sequence[Tensor]) -> Tensor:
        raised = F.interpolate(self.narrow[level](x), size=taps[level].shape[2:], mode="nearest")
        out: Tensor = raised + self.lateral[level](taps[level])
        return out


class MaskSharpener(nn.Module):
    """Draws each frame's mask anew, from the frame, the coarse mask and the taps around that frame.

    The taps merge two frames and have no cell finer than two pixels: they place a fast limb only roughly.
    """

    def __init__(self) -> None:
        super().__init__()
        w0, w1, w2, w3 = _SHARPENER_WIDTHS
        self.enter = nn.Sequential(
            nn.Conv2d(4, w0, 3, padding=1, bias=False), nn.BatchNorm2d(w0), nn.ReLU(inplace=True)
        )
        self.fine = BasicBlock(w0, w1, 2)
        self.middle = BasicBlock(w1, w2, 2)
        self.known, self.merge = nn.Conv2d(MIDDLE_CHANNELS, w2, 1), BasicBlock(w2, w2)
        self.coarse = nn.Sequential(BasicBlock(w2, w3, 2), BasicBlock(w3, w3))
        self.raise_coarse, self.join_middle = nn.Conv2d(w3, w2, 1), BasicBlock(w2, w2)
        self.raise_middle, self.join_fine = nn.Conv2d(w2, w1, 1), BasicBlock(w1, w1)
        self.raise_fine = nn.Conv2d(w1, w0, 1)
        self.join = nn.Sequential(
            nn.Conv2d(w0, w0, 3, padding=1, bias=False), nn.BatchNorm2d(w0), nn.ReLU(inplace=True)
        )
        self.last = nn.Conv2d(w0, 1, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.get_parameter("bias"))

    def forward(self, logits: Tensor, windows: Tensor, middle: Tensor) -> Tensor:
        """Return the addition to mask logits (N, T, H, W), of any even number of samples T.

        Args:
            windows: (N, 3, T, H, W).
            middle: (N, 32, T / 2, H / 4, W / 4), output of `MaskRefiner.middle`.
        """
        frames = windows.transpose(1, 2).flatten(0, 1)
        seen = torch.cat([logits.flatten(0, 1)[:, None].to(frames.dtype) / _LOGIT_SCALE, frames], dim=1)
        entered = self.enter(seen.contiguous(memory_format=torch.channels_last))
        fine = self.fine(entered)
        each = middle.transpose(1, 2).repeat_interleave(2, dim=1).flatten(0, 1)
        known = self.known(each.contiguous(memory_format=torch.channels_last))
        middle = self.merge(self.middle(fine) + known)
        middle = self.join_middle(upsample_2x(self.raise_coarse(self.coarse(middle))).add_(middle))
        fine = self.join_fine(upsample_2x(self.raise_middle(middle)).add_(fine))
        out: Tensor = self.last(self.join(upsample_2x(self.raise_fine(fine)).add_(entered)))
        refined: Tensor = out[:, 0].unflatten(0, logits.shape[:2])
        return refined
