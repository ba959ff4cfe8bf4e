"""TSA-Net: attention within the tube of the athlete's boxes, and a distribution over scores."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.aqa_model import to_windows
from fineparser_core.models.baselines.pooled import USDL
from fineparser_core.models.i3d import TAP_CHANNELS
from fineparser_core.models.spatial_parser import MaskDecoder, SpatialParser


class TSANet(USDL):
    """Two attention modules within the tube, in the midst of an I3D, then USDL's distribution over scores.

    Source: Wang et al., "TSA-Net: Tube Self-Attention Network for Action Quality Assessment", ACM MM 2021.
    Choices of ours: the tube is made of the boxes of a spatial parser's masks, in place of a tracker started by hand
    (give weights with masks; the preset freezes them); attention is torch's, of one head, within a window of 16
    samples, after mixed_3c.

    Args:
        mask_decoder: of the spatial parser; by default the paper's.
    """

    def __init__(self, mask_decoder: MaskDecoder | None = None) -> None:
        super().__init__()
        self.spatial_parser = SpatialParser(mask_decoder)
        self.attention = nn.ModuleList(nn.MultiheadAttention(TAP_CHANNELS[2], 1, batch_first=True) for _ in range(2))

    def features(self, video: Tensor) -> Tensor:
        """Return window features, see `PooledModel.features`."""
        windows = to_windows(video)
        with self.encoders(video.device):
            with torch.no_grad():
                logits = self.spatial_parser.infer(windows)[0][0]
            x = self.i3d.stem(windows)[2]
            outside = ~boxes_of(logits > 0, x.shape[2:]).flatten(1)
            cells = x.flatten(2).transpose(1, 2)
            for module in self.attention:
                attended = module(cells, cells, cells, key_padding_mask=outside, need_weights=False)[0]
                cells = cells + attended.masked_fill(outside[..., None], 0)
            x = cells.transpose(1, 2).unflatten(2, x.shape[2:])
            feature = self.i3d.end(self.i3d.tap4(self.i3d.middle(x))).float()
        features: Tensor = feature.unflatten(0, (len(video), -1)).mean(dim=1)
        return features


def boxes_of(masks: Tensor, shape: torch.Size) -> Tensor:
    """Map masks (N, T, H, W) bool to the boxes around them on a grid (N, *shape) bool, all where there is none."""
    coarse = F.adaptive_max_pool3d(masks.float()[:, None], list(shape))[:, 0] > 0
    rows, columns = (_between(coarse.any(dim=dim)) for dim in (3, 2))
    boxes = rows[..., None] & columns[:, :, None]
    return boxes | ~boxes.flatten(1).any(dim=1)[:, None, None, None]


def _between(seen: Tensor) -> Tensor:
    """Return (.., n) bool, true from the first true to the last."""
    number = seen.int()
    return (number.cumsum(dim=-1) > 0) & (number.flip(-1).cumsum(dim=-1).flip(-1) > 0)
