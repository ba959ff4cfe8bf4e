"""Temporal action parser (TAP): step transitions from gated window features (paper section 3.2, Eq. 4)."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.layers import DoubleConv1d, DownConv1d

N_TRANSITIONS = 2
# Standard deviation in samples, that of the targets in our own training (`TRANSITION_WIDTH`), and reach.
_SMOOTH_WIDTH, _SMOOTH_REACH = 1.5, 5
# From take-off to come-out. FineDiving's 2,251 training dives at 25 frames/s have a mean of 1.445 s and a standard
# deviation of 0.21 s; a little more, as lower boards are rare there.
_FLIGHT_S, _FLIGHT_SPREAD_S = 1.44, 0.24
# How likely a flight of any other length is against one of the commonest (slow motion, say), and what a transition that
# does not show counts as. Smoothed peaks over their ratio, a tenth, are taken as they are, however long the flight.
_ANY_LENGTH, _UNSEEN = 0.02, 0.002


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
        """Gated features (B, 9, 1024) to logits (B, 96, 2)."""
        x = self.inc(gated)
        for down in self.down:
            x = down(x)
        return self.layer3(F.relu(self.layer2(F.relu(self.layer1(x)))))

    def forward(self, gated: Tensor) -> Tensor:
        """Gated features (B, 9, 1024) to probabilities (B, 96, 2)."""
        return torch.sigmoid(self.logits(gated))


def decode_release(
    probabilities: np.ndarray, seconds: float | None = None, prior: np.ndarray | None = None
) -> tuple[int, int]:
    """(96, 2) probabilities to the two transitions, each searched in its half of the dive (Eq. 4, as released).

    Every decoder takes the seconds between the first sample and the last, and a prior; only `decode_flight` uses them.
    """
    half = len(probabilities) // 2
    return int(np.argmax(probabilities[:half, 0])), half + int(np.argmax(probabilities[half:, 1]))


def decode_joint(
    probabilities: np.ndarray, seconds: float | None = None, prior: np.ndarray | None = None
) -> tuple[int, int]:
    """(96, 2) probabilities to the pair t1 < t2 over all samples with the largest sum of log probabilities.

    Deviation: Eq. 4 searches each transition in a fixed part of the dive; about 7 % of the true ones lie outside.
    """
    log = np.log(np.clip(np.asarray(probabilities, dtype=np.float64), 1e-12, 1.0))
    best_first = np.maximum.accumulate(log[:-1, 0])
    second = 1 + int(np.argmax(best_first + log[1:, 1]))
    return int(np.argmax(log[:second, 0])), second


def decode_flight(
    probabilities: np.ndarray, seconds: float | None = None, prior: np.ndarray | None = None
) -> tuple[int, int]:
    """(96, 2) probabilities to the pair t1 < t2 that they, and how long flights last, make the likeliest.

    Deviation: Eq. 4 decodes each transition alone. Gravity links them: where a spectator hides the take-off, it is
    about as long before the entry as in other dives. Among peaks this chooses, but it moves none of them.

    Probabilities are smoothed over neighbouring samples, for weights whose targets were as wide: every sample has an
    output channel of its own, and which of three neighbours is highest is chance, down to the rounding of half
    precision.

    Args:
        seconds: from the first sample to the last; None where that is not known, and any flight is as likely.
        prior: (n, n), how likely each pair is by what was seen of the fall; it takes the place of the usual
            length, and moves peaks as well.
    """
    smooth = np.stack([_smoothed(column) for column in np.asarray(probabilities, dtype=np.float64).T], axis=1)
    n = len(smooth)
    length = np.arange(n)[None, :] - np.arange(n)[:, None]
    seen = prior is not None
    if prior is None:
        prior = np.ones(length.shape)
        if seconds is not None:
            off = (length * (seconds / (n - 1)) - _FLIGHT_S) / _FLIGHT_SPREAD_S
            prior = (1 - _ANY_LENGTH) * np.exp(-0.5 * off**2) + _ANY_LENGTH
    likely = np.where(length > 0, np.outer(smooth[:, 0] + _UNSEEN, smooth[:, 1] + _UNSEEN) * prior, -1)
    first, second = (int(i) for i in np.unravel_index(np.argmax(likely), likely.shape))
    if seen:
        return first, second
    first = _peak(smooth[:second, 0], first)
    return first, _peak(smooth[:, 1], second, after=first)


def _smoothed(column: np.ndarray) -> np.ndarray:
    reach = np.arange(-_SMOOTH_REACH, _SMOOTH_REACH + 1)
    kernel = np.exp(-0.5 * (reach / _SMOOTH_WIDTH) ** 2)
    return np.convolve(column, kernel / kernel.sum(), mode="same")


def _peak(column: np.ndarray, start: int, after: int = -1) -> int:
    """The sample uphill of `start`, within reach and later than `after`; `start` itself where nothing shows."""
    at = start
    for _ in range(_SMOOTH_REACH):
        beside = [i for i in (at - 1, at + 1) if after < i < len(column) and column[i] > max(column[at], _UNSEEN)]
        at = max(beside, key=lambda i: column[i], default=at)
    return at


DECODERS = {"release": decode_release, "joint": decode_joint, "flight": decode_flight}
