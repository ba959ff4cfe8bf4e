"""Readings by masks and the free fall: when the diver leaves the board, opens for the entry and touches the water.

The feet go up with the board, fastest when they leave it. A body that was tucked or piked on the way down, after its
twists if there are some, grows long before the entry.
The hands fall, and the lowest point stays where the water is from then on.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fineparser_core.motion.free_fall import FreeFall
from fineparser_core.motion.lines import robust_line

#: A body rises for about so long, its standard deviation, and at most so many of these longer or shorter; seconds of
#: real time. Boxes of a rising board begin the parabola too early, lost ones too late: its top is better known.
_RISE_S, _RISE_SCATTER_S, _FARTHEST = 0.3, 0.15, 2.0
# Expected places of unmeasured transitions, in seconds of real time: the take-off as long before the top as most bodies
# rise; the entry from the come-out, at most this long before the parabola ends, to its end.
_AT_START_S = 0.3
_COME_OUT_S, _EDGE_S = 0.6, 0.12
#: Likelihood of any other place.
_ELSEWHERE = 0.0003
#: A body opens where its length has gone up by this share of the way from the shortest on the way down, the median of
#: so many samples, to that at the water; a body less than so many times as long at the water was not closed.
_OPENING, _SEVERAL, _CLOSED = 0.25, 3, 1.6
#: Straight hips, and hips that are bent in a pike or a tuck, degrees: values between may be misread.
_STRAIGHT_DEG, _BENT_DEG = 180.0, 120.0
#: Time before the water at which the body has its full length, seconds of real time.
_STRETCHED_S = 0.15
#: The contact is looked for from so long before the end of the parabola to so long after it, seconds of real time.
_BEFORE_S, _AFTER_S = 0.35, 0.3
#: Speed of the lowest point in the air, in that of the free fall; and at most, of what is left of a body under water.
_SLOWEST, _FASTEST, _UNDER = 0.5, 2.0, 0.5
#: Scatter of the lowest point of a mask, in body lengths.
_SCATTER = 0.08
#: Share of a body length from which on to the water's level the lowest point counts as there.
_AT_LEVEL = 0.1
#: Time after the kink in which the level of the water shows, and about it in which that is reached, seconds.
_LEVEL_S, _ABOUT_S = 0.12, 0.14
_LEAST_SAMPLES = 5
_STEPS, _ROUNDS = 91, 2


class Readings(NamedTuple):
    """Readings of the moments of a dive by masks and the free fall, seconds of the file.

    None for those that do not show.

    Attributes:
        feet: times at which the feet may leave the board, as they rise, and the probability of each by how fast they
            do; empty where they are not seen. The arms swing up before, the legs after it.
        opening_s: when a closed body opens for the entry.
        contact_s: when the hands stop falling, as they touch the water.
        hips_s: when bent hips open for the entry.
    """

    feet: tuple[tuple[float, float], ...]
    opening_s: float | None
    contact_s: float | None
    hips_s: float | None = None


def read_moments(
    fall: FreeFall, times_s: np.ndarray, lowest_y: np.ndarray, lengths: np.ndarray, hips: np.ndarray | None = None
) -> Readings:
    """Read the moments of a dive.

    Args:
        times_s: (n,) of the samples; repeated times are looked at once.
        lowest_y: (n,) of the lowest points, in pixels of the fall as a camera sees them that stands still; NaN without.
        lengths: (n,) of the bodies, in pixels; NaN without.
        hips: (n,) angle of the hips, degrees; NaN without. None where no joints were found.
    """
    times_s, first = np.unique(times_s, return_index=True)
    lowest_y, lengths = lowest_y[first], lengths[first]
    contact_s = water_contact_s(fall, times_s, lowest_y)
    entry_s = opening_s(fall, times_s, lengths, fall.end_s if contact_s is None else contact_s)
    water_s = fall.end_s if contact_s is None else contact_s
    bent_s = None if hips is None else hips_s(fall, times_s, hips[first], water_s)
    return Readings(rising_feet(fall, times_s, lowest_y), entry_s, contact_s, bent_s)


def rising_feet(fall: FreeFall, times_s: np.ndarray, lowest_y: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return the times at which the feet rise before the top of the fall, each with its probability.

    Args:
        times_s, lowest_y: as of `read_moments`, each time once.
    """
    rise = np.zeros(len(times_s))
    rise[1:-1] = (lowest_y[:-2] - lowest_y[2:]) / (times_s[2:] - times_s[:-2])
    off = (times_s - fall.top_s + _RISE_S * fall.slowed) / (_RISE_SCATTER_S * fall.slowed)
    # NaN where no mask is: not greater.
    likely = np.where((rise > 0) & (np.abs(off) < _FARTHEST), rise * np.exp(-0.5 * off**2), 0.0)
    at = np.flatnonzero(likely)
    return tuple(zip(times_s[at].tolist(), (likely[at] / likely.sum()).tolist(), strict=True))


def opening_s(fall: FreeFall, times_s: np.ndarray, lengths: np.ndarray, water_s: float) -> float | None:
    """Return the time at which a tucked or piked body opens for the entry; None if it was not closed, or does not show.

    Args:
        times_s, lengths: as of `read_moments`, each time once.
        water_s: when the water is touched.
    """
    seen = np.isfinite(lengths)
    times_s, lengths = times_s[seen], lengths[seen]
    falls = (times_s > fall.top_s) & (times_s <= water_s)
    at_water = falls & (times_s > water_s - _STRETCHED_S * fall.slowed)
    if falls.sum() < _LEAST_SAMPLES or not at_water.any():
        return None
    # Not that of the whole flight: most of it a twister is straight.
    closed = float(np.median(sliding_window_view(lengths[falls], _SEVERAL), axis=1).min())
    stretched = float(lengths[at_water].max())
    if stretched < _CLOSED * closed:
        return None
    level = closed + _OPENING * (stretched - closed)
    longest = np.flatnonzero(at_water)[lengths[at_water].argmax()]
    below = np.flatnonzero((lengths[:longest] < level) & falls[:longest])
    return _crossing_s(times_s, lengths, level, int(below[-1])) if len(below) else None


