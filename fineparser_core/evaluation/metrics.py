"""The paper's metrics (section 4.2): numpy only, one number a call."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr


def spearman(predicted: Sequence[float], true: Sequence[float]) -> float:
    """Spearman's rank correlation; nan where either side is constant."""
    if np.ptp(predicted) == 0 or np.ptp(true) == 0:
        return float("nan")
    return float(spearmanr(predicted, true).statistic)


def relative_l2(predicted: Sequence[float], true: Sequence[float]) -> float:
    """R-l2 times 100: mean squared error relative to the range of the true scores."""
    y, t = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    return float(np.mean(((y - t) / np.ptp(t)) ** 2) * 100)


def interval_iou(predicted: tuple[float, float], true: tuple[float, float]) -> float:
    """IoU of the intervals between the two transitions, intersection clipped at 0 (the release's tIoU)."""
    intersection = max(0.0, min(predicted[1], true[1]) - max(predicted[0], true[0]))
    union = max(predicted[1], true[1]) - min(predicted[0], true[0])
    return intersection / union if union > 0 else 0.0


def aiou(ious: Sequence[float], threshold: float) -> float:
    """AIoU@d: share of clips whose interval IoU reaches d."""
    return float(np.mean(np.asarray(ious) >= threshold))


def mask_iou(probability: np.ndarray, truth: np.ndarray) -> float:
    """IoU of probability >= 0.5 and a true mask, any equal shape; 1 where both are empty."""
    predicted, true = probability >= 0.5, truth.astype(bool)
    union = np.logical_or(predicted, true).sum()
    return float(np.logical_and(predicted, true).sum() / union) if union else 1.0
