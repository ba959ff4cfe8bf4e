"""What the poses around the transitions tell of a step, moment by moment. Not in the paper."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.models.pose_features import ALONG_FEATURES, FRAME_FEATURES, SIDE_FEATURES
from fineparser_core.models.regression import TOKEN_SIZE
from fineparser_core.types import N_SAMPLES

# Samples around a transition: what is wrong with a take-off shows in the first moments of the flight, too.
_AROUND = np.arange(-14, 13)
# Of the flight, and a little more at either end, as shares of it.
_FLIGHT = np.linspace(-0.1, 1.1, 36)
_LENGTHS = (len(_AROUND), len(_FLIGHT), len(_AROUND))
_WIDTHS = (192, 96)


class StepMoments(nn.Module):
    """Features of poses (B, 96, POSE_FEATURES) to what is added to the step tokens, (B, 3, duration, 64).

    The projections of the paper see a step stretched to one length, and features mixed before they are cut. Faults of a
    take-off are small and soon over: here every moment, counted from the transition, has weights of its own, and
    features have signs (`pose_features.signed_features`), so that errors of joints are averaged over the moments. It
    starts at zero.
    """

    def __init__(self, duration: int) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(FRAME_FEATURES, affine=False)
        self.steps = nn.ModuleList(_reader(length * FRAME_FEATURES, duration * TOKEN_SIZE) for length in _LENGTHS)
        self.along = nn.ModuleList(_adder(length * ALONG_FEATURES) for length in _LENGTHS)
        self.sides = nn.ModuleList(_adder(length * SIDE_FEATURES) for length in _LENGTHS)

    def forward(self, seen: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        at = torch.from_numpy(np.stack([_moments(st, ed) for st, ed in transitions])).to(seen.device)
        moments = seen.gather(1, at[..., None].expand(-1, -1, seen.shape[-1]))
        frames, along, sides = moments.split((FRAME_FEATURES, ALONG_FEATURES, SIDE_FEATURES), dim=2)
        scaled = self.scale(frames.transpose(1, 2)).transpose(1, 2)
        parts = [part.split(_LENGTHS, dim=1) for part in (scaled, along, sides)]
        tokens = []
        for read, add_along, add_sides, *step in zip(self.steps, self.along, self.sides, *parts, strict=True):
            assert isinstance(read, nn.Sequential)
            known, of_sides = read[:2](step[0]) + add_along(step[1]), add_sides(step[2])
            # Which side is left is not known: both ways count alike.
            both = (read[2:](known + of_sides) + read[2:](known - of_sides)) / 2
            tokens.append(both.unflatten(1, (-1, TOKEN_SIZE)))
        return torch.stack(tokens, dim=1)


def _reader(in_size: int, out_size: int) -> nn.Sequential:
    first, second = _WIDTHS
    last = nn.Linear(second, out_size)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Flatten(), nn.Linear(in_size, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), last)


def _adder(in_size: int) -> nn.Sequential:
    """What is added to what a reader has read first."""
    return nn.Sequential(nn.Flatten(), nn.Linear(in_size, _WIDTHS[0], bias=False))


def _moments(st: int, ed: int) -> np.ndarray:
    """Samples of the three steps, one after the other."""
    flight = np.round(st + (ed - st) * _FLIGHT).astype(np.int64)
    return np.concatenate([st + _AROUND, flight, ed + _AROUND]).clip(0, N_SAMPLES - 1)
