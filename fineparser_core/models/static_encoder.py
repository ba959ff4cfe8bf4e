"""Static visual encoder (SVE): a ResNet on every sample and a projection per step (paper section 3.2, Eq. 5)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import resnet34

from fineparser_core.models.layers import DoubleConv1d, DownConv1d
from fineparser_core.models.step_pooling import STATIC_LENGTHS, static_matrix

FRAME_FEATURE_SIZE = 512
TOKENS_PER_STEP = 4
TOKEN_SIZE = 64


class StaticEncoder(nn.Module):
    """ResNet-34 frame features and the three step projections f_l.

    Deviation: the paper feeds SVE together with the target action representation; as released it sees whole,
    unmasked frames. In the projections the resampled samples are channels and the 512 features the length.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = resnet34(weights=None)
        self.backbone.fc = nn.Identity()
        self.projections = nn.ModuleList(
            nn.Sequential(DoubleConv1d(n, 48), DownConv1d(48, 24), DownConv1d(24, 12), DownConv1d(12, 4))
            for n in STATIC_LENGTHS
        )

    def frame_features(self, frames: Tensor) -> Tensor:
        """Frames (N, 3, 112, 112) float32, ImageNet-normalised, to features (N, 512)."""
        return self.backbone(frames)

    def step_tokens(self, features: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        """Frame features (B, 96, 512), cut at each video's own (st, ed), to step tokens (B, 3, 4, 64)."""
        matrix = torch.from_numpy(np.stack([static_matrix(st, ed) for st, ed in transitions]))
        pieces = matrix.to(features) @ features
        tokens = [
            projection(piece)
            for projection, piece in zip(self.projections, pieces.split(list(STATIC_LENGTHS), dim=1), strict=True)
        ]
        return torch.stack(tokens, dim=1)
