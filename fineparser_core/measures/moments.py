"""When the diver leaves the board and touches the water, from the lowest point of the body and its free fall.

The feet go up with the board, fastest when they leave it. The hands fall, and what is lowest stays where the water is
from then on.
"""

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.measures.free_fall import FreeFall

_ATHLETE = 0.5
#: The feet leave the board about where the parabola begins, which the boxes of a rising board blur by so much.
_AROUND_S = 0.18
# Where transitions lie, in seconds of real time: the take-off where the feet rise fastest, give or take a mask's edge,
# or, three times less likely, somewhere around the start of the parabola; the entry from the come-out, at most this
# long before the parabola ends, to its end.
_AT_FEET_S, _AT_START_S, _AT_START = 0.05, 0.3, 0.3
_COME_OUT_S, _EDGE_S = 0.6, 0.12
#: What any other place counts as.
_ELSEWHERE = 0.0003
#: What is left of a body that goes under still marks the water for so long after the parabola has ended, and hands
#: touch it at most so long before; seconds of real time.
_AFTER_S, _BEFORE_S = 0.22, 0.4
#: Scatter of the lowest point of a mask, in body lengths.
_SCATTER = 0.12
_LEAST_SAMPLES = 2


def lowest_points(masks: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """The lowest point of each mask, (n, 2) x, y in source pixels; NaN without one.

    Args:
        masks: (n, 112, 112) athlete probability.
        crops: (n, 4) source pixels x0, y0, x1, y1 that each covers.
    """
    athlete = np.asarray(masks >= _ATHLETE)
    rows = np.asarray(athlete.any(axis=2))
    shown = np.asarray(rows.any(axis=1))
    lowest = MASK_SIZE - 1 - rows[:, ::-1].argmax(axis=1)
    of_row = np.take_along_axis(athlete, lowest[:, None, None], axis=1)[:, 0]
    with np.errstate(invalid="ignore"):
        column = (of_row @ (np.arange(MASK_SIZE) + 0.5)) / of_row.sum(axis=1)
    cell = (crops[:, 2:] - crops[:, :2]) / MASK_SIZE
    points = crops[:, :2] + np.stack([column, lowest + 1.0], axis=1) * cell
    return np.asarray(np.where(shown[:, None], points, np.nan))


def take_off_s(fall: FreeFall, times_s: np.ndarray, lowest_y: np.ndarray) -> float:
    """Time at which the feet leave the board; the start of the parabola where they are not seen.

    Args:
        times_s, lowest_y: as of `water_contact_s`.
    """
    times_s, first = np.unique(times_s, return_index=True)
    y = lowest_y[first]
    rise = np.zeros(len(y))
    rise[1:-1] = (y[:-2] - y[2:]) / (times_s[2:] - times_s[:-2])
    near = np.exp(-0.5 * ((times_s - fall.start_s) / (_AROUND_S * fall.slowed)) ** 2)
    likely = np.where(rise > 0, rise * near, 0.0)  # NaN where no mask is: not greater
    return float(times_s[likely.argmax()]) if likely.any() else fall.start_s


def transition_prior(fall: FreeFall, times_s: np.ndarray, lowest_y: np.ndarray) -> np.ndarray:
    """How likely a fall makes each pair of first flight sample and first entry sample, (n, n), at most 1.

    Args:
        times_s, lowest_y: as of `water_contact_s`.
    """
    off_s = np.abs(times_s - take_off_s(fall, times_s, lowest_y)), np.abs(times_s - fall.start_s)
    at_feet, at_start = (
        np.exp(-0.5 * (off / (width * fall.slowed)) ** 2)
        for off, width in zip(off_s, (_AT_FEET_S, _AT_START_S), strict=True)
    )
    take_off = np.maximum(at_feet, _AT_START * at_start)
    first_s = max(fall.top_s, fall.end_s - _COME_OUT_S * fall.slowed)
    beyond = np.maximum(first_s - times_s, 0) + np.maximum(times_s - fall.end_s, 0)
    entry = np.exp(-0.5 * (beyond / (_EDGE_S * fall.slowed)) ** 2)
    return np.asarray(np.outer(*(np.maximum(one, _ELSEWHERE) for one in (take_off, entry))))


def water_contact_s(fall: FreeFall, times_s: np.ndarray, lowest_y: np.ndarray) -> float | None:
    """Time of the first contact with the water.

    Args:
        times_s: (n,) of the samples; repeated times are looked at once.
        lowest_y: (n,) of the lowest points, in pixels of the fall as a camera sees them that stands still; NaN without.

    Returns:
        Seconds, between two samples where the water lies between them; None where too little is seen.
    """
    times_s, first = np.unique(times_s, return_index=True)
    y = lowest_y[first] / fall.size_px
    seen = np.isfinite(y) & (times_s >= fall.top_s)
    at_water = seen & (times_s >= fall.end_s - fall.slowed / 30) & (times_s <= fall.end_s + _AFTER_S * fall.slowed)
    if at_water.sum() < _LEAST_SAMPLES:
        return None
    level = float(np.median(y[at_water])) - _SCATTER
    falling = np.flatnonzero(seen & (times_s >= fall.end_s - _BEFORE_S * fall.slowed))
    above = falling[y[falling] < level]
    below = falling[y[falling] >= level]
    if not len(below):
        return None
    after = below[0]
    above = above[above < after]
    if not len(above):
        return float(times_s[after])
    before = above[-1]
    # The level is just above the water, and the body falls on.
    speed = (y[after] - y[before]) / (times_s[after] - times_s[before])
    rest = (level - y[before]) / speed + min(_SCATTER / max(speed, 1e-6), times_s[after] - times_s[before])
    return float(min(times_s[before] + rest, times_s[after]))
