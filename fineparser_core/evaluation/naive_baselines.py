"""Naive baselines: predictions that use no video. A model is worth what it adds to them.

The baselines of scores are in every `DiveResult`. Those of transitions and masks are here.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import labeled_transitions
from fineparser_core.evaluation.metrics import interval_iou, step_ious

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
