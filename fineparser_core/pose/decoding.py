"""Decoders, by the name that a card of weights gives: transition probabilities to the two transitions."""

from typing import Protocol

import numpy as np

from fineparser_core.models.aqa_model import Decoder
from fineparser_core.models.temporal_parser import decode_joint, decode_release

# Standard deviation in samples, that of the targets in our own training (`TRANSITION_WIDTH`), and reach.
_SMOOTH_WIDTH, _SMOOTH_REACH = 1.5, 5
# Duration of the flight from take-off to come-out. FineDiving's 2,251 training dives at 25 frames/s have a mean of
# 1.445 s and a standard deviation of 0.21 s; a little more, as lower boards are rare there.
_FLIGHT_S, _FLIGHT_SPREAD_S = 1.44, 0.24
# Likelihood of a flight of any other length, in slow motion for example, relative to the commonest, and that of a
# transition that does not show. Smoothed peaks over their ratio, a tenth, are taken as they are, however long the
# flight.
_ANY_LENGTH, _UNSEEN = 0.02, 0.002


class TransitionDecoder(Protocol):
    """(96, 2) probabilities to the samples of the two transitions, as `decode_flight`, which alone uses the rest."""

    def __call__(
        self, probabilities: np.ndarray, seconds: float | None = None, prior: np.ndarray | None = None
    ) -> tuple[int, int]: ...


def decode_flight(
    probabilities: np.ndarray, seconds: float | None = None, prior: np.ndarray | None = None
) -> tuple[int, int]:
    """Decode (96, 2) probabilities to the likeliest pair t1 < t2, given the usual duration of flights.

    Deviation: Eq. 4 decodes each transition alone. Gravity links them: where a spectator hides the take-off, it is
    about as long before the entry as in other dives. Among peaks this chooses, but it moves none of them.

    Probabilities are smoothed over neighboring samples, for weights whose targets were as wide: every sample has its
    own output channel, and which of three neighbors is highest is chance, down to the rounding of half precision.

    Args:
        seconds: from the first sample to the last; None where that is not known, and any flight is as likely.
        prior: (n, n), likelihood of each pair by the seen fall; it replaces the usual length, and moves peaks as well.
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
    """Return the sample uphill of `start`, within reach and later than `after`; `start` itself where nothing shows."""
    at = start
    for _ in range(_SMOOTH_REACH):
        beside = [i for i in (at - 1, at + 1) if after < i < len(column) and column[i] > max(column[at], _UNSEEN)]
        at = max(beside, key=lambda i: column[i], default=at)
    return at


def _by_probabilities(decode: Decoder) -> TransitionDecoder:
    """Return a decoder of the paper, which knows neither time nor prior."""

    def decode_alone(
        probabilities: np.ndarray, seconds: float | None = None, prior: np.ndarray | None = None
    ) -> tuple[int, int]:
        return decode(probabilities)

    return decode_alone


DECODERS: dict[str, TransitionDecoder] = {
    "release": _by_probabilities(decode_release),
    "joint": _by_probabilities(decode_joint),
    "flight": decode_flight,
}
