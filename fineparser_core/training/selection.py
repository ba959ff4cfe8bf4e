"""Selection of the epoch whose weights a run keeps.

Deviation: the release picks the best epoch on the test split, and another epoch for each metric; that overstates the
quality of the weights. Here the validation split picks a single epoch. Both are reported, by name.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from fineparser_core.evaluation.summary import METRICS, Summary

# Metrics by which an epoch is picked, in order: the next decides between equals.
_PICK_BY = ("rho", "r_l2_x100", "aiou_75", "s_measure")


def metric_values(summary: Summary) -> dict[str, float]:
    """Return the metrics of a summary alone, by name."""
    return {name: metric.value for name, metric in summary.metrics.items()}


def _quality(name: str, value: float | None) -> float:
    if value is None or not math.isfinite(value):
        return -math.inf
    _, higher = METRICS[name]
    return value if higher else -value


def picked_epoch(history: Sequence[dict[str, Any]]) -> int:
    """Return the epoch with the best validation metrics, the earliest of equals.

    The last epoch without a validation split.
    """
    if not any("validation" in entry for entry in history):
        return int(history[-1]["epoch"])

    def quality(entry: dict[str, Any]) -> tuple[float, ...]:
        metrics = entry.get("validation", {})
        return tuple(_quality(name, metrics.get(name)) for name in _PICK_BY)

    return int(max(history, key=quality)["epoch"])


def best_on_test(history: Sequence[dict[str, Any]]) -> dict[str, tuple[int, float]]:
    """Return for every metric its best value over the epochs on the test split, and that epoch: the release's way."""
    best = {}
    tested = [entry for entry in history if "test" in entry]
    for name in METRICS:
        known = [entry for entry in tested if entry["test"].get(name) is not None]
        if known:
            entry = max(known, key=partial(_test_quality, name))
            best[name] = (int(entry["epoch"]), float(entry["test"][name]))
    return best


def _test_quality(name: str, entry: dict[str, Any]) -> float:
    return _quality(name, entry["test"][name])