def hips_s(fall: FreeFall, times_s: np.ndarray, hips: np.ndarray, water_s: float) -> float | None:
    """Return the time at which bent hips open for the entry; None for hips that were not bent, or do not show.

    Args:
        times_s, hips: as of `read_moments`, each time once.
        water_s: when the water is touched.
    """
    falls = np.isfinite(hips) & (times_s > fall.top_s) & (times_s <= water_s)
    if falls.sum() < _LEAST_SAMPLES:
        return None
    times_s, hips = times_s[falls], hips[falls].copy()
    hips[1:-1] = np.median(sliding_window_view(hips, _SEVERAL), axis=1)
    closed = float(hips.min())
    level = closed + _OPENING * (_STRAIGHT_DEG - closed)
    last = int(np.flatnonzero(hips < level)[-1]) if closed < _BENT_DEG else len(hips) - 1
    return _crossing_s(times_s, hips, level, last) if last + 1 < len(hips) else None


def _crossing_s(times_s: np.ndarray, values: np.ndarray, level: float, before: int) -> float:
    """Return the time at which values cross a level between a sample and the next."""
    share = (level - values[before]) / (values[before + 1] - values[before])
    return float(times_s[before] + share * (times_s[before + 1] - times_s[before]))


def transition_prior(fall: FreeFall, times_s: np.ndarray) -> np.ndarray:
    """Return the likelihood by the fall of each pair of first flight and first entry sample, (n, n), at most 1.

    Args:
        times_s: (n,) of the samples.
    """
    leaves_s = fall.top_s - _RISE_S * fall.slowed
    take_off = np.exp(-0.5 * ((times_s - leaves_s) / (_AT_START_S * fall.slowed)) ** 2)
    first_s = max(fall.top_s, fall.end_s - _COME_OUT_S * fall.slowed)
    beyond = np.maximum(first_s - times_s, 0) + np.maximum(times_s - fall.end_s, 0)
    entry = np.exp(-0.5 * (beyond / (_EDGE_S * fall.slowed)) ** 2)
    return np.asarray(np.outer(*(np.maximum(one, _ELSEWHERE) for one in (take_off, entry))))


def water_contact_s(fall: FreeFall, times_s: np.ndarray, lowest_y: np.ndarray) -> float | None:
    """Return the time of the first contact with the water: where the lowest point reaches the level that it keeps.

    That level shows after the kink of the lowest point's fall; None without a kink. The kink itself lies later by up to
    two frames, as masks lose fast hands.

    Args:
        times_s, lowest_y: as of `read_moments`, each time once.
    """
    first_s, last_s = fall.end_s - _BEFORE_S * fall.slowed, fall.end_s + _AFTER_S * fall.slowed
    near = np.isfinite(lowest_y) & (times_s >= first_s) & (times_s <= last_s)
    if near.sum() < _LEAST_SAMPLES:
        return None
    times_s, y = times_s[near], lowest_y[near] / fall.size_px
    best_s, least = None, np.inf
    for kink_s in np.linspace(times_s[1], times_s[-2], _STEPS):
        basis = np.stack(
            [np.ones(len(times_s)), np.minimum(times_s - kink_s, 0), np.maximum(times_s - kink_s, 0)], axis=1
        )
        weight = np.ones(len(times_s))
        for _ in range(_ROUNDS + 1):  # least squares, then less for what lies off
            line = np.linalg.lstsq(basis * weight[:, None], y * weight, rcond=None)[0]
            off = np.abs(y - basis @ line)
            weight = np.sqrt(1 / np.maximum(1, off / _SCATTER))
        misfit = float(np.where(off < _SCATTER, off**2, _SCATTER * (2 * off - _SCATTER)).mean())
        falling = (fall.velocity[1] + fall.acceleration * (kink_s - fall.at_s)) / fall.size_px
        plausible = _SLOWEST * falling < line[1] < _FASTEST * falling and line[2] < _UNDER * line[1]
        if plausible and misfit < least:
            best_s, least = float(kink_s), misfit
    return None if best_s is None else _reached_s(times_s, y, best_s, fall.slowed)


def _reached_s(times_s: np.ndarray, y: np.ndarray, kink_s: float, slowed: float) -> float:
    """Return the time about a kink at which a falling point (n,) reaches the level that it keeps after the kink."""
    after = (times_s >= kink_s) & (times_s <= kink_s + _LEVEL_S * slowed)
    if after.sum() < 2:
        return kink_s
    value, slope, _ = robust_line(times_s[after] - kink_s, y[after])
    short = value + max(slope, 0.0) * (times_s - kink_s) - _AT_LEVEL - y
    about = np.abs(times_s[1:] - kink_s) <= _ABOUT_S * slowed
    reached = np.flatnonzero((short[:-1] > 0) & (short[1:] <= 0) & about)
    if not len(reached):
        return kink_s
    before = int(reached[0])
    share = short[before] / (short[before] - short[before + 1])
    return float(times_s[before] + share * (times_s[before + 1] - times_s[before]))
