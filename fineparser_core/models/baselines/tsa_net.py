"""TSA-Net: attention within the tube of the athlete's boxes, and a distribution over scores."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.aqa_model import to_windows
from fineparser_core.models.baselines.usdl import USDL
from fineparser_core.models.i3d import TAP_CHANNELS
from fineparser_core.models.layers import Conv3d
from fineparser_core.models.spatial_parser import MaskDecoder, SpatialParser

_CHANNELS = TAP_CHANNELS[2]


class TubeSelfAttention(nn.Module):
    """Non-local attention (Wang et al. 2018) among the positions of a tube; the others stay as they are."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = Conv3d(channels, channels // 2, 1)
        self.key = Conv3d(channels, channels // 2, 1)
        self.value = Conv3d(channels, channels // 2, 1)
        self.out = Conv3d(channels // 2, channels, 1)

    def forward(self, x: Tensor, tube: Tensor) -> Tensor:
        """Map features (N, C, T, H, W) and a tube (N, T, H, W) bool, never empty, to features of the same shape."""
        query, key, value = (layer(x).flatten(2).transpose(1, 2) for layer in (self.query, self.key, self.value))
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=tube.flatten(1)[:, None])
        moved = self.out(attended.transpose(1, 2).unflatten(2, x.shape[2:]))
        return x + moved * tube[:, None]


class TSANet(USDL):
    """Two attention modules within the tube, in the midst of an I3D, then USDL's distribution over scores.

    Source: Wang et al., "TSA-Net: Tube Self-Attention Network for Action Quality Assessment", ACM MM 2021.
    Choices of ours: the tube is made of the boxes of a spatial parser's masks, in place of a tracker started by hand
    (give weights with masks; the preset freezes them); attention is within a window of 16 samples, after mixed_3c.

    Args:
        mask_decoder: of the spatial parser; by default the paper's.
    """

    def __init__(self, mask_decoder: MaskDecoder | None = None) -> None:
        super().__init__()
        self.spatial_parser = SpatialParser(mask_decoder)
        self.attention = nn.ModuleList(TubeSelfAttention(_CHANNELS) for _ in range(2))

    def features(self, video: Tensor) -> Tensor:
        """Return window features, see `PooledModel.features`."""
        windows = to_windows(video)
        with self.encoders(video.device):
            with torch.no_grad():
                logits = self.spatial_parser.infer(windows)[0][0]
            taps = self.i3d.stem(windows)
            x = taps[2]
            tube = boxes_of(logits > 0, x.shape[2:])
            for module in self.attention:
                x = module(x, tube)
            feature = self.i3d.end(self.i3d.mixed_4f(self.i3d.middle(x))).float()
        return feature.unflatten(0, (len(video), -1)).mean(dim=1)


def boxes_of(masks: Tensor, shape: torch.Size) -> Tensor:
    """Map masks (N, T, H, W) bool to the boxes around them on a grid (N, *shape) bool.

    All of it where there is none.
    """
    coarse = F.adaptive_max_pool3d(masks.float()[:, None], list(shape))[:, 0] > 0
    rows, columns = (_between(coarse.any(dim=dim)) for dim in (3, 2))
    boxes = rows[..., None] & columns[:, :, None]
    return boxes | ~boxes.flatten(1).any(dim=1)[:, None, None, None]


def _between(seen: Tensor) -> Tensor:
    """Return (.., n) bool, true from the first true to the last."""
    number = seen.int()
    return (number.cumsum(dim=-1) > 0) & (number.flip(-1).cumsum(dim=-1).flip(-1) > 0)
