"""The paper's metrics of scores and transitions (section 4.2), the IoU of masks, and baselines without a video."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.stats import rankdata

from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import labeled_transitions


def spearman(predicted: Sequence[float] | np.ndarray, true: Sequence[float] | np.ndarray) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; nan where a side is constant or has a nan.

    Raises: ValueError, as `relative_l2`.

    Source: section 4.2.
    """
    return float(rank_correlations(*_paired(predicted, true)))


def rank_correlations(predicted: Sequence[float] | np.ndarray, true: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return `spearman` of every row of (..., n) numbers, (...) float64."""
    ranks = (rankdata(side, axis=-1) for side in (predicted, true))
    first, second = (each - each.mean(axis=-1, keepdims=True) for each in ranks)
    with np.errstate(invalid="ignore"):  # of constants
        ratio: np.ndarray = (first * second).sum(axis=-1) / np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    return ratio


def relative_l2(predicted: Sequence[float] | np.ndarray, true: Sequence[float] | np.ndarray) -> float:
    """Return R-l2 times 100: squared error relative to the range of true scores; nan for no range or a nan.

    Raises:
        ValueError: the sides differ in length.

    Source: section 4.2. Deviation: the range is that of the evaluated set, not of single dive numbers.
    """
    y, t = _paired(predicted, true)
    scale = np.ptp(t)
    return float(np.mean(((y - t) / scale) ** 2) * 100) if scale > 0 else float("nan")


def interval_iou(predicted: tuple[float, float], true: tuple[float, float]) -> float:
    """Return the IoU of the intervals between the two transitions, intersection clipped at 0 (the release's tIoU).

    Source: section 4.2.
    """
    intersection = max(0.0, min(predicted[1], true[1]) - max(predicted[0], true[0]))
    union = max(predicted[1], true[1]) - min(predicted[0], true[0])
    return intersection / union if union > 0 else 0.0


def step_ious(predicted: tuple[float, float], true: tuple[float, float]) -> tuple[float, float, float]:
    """Return the IoU of each of the three steps [0, st), [st, ed), [ed, N_SAMPLES) that two transitions make.

    Args:
        predicted: (st, ed), samples; medians may lie between two.
        true: likewise.

    Returns:
        Of take-off, flight and entry; 1 for a step that is empty on both sides.

    Source: ours; `interval_iou` sees the flight only.
    """
    first, second, third = (_step_iou(p, t) for p, t in zip(_steps(predicted), _steps(true), strict=True))
    return first, second, third


def aiou(ious: Sequence[float] | np.ndarray, threshold: float) -> float:
    """Return AIoU@d, the share of clips whose interval IoU reaches d; nan where a value is nan.

    Source: section 4.2.
    """
    found = np.asarray(ious)
    return float(np.mean(found >= threshold)) if np.isfinite(found).all() else float("nan")


def mask_iou(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the IoU of probability >= 0.5 and a true mask of the same shape; 1 where both are empty.

    Raises:
        ValueError: the shapes differ.

    Source: ours. Deviation: the release thresholds logits at 0.5, that is probabilities at 0.62.
    """
    if probability.shape != truth.shape:
        raise ValueError(f"a mask of shape {probability.shape} has a true mask of shape {truth.shape}")
    predicted, true = probability >= 0.5, truth.astype(bool)
    union = np.logical_or(predicted, true).sum()
    return float(np.logical_and(predicted, true).sum() / union) if union else 1.0


def _paired(
    predicted: Sequence[float] | np.ndarray, true: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted and true values (n,) as float64. Raises: ValueError, see `relative_l2`."""
    y, t = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if y.shape != t.shape or y.ndim != 1:
        raise ValueError(f"predictions of shape {y.shape} have true values of shape {t.shape}")
    return y, t


def _steps(transitions: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    st, ed = transitions
    return (0, st), (st, ed), (ed, N_SAMPLES)


def _step_iou(predicted: tuple[float, float], true: tuple[float, float]) -> float:
    empty = predicted[0] >= predicted[1] and true[0] >= true[1]
    return 1.0 if empty else float(interval_iou(predicted, true))


#: Mean share of a whole frame that the athlete covers; the baseline mask is a disc of that share of the map.
DISC_SHARE = 0.017


def median_transitions(records: Sequence[DiveRecord]) -> tuple[float, float] | None:
    """Return the medians over training dives, in samples, the naive baseline of transitions; None without labels."""
    labeled = [transitions for record in records if (transitions := labeled_transitions(record)) is not None]
    if not labeled:
        return None
    first, second = np.median(labeled, axis=0)
    return float(first), float(second)


def median_transition_ious(
    median: tuple[float, float], true: Sequence[tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the IoUs of a constant prediction, the median transitions of the training dives, with those of every clip.

    Args:
        median: (st, ed), samples.
        true: of every clip, n of them.

    Returns:
        Interval IoUs (n,) and step IoUs (n, 3).
    """
    intervals = np.array([interval_iou(median, clip) for clip in true])
    return intervals, np.array([step_ious(median, clip) for clip in true])


@lru_cache(maxsize=4)
def center_disc(height: int, width: int) -> np.ndarray:
    """Make a mask (height, width) float64, 1 in a disc around the center that covers `DISC_SHARE` of the map.

    At 112 x 112 its radius is 8.2 pixels. It is fixed, so it knows nothing of the masks that it is measured on.
    """
    y = np.arange(height)[:, None] - (height - 1) / 2
    x = np.arange(width)[None, :] - (width - 1) / 2
    disc = (x**2 + y**2 <= DISC_SHARE * height * width / np.pi).astype(np.float64)
    disc.setflags(write=False)
    return disc
