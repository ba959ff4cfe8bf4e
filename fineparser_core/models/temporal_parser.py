"""Temporal action parser (TAP): step transitions from gated window features (paper section 3.2, Eq. 4)."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.layers import DoubleConv1d, DownConv1d

N_TRANSITIONS = 2


class PSNet(nn.Module):
    """Gated features (B, 9, 1024) to transition probabilities (B, 96, 2).

    Deviation: the paper predicts L' = 3 transitions; as released there are two (three steps). The nine windows
    are the channels of a 1-D net along the 1024 feature positions, and its 96 output channels are the samples.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inc = DoubleConv1d(9, 12)
        self.down = nn.ModuleList(DownConv1d(i, o) for i, o in ((12, 24), (24, 48), (48, 96), (96, 96)))
        self.layer1 = nn.Linear(64, 128)
        self.layer2 = nn.Linear(128, 64)
        self.layer3 = nn.Linear(64, N_TRANSITIONS)

    def logits(self, gated: Tensor) -> Tensor:
        """Map gated features (B, 9, 1024) to logits (B, 96, 2)."""
        x = self.inc(gated)
        for down in self.down:
            x = down(x)
        logits: Tensor = self.layer3(F.relu(self.layer2(F.relu(self.layer1(x)))))
        return logits

    def forward(self, gated: Tensor) -> Tensor:
        """Map gated features (B, 9, 1024) to probabilities (B, 96, 2)."""
        return torch.sigmoid(self.logits(gated))


def decode_release(probabilities: np.ndarray) -> tuple[int, int]:
    """Decode (96, 2) probabilities to transitions, each searched in its half of the dive (Eq. 4, as released)."""
    half = len(probabilities) // 2
    return int(np.argmax(probabilities[:half, 0])), half + int(np.argmax(probabilities[half:, 1]))


def decode_joint(probabilities: np.ndarray) -> tuple[int, int]:
    """Decode (96, 2) probabilities to the pair t1 < t2 over all samples with the largest sum of log probabilities.

    Deviation: Eq. 4 searches each transition in a fixed part of the dive; about 7 % of the true transitions lie
    outside.
    """
    log = np.log(np.clip(np.asarray(probabilities, dtype=np.float64), 1e-12, 1.0))
    best_first = np.maximum.accumulate(log[:-1, 0])
    second = 1 + int(np.argmax(best_first + log[1:, 1]))
    return int(np.argmax(log[:second, 0])), second
