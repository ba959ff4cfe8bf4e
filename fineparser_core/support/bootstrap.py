"""Bootstrap intervals: how far a number might lie elsewhere on other dives of the same kind."""

from collections.abc import Callable

import numpy as np

#: Indices that are drawn at once.
_AT_ONCE = 2**21


def bootstrap_interval(
    statistic: Callable[[np.ndarray], np.ndarray], n: int, *, resamples: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic over n dives, drawn with replacement.

    Args:
        statistic: gets (k, n) int64 indices of dives, a draw a row, and gives their (k,) numbers, nan where there
            is none. Taking several arrays at these indices keeps pairs together.
        n: dives.
        resamples: draws.
        level: share of the resampled statistics between the two ends.
        seed: the same seed gives the same interval.

    Returns:
        (low, high); (nan, nan) where no resample has a number.

    Source: Efron, 1979; the paper gives no intervals.
    """
    rng = np.random.default_rng((seed, n, resamples))
    at_once = max(_AT_ONCE // n, 1)
    counts = [min(at_once, resamples - done) for done in range(0, resamples, at_once)]
    values = np.concatenate([statistic(rng.integers(0, n, (count, n))) for count in counts])
    # Few dives drawn again and again may be constant, and constants have no correlation.
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
