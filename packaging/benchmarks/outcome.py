"""Records of a benchmark: rows of the table and their outcomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Result of a row.

    Attributes:
        measured: value in the units of the bound.
        met: whether the bound is met.
        notes: lines printed below it.
    """

    measured: str
    met: bool
    notes: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        name: for `--only`.
        what: is measured, in words.
        bound: in words.
    """

    name: str
    what: str
    bound: str
    measure: Callable[[], Outcome]


def spread_ms(values_s: Sequence[float]) -> str:
    """Median, 95th percentile and maximum of durations, as text."""
    median, p95 = np.percentile(values_s, [50, 95]) * 1000
    return f"median {median:.1f}, 95 % {p95:.1f}, worst {max(values_s) * 1000:.1f} ms"


def p95(values_s: Sequence[float]) -> float:
    """95th percentile, which is compared with the bound, because single outliers come from other processes."""
    return float(np.percentile(values_s, 95))
