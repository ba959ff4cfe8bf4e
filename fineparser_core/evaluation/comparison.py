"""Two methods on the same dives: the difference of each metric, with a paired bootstrap interval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fineparser_core.evaluation.protocol import interval_unit
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.evaluation.summary import (
    METRICS,
    Intervals,
    Statistic,
    is_parsed,
    is_scored,
    score_statistics,
    step_values,
)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A metric of two methods over the n dives that both have predicted.

    Attributes:
        first, second: the metric of either.
        value: first - second.
        low, high: 95 % interval of the difference; each draw takes the same dives or events of both.
    """

    first: float
    second: float
    value: float
    low: float
    high: float
    n: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.low > 0 or self.high < 0


def differences_table(names: Sequence[str], differences: Mapping[str, Difference]) -> tuple[list[str], list[list[str]]]:
    """Return the header and cells of the differences of two methods, a row a metric.

    Args:
        names: what the methods are called.
    """
    rows = []
    for name, each in differences.items():
        label, more = METRICS[name]
        better = names[0 if (each.value > 0) == more else 1] if each.is_clear else "not told apart"
        numbers = [f"{number:.4f}" for number in (each.first, each.second)]
        interval = f"{each.low:+.4f} to {each.high:+.4f}"
        rows.append([label, *numbers, f"{each.value:+.4f}", interval, str(each.n), better])
    return ["metric", *names, "difference", "95 % interval", "dives", "better"], rows


def compare(first: Sequence[DiveResult], second: Sequence[DiveResult], *, seed: int = 0) -> dict[str, Difference]:
    """Return the difference of two methods by metric, in the order of `METRICS`, on the dives that both have predicted.

    Args:
        first, second: results on the same labels.
        seed: of the bootstrap.
    """
    by_id = {result.id: result for result in second}
    pairs = [(result, by_id[result.id]) for result in first if result.id in by_id]
    kinds: tuple[
        tuple[Callable[[DiveResult], bool], Callable[[Sequence[DiveResult]], Mapping[str, Statistic]]], ...
    ] = ((is_scored, score_statistics), (is_parsed, partial(_means, step_values)))
    found: dict[str, Difference] = {}
    intervals = Intervals(interval_unit([result.id for result, _ in pairs]), seed)
    for has, statistics in kinds:
        both = [pair for pair in pairs if has(pair[0]) and has(pair[1])]
        if both:
            one, other = (statistics(side) for side in zip(*both, strict=True))
            dives = [pair[0] for pair in both]
            found |= {name: _difference(one[name], other[name], dives, intervals) for name in one}
    return {name: found[name] for name in METRICS if name in found and np.isfinite(found[name].value)}


def _means(
    values_of: Callable[[Sequence[DiveResult]], Mapping[str, np.ndarray]], results: Sequence[DiveResult]
) -> dict[str, Statistic]:
    return {name: partial(_mean, values) for name, values in values_of(results).items()}


def _mean(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    found: np.ndarray = values[draws].mean(axis=-1)
    return found


def _difference(one: Statistic, other: Statistic, dives: Sequence[DiveResult], intervals: Intervals) -> Difference:
    every = np.arange(len(dives))[None]
    first, second = float(one(every)[0]), float(other(every)[0])
    low, high = intervals(lambda draws: one(draws) - other(draws), dives)
    return Difference(first=first, second=second, value=first - second, low=low, high=high, n=len(dives))
