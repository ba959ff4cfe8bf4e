"""Measurement between epochs, choice of the epoch whose weights are kept.

Deviation: the release picks the best epoch on the test split, and reports another epoch for each metric; that
overstates the quality of the weights. Here the validation split picks a single epoch, unless `pick_on` says otherwise.
Both are reported, by name.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fineparser_core.config import TrainConfig
from fineparser_core.data.records import DatasetDive
from fineparser_core.evaluation.evaluate import Evaluator
from fineparser_core.evaluation.metrics import median_transitions
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.evaluation.summary import METRICS
from fineparser_core.progress import CancelToken, Progress, ProgressCallback

logger = logging.getLogger(__name__)

#: Time between two lines of a log, in seconds: nobody waits longer without knowing what for.
CONSOLE_EVERY_S = 10.0
# Metrics by which an epoch is picked, in order: the next decides between equals.
_PICK_BY = ("rho", "r_l2_x100", "aiou_75", "s_measure", "score_error")


@dataclass(frozen=True, kw_only=True)
class Splits:
    """Dives to train on, to pick the epoch by, and to test on; the last two may be empty."""

    train: Sequence[DatasetDive]
    validation: Sequence[DatasetDive]
    test: Sequence[DatasetDive]

    def median_transitions(self) -> tuple[float, float] | None:
        """Return the medians over the training dives, in samples, the naive baseline of transitions.

        None without labels.
        """
        return median_transitions([dive.record for dive in self.train])


def protocol_of(config: TrainConfig) -> Protocol:
    """Return the protocol by which the weights of a run are evaluated."""
    return Protocol(
        preprocessing=config.preprocessing,
        decoding=config.decoding,
        pairing=config.pairing,
        exemplars=config.exemplars,
        seed=config.seed,
    )


def run_by_number(evaluator: Evaluator, dives: Sequence[DatasetDive], *, cancel: CancelToken) -> list[DiveResult]:
    """Return the results of all dives in order, measured in the order of dive numbers, which share exemplars.

    Raises:
        Cancelled: once the token is set.
    """
    order = sorted(range(len(dives)), key=lambda i: dives[i].record.dive_number)
    results = evaluator.run([dives[i] for i in order], progress=log_progress(), cancel=cancel)
    by_index = dict(zip(order, results, strict=True))
    return [by_index[i] for i in range(len(dives))]


def log_progress() -> ProgressCallback:
    """Return a callback that logs progress with the remaining time now and then."""
    began = reported_s = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal reported_s
        now = time.monotonic()
        if now - reported_s > CONSOLE_EVERY_S:
            reported_s = now
            left_s = (now - began) / max(progress.done, 1) * (progress.total - progress.done)
            logger.info("%s %d/%d (%.0f s left)", progress.stage, progress.done, progress.total, left_s)

    return tell


def picked_epoch(history: Sequence[dict[str, Any]], split: str = "validation") -> int:
    """Return the epoch with the best metrics on a split, the earliest of equals; the last epoch without that split."""
    if not any(split in entry for entry in history):
        return int(history[-1]["epoch"])

    def quality(entry: dict[str, Any]) -> tuple[float, ...]:
        return tuple(_quality(name, entry.get(split, {}).get(name)) for name in _PICK_BY)

    return int(max(history, key=quality)["epoch"])


def best_on_test(history: Sequence[dict[str, Any]]) -> dict[str, tuple[int, float]]:
    """Return for every metric its best value over the epochs on the test split, and that epoch: the release's way."""
    best = {}
    for name in METRICS:
        known = [
            (entry["test"][name], entry["epoch"]) for entry in history if entry.get("test", {}).get(name) is not None
        ]
        if known:
            value, epoch = max(known, key=lambda pair: _quality(name, pair[0]))
            best[name] = (int(epoch), float(value))
    return best


def _quality(name: str, value: float | None) -> float:
    if value is None or not math.isfinite(value):
        return -math.inf
    return value if METRICS[name][1] else -value
