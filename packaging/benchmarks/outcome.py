"""What a measurement is: a name, a bound, and a function that runs in a process of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was measured.

    Attributes:
        measured: beside the bound, in its units.
        met: whether the bound is.
        notes: lines below it.
    """

    measured: str
    met: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        name: for `--only`.
        what: is measured.
        bound: in words.
    """

    name: str
    what: str
    bound: str
    measure: Callable[[], Outcome]


def spread_ms(values_s: Sequence[float]) -> str:
    """Median, 95th percentile and worst of some durations."""
    median, p95 = np.percentile(values_s, [50, 95]) * 1000
    return f"median {median:.1f}, 95 % {p95:.1f}, worst {max(values_s) * 1000:.1f} ms"


def p95(values_s: Sequence[float]) -> float:
    """The 95th percentile: what a bound is held against, so that a neighbour's burst of work is no verdict."""
    return float(np.percentile(values_s, 95))
