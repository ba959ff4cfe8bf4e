"""Step tokens from poses aligned at the transitions."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES, TOKEN_SIZE
from fineparser_core.pose.pose_features import POSE_FEATURES

# Samples around a transition: faults of a take-off also show in the first samples of the flight.
_AROUND = np.arange(-14, 13)
# Places in the flight, and a little beyond either end, as shares of it.
_FLIGHT = np.linspace(-0.1, 1.1, 36)
_LENGTHS = (len(_AROUND), len(_FLIGHT), len(_AROUND))
_WIDTHS = (192, 96)


class BoundaryAlignedPoseMLP(nn.Module):
    """Maps pose features (B, 96, POSE_FEATURES) to an addition to the step tokens, (B, 3, duration, 64).

    The projections of the paper see a step stretched to a fixed length, and features mixed before they are cut. Faults
    of a take-off are small and short: here every sample, counted from the transition, has its own weights. The output
    starts at zero.
    """

    def __init__(self, duration: int) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(POSE_FEATURES, affine=False)
        self.steps = nn.ModuleList(_mlp(length * POSE_FEATURES, duration * TOKEN_SIZE) for length in _LENGTHS)

    def forward(self, poses: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        at = torch.from_numpy(np.stack([_aligned_samples(st, ed) for st, ed in transitions])).to(poses.device)
        aligned = self.scale(poses.gather(1, at[..., None].expand(-1, -1, poses.shape[-1])).transpose(1, 2))
        steps = aligned.transpose(1, 2).split(_LENGTHS, dim=1)
        tokens = [mlp(step).unflatten(1, (-1, TOKEN_SIZE)) for mlp, step in zip(self.steps, steps, strict=True)]
        return torch.stack(tokens, dim=1)


def _mlp(in_size: int, out_size: int) -> nn.Sequential:
    first, second = _WIDTHS
    last = nn.Linear(second, out_size)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Flatten(), nn.Linear(in_size, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), last)


def _aligned_samples(st: int, ed: int) -> np.ndarray:
    """Return the samples of the three steps in order."""
    flight = np.round(st + (ed - st) * _FLIGHT).astype(np.int64)
    return np.concatenate([st + _AROUND, flight, ed + _AROUND]).clip(0, N_SAMPLES - 1)
