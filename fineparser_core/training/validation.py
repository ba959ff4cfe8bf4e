"""Measurement between epochs, choice of the epoch whose weights are kept, and pictures of its masks.

Deviation: the release picks the best epoch on the test split, and another epoch for each metric; that overstates the
quality of the weights. Here the validation split picks a single epoch. Both are reported, by name.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch

from fineparser_core.config import TrainConfig
from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.dives import DatasetDive
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.errors import Cancelled
from fineparser_core.evaluation.evaluate import Evaluator
from fineparser_core.evaluation.naive_baselines import median_transitions
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.evaluation.summary import METRICS, Summary
from fineparser_core.models.aqa_model import AQAModel, normalize
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.training.distributed import Processes

logger = logging.getLogger(__name__)

#: Time between two lines of a log, in seconds: nobody waits longer without knowing what for.
CONSOLE_EVERY_S = 10.0
# Metrics by which an epoch is picked, in order: the next decides between equals.
_PICK_BY = ("rho", "r_l2_x100", "aiou_75", "s_measure", "score_error")
# Dives and samples of the pictures of masks, and the colors of found and true masks.
_DIVES, _SAMPLES = 4, (8, 30, 45, 60, 75, 90)
_GREEN, _RED = (40, 220, 90), (255, 70, 60)


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


def evaluate_sharded(
    model: AQAModel,
    dives: Sequence[DatasetDive],
    pool: Sequence[DatasetDive],
    config: TrainConfig,
    *,
    cancel: CancelToken,
    peers: Processes,
) -> list[DiveResult]:
    """Return the results of dives as the frame cache stores them, against exemplars from a pool; see `run_sharded`."""
    evaluator = Evaluator(model, [dive.record for dive in pool], pool, protocol_of(config))
    return run_sharded(evaluator, dives, cancel=cancel, peers=peers)


def run_sharded(
    evaluator: Evaluator, dives: Sequence[DatasetDive], *, cancel: CancelToken, peers: Processes
) -> list[DiveResult]:
    """Return the results of all dives in order, each measured by a single process; every process gets all.

    A process measures neighbors in the order of dive numbers: dives of a number share exemplars, which a process
    encodes once.

    Raises:
        Cancelled: once the token of any process is set.
    """
    order = sorted(range(len(dives)), key=lambda i: dives[i].record.dive_number)
    shares = np.array_split(np.array(order, int), peers.world)
    try:
        mine: list[DiveResult] | None = []
        if len(share := shares[peers.rank]) or len(dives) == 0:
            mine = evaluator.run([dives[i] for i in share], progress=log_progress(), cancel=cancel)
    except Cancelled:
        mine = None  # the other processes wait in `gather` below
    by_index: dict[int, DiveResult] = {}
    for indices, results in zip(shares, peers.gather(mine), strict=True):
        if results is None:
            raise Cancelled()
        by_index.update(zip(indices.tolist(), results, strict=True))
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


def metric_values(summary: Summary) -> dict[str, float]:
    """Return the metrics of a summary alone, by name."""
    return {name: metric.value for name, metric in summary.metrics.items()}


def picked_epoch(history: Sequence[dict[str, Any]]) -> int:
    """Return the epoch with the best validation metrics, the earliest of equals.

    The last epoch without a validation split.
    """
    if not any("validation" in entry for entry in history):
        return int(history[-1]["epoch"])

    def quality(entry: dict[str, Any]) -> tuple[float, ...]:
        return tuple(_quality(name, entry.get("validation", {}).get(name)) for name in _PICK_BY)

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


@torch.inference_mode()
def mask_sheet(model: AQAModel, dives: Sequence[DatasetDive], config: TrainConfig) -> np.ndarray | None:
    """Draw six samples of up to four dives, predicted athlete in green, true outline in red: (H, W, 3) uint8.

    Returns: None for a method or a data set without masks.
    """
    model.eval()
    device = next(model.parameters()).device
    rows = []
    for dive in dives[:_DIVES]:
        view = plain_view(dive, config.preprocessing)
        frames = view_frames(dive, view, np.arange(N_SAMPLES))
        video = normalize(torch.from_numpy(frames).to(device)).transpose(0, 1)[None]
        masks = model.encode(video, DECODERS[config.decoding]).mask_probability
        if masks is None or dive.masks is None:
            return None
        predicted = masks[0].float().cpu().numpy() >= 0.5
        truth = view_masks(dive, view, np.arange(N_SAMPLES)) >= 128
        rows.append(np.concatenate([_overlay(frames[i], predicted[i], truth[i]) for i in _SAMPLES], axis=1))
    return np.concatenate(rows)


def _overlay(frame: np.ndarray, predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    image = frame.copy()
    image[predicted] = image[predicted] // 2 + np.array(_GREEN, np.uint8) // 2
    outline = truth & ~cv2.erode(truth.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    image[outline] = _RED
    return image
