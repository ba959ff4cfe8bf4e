"""Straight lines through readings of which some are wrong. Numpy only."""

import numpy as np


def robust_line(t: np.ndarray, values: np.ndarray) -> tuple[float, float, float]:
    """Return value at 0, slope and scatter of a line through values (n,) of which a quarter may be misread.

    Source: Theil, A rank-invariant method of linear and polynomial regression analysis, 1950; Sen 1968.
    """
    one, other = np.triu_indices(len(t), 1)
    slope = float(np.median((values[other] - values[one]) / (t[other] - t[one])))
    value = float(np.median(values - slope * t))
    return value, slope, 1.4826 * float(np.median(np.abs(values - slope * t - value)))
