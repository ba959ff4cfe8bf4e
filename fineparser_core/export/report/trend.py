"""Places of the points of a trend, the same on every kind of page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fineparser_core.export.report.page import TrendPoint

#: Awards that a trend spans at least.
_LEAST_SPAN = 2


@dataclass(frozen=True, kw_only=True)
class TrendChart:
    """A chart as shares of its width and height, from its lower left corner.

    Attributes:
        ticks: (share of the height, award).
        points: (share of the width, share of the height, point).
    """

    ticks: tuple[tuple[float, int], ...]
    points: tuple[tuple[float, float, TrendPoint], ...]


def trend_chart(trend: Sequence[TrendPoint]) -> TrendChart:
    """Make the chart of a dive or more."""
    awards = [point.award for point in trend]
    low, high = math.floor(min(awards)), math.ceil(max(awards))
    while high - low < _LEAST_SPAN:
        low, high = max(low - 1, 0), min(high + 1, 10)
    step = max(1, (high - low) // 4)
    points = tuple(
        ((at + 0.5) / len(trend), (point.award - low) / (high - low), point) for at, point in enumerate(trend)
    )
    return TrendChart(
        ticks=tuple(((tick - low) / (high - low), tick) for tick in range(low, high + 1, step)), points=points
    )
