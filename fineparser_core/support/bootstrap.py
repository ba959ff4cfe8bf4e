"""Bootstrap intervals: how far a number might lie elsewhere on other dives of the same kind."""

from collections.abc import Callable, Sequence

import numpy as np

#: Indices that are drawn at once.
_AT_ONCE = 2**21


def bootstrap_interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    n: int,
    *,
    groups: Sequence[str] | None = None,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic over n dives, drawn with replacement.

    Args:
        statistic: gets (k, n) int64 indices of dives, a draw a row, and gives their (k,) numbers, nan where there
            is none. Taking several arrays at these indices keeps pairs together.
        n: dives.
        groups: name of each dive's group; whole groups are drawn, as dives of a group depend on each other.
        resamples: draws.
        level: share of the resampled statistics between the two ends.
        seed: the same seed gives the same interval.

    Returns:
        (low, high); (nan, nan) where no resample has a number.

    Source: Efron, 1979; of groups Davison and Hinkley, 1997, section 3.8. The paper gives no intervals.
    """
    rng = np.random.default_rng((seed, n, resamples))
    at_once = max(_AT_ONCE // n, 1)
    counts = [min(at_once, resamples - done) for done in range(0, resamples, at_once)]
    drawn = (rng.integers(0, n, (count, n)) for count in counts)
    if groups is not None:  # a draw at a time, as they are not equally long
        members = [np.flatnonzero(np.array(groups) == name) for name in sorted(set(groups))]
        places = rng.integers(0, len(members), (resamples, len(members)))
        drawn = (np.concatenate([members[i] for i in row])[None] for row in places)
    values = np.concatenate([np.zeros(0), *map(statistic, drawn)])
    # Few dives drawn again and again may be constant, and constants have no correlation.
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
