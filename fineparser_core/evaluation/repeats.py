"""Trainings of one method that differ by their seed: the mean of each metric, and how far trainings scatter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from fineparser_core.evaluation.summary import METRICS, Summary

#: Probability that the interval holds the mean over all seeds.
_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """A metric of several trainings.

    Attributes:
        values: of each training.
        mean, deviation: of the values; the standard deviation is that of a sample (n - 1).
        low, high: 95 % interval of the mean by Student's t. It knows the scatter of trainings, not that of dives.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float
    low: float
    high: float


def repeats(summaries: Sequence[Summary]) -> dict[str, Repeats]:
    """Return the metrics that two or more trainings have in common, in the order of `METRICS`."""
    found = {}
    for name in METRICS:
        values = np.array([one.metrics[name].value for one in summaries if name in one.metrics])
        if len(values) == len(summaries) and np.isfinite(values).all():
            mean, deviation = float(values.mean()), float(values.std(ddof=1))
            half = float(t.ppf((1 + _LEVEL) / 2, len(values) - 1)) * deviation / len(values) ** 0.5
            found[name] = Repeats(
                values=tuple(values.tolist()), mean=mean, deviation=deviation, low=mean - half, high=mean + half
            )
    return found


def repeats_table(found: Mapping[str, Repeats]) -> tuple[list[str], list[list[str]]]:
    """Return the header and cells, a row a metric."""
    rows = [
        [METRICS[name][0], f"{one.mean:.4f}", f"{one.deviation:.4f}", f"{one.low:.4f} to {one.high:.4f}"]
        for name, one in found.items()
    ]
    trainings = len(next(iter(found.values())).values) if found else 0
    return [f"{trainings} trainings", "mean", "deviation", "95 % interval of the mean"], rows
