"""When the dive leaves the board, is highest, and touches the water, so that the three agree with the board's height.

A body that rises for a time and falls for another has fallen g/2 times the difference of their squares below where it
left the board: by the board's height, give or take how the body is stretched. Where the height is known, each of the
three moments is corrected by as much as it is uncertain.
"""

from dataclasses import dataclass

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2

#: The body's centre is as high over the board when it leaves it as over the water when it touches that, to so much.
POSTURE_M = 0.2
_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class AirMoments:
    """Real seconds of the three moments.

    Attributes:
        leaves_s, top_s, touches_s: as below.
        covariance: (3, 3) of them, in that order.
        conflict: standard deviations by which the moments as found and the board's height disagree; 0 where no height
            is known.
    """

    leaves_s: float
    top_s: float
    touches_s: float
    covariance: np.ndarray
    conflict: float = 0.0

    def deviation(self, weights: tuple[float, float, float]) -> float:
        """Standard deviation of a weighted sum of the moments."""
        row = np.array(weights)
        return float(np.sqrt(row @ self.covariance @ row))


def fall_m(leaves_s: float, top_s: float, touches_s: float) -> float:
    """Metres from where a body leaves the board to where it touches the water, by the three moments in real time."""
    return GRAVITY_M_S2 / 2 * ((touches_s - top_s) ** 2 - (top_s - leaves_s) ** 2)


def agree(found: AirMoments, board_m: float | None) -> AirMoments:
    """Moments that agree with the board's height, by least squares; as found where it is not known."""
    if board_m is None:
        return found
    start = np.array([found.leaves_s, found.top_s, found.touches_s])
    times, covariance, conflict = start, found.covariance, 0.0
    for round_ in range(_ROUNDS):
        leaves, top, touches = times
        slope = GRAVITY_M_S2 * np.array([top - leaves, leaves - touches, touches - top])
        # The residual of the moments as found, carried along the slope at the present ones.
        off = board_m - fall_m(*times) - slope @ (start - times)
        variance = float(slope @ covariance @ slope) + POSTURE_M**2
        if round_ == 0:
            conflict = float(off / np.sqrt(variance))
        gain = covariance @ slope / variance
        times = start + gain * off
    shrunk = covariance - np.outer(gain, slope @ covariance)
    # Moments that disagree with the height are uncertain by more than they state.
    return AirMoments(
        leaves_s=float(times[0]),
        top_s=float(times[1]),
        touches_s=float(times[2]),
        covariance=shrunk * max(1.0, conflict**2),
        conflict=conflict,
    )
