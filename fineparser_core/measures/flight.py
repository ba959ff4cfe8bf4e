"""Measures of the flight: how fast the body turns, and how tight and straight its position is."""

from itertools import pairwise

import numpy as np

from fineparser_core.measures.context import InTheAir, Reading
from fineparser_core.motion.ballistics import CORRELATED_S

#: The position is held from this share of the time between leaving the board and opening.
_HELD_FROM = 0.4
_LEAST_SAMPLES = 4
#: Share of the frames in which a body is at least as tight as the reported tightness.
_TIGHT = 0.25
#: Position error of toes relative to other joints (ratio).
_TOES = 1.3
#: Largest turn between two samples that is believed, in turns; a body turns at most about 2.6 times a second.
_LARGEST_TURNS_S = 3.2
#: Maximum difference between the seen turns and those of the dive number.
_TURNS_OFF = 0.4


def held(dive: InTheAir) -> slice:
    """Return the samples in which the position is held."""
    first = dive.leaves + round(_HELD_FROM * (dive.opens - dive.leaves))
    return slice(first, dive.opens)


def _line(dive: InTheAir, values: np.ndarray, uncertainty: float, share: float = 0.5) -> Reading | None:
    """Return a quantile over the frames of the held position, at the frame that is nearest to it."""
    window = held(dive)
    values = values[window]
    if np.isfinite(values).sum() < _LEAST_SAMPLES:
        return None
    value = float(np.nanquantile(values, share))
    at = int(np.nanargmin(np.abs(values - value)))
    # Errors of joints go together over a tenth of a second, and those of the two sides do not. Frames scatter about the
    # position that is held: what is left of that in the quantile counts as well.
    held_s = float(dive.seen.times_s[window.stop - 1] - dive.seen.times_s[window.start])
    independent = 2 * max(held_s / CORRELATED_S, 1.0)
    # A median is of all of them, the tightest quarter of few.
    frames = independent if share == 0.5 else _LEAST_SAMPLES
    scatter = 1.4826 * float(np.nanmedian(np.abs(values - np.nanmedian(values)))) / np.sqrt(frames)
    deviation = float(np.hypot(uncertainty / np.sqrt(independent), scatter))
    return Reading(value, deviation, window.start + at)


def _limb_px(dive: InTheAir, first: str, second: str) -> float:
    """Return the median length of a limb in the flight, pixels of the scene."""
    sides = [dive.seen.joint(f"{first}_{s}") - dive.seen.joint(f"{second}_{s}") for s in "lr"]
    lengths = np.linalg.norm(np.array(sides)[:, dive.leaves : dive.end + 1], axis=2)
    return float(np.nanmedian(lengths)) if np.isfinite(lengths).any() else 1e-6


def hip_angle(dive: InTheAir) -> Reading | None:
    """Measure the angle between trunk and thigh in the held position: small is tight; 180 straight."""
    return _bend(dive, ("shoulder", "hip", "knee"), _TIGHT)


def knee_angle(dive: InTheAir) -> Reading | None:
    """Measure the angle of the knees in the held position: 180 straight."""
    return _bend(dive, ("hip", "knee", "ankle"))


def _bend(dive: InTheAir, joints: tuple[str, str, str], share: float = 0.5) -> Reading | None:
    upper, lower = (dive.angle_deviation(0.0, _limb_px(dive, *limb)) for limb in pairwise(joints))
    return _line(dive, dive.seen.angle(*joints), float(np.hypot(upper, lower)), share)


def toe_angle(dive: InTheAir) -> Reading | None:
    """Measure the angle between shank and foot in the held position: 180 pointed."""
    foot = _limb_px(dive, "ankle", "toe")
    if foot < 2 * dive.joint_px:
        return None
    deviation = _TOES * dive.angle_deviation(0.0, foot)
    return _line(dive, dive.seen.angle("knee", "ankle", "toe"), deviation)


def legs_apart(dive: InTheAir) -> Reading | None:
    """Measure the angle between the legs, from each hip to its ankle, in the held position."""
    a, b = (dive.seen.joint(f"ankle_{s}") - dive.seen.joint(f"hip_{s}") for s in "lr")
    angle = np.degrees(np.arctan2(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]), (a * b).sum(axis=1)))
    length = float(np.nanmedian(np.linalg.norm(a[held(dive)], axis=1))) if np.isfinite(a[held(dive)]).any() else 1e-6
    return _line(dive, angle, np.sqrt(2) * dive.angle_deviation(0.0, length))


def turned_in_the_air(dive: InTheAir) -> float:
    """Return the turns of the trunk while the body is surely in the air, clockwise in the picture.

    0 where it was lost.
    """
    found = _turned(dive, slice(dive.air.start, dive.end + 1))
    return 0.0 if found is None else float(found[1][-1])


def turning(dive: InTheAir) -> np.ndarray | None:
    """Return the turns (n,) of the trunk since leaving the board, clockwise in the picture, up to the contact.

    NaN elsewhere.

    Returns:
        None where the trunk was lost, or its turns contradict the dive number.
    """
    window = slice(max(dive.leaves - 1, 0), dive.end + 1)
    seen = _turned(dive, window)
    if seen is None:
        return None
    at, turned = seen
    known = dive.number is not None and dive.touches is not None and not dive.number.armstand
    if known and dive.number and abs(abs(turned[-1]) - dive.number.half_somersaults / 2) > _TURNS_OFF:
        return None
    found = np.full(len(dive.seen.frames), np.nan)
    found[window.start + at] = turned
    return found


def _turned(dive: InTheAir, window: slice) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the samples of a window that show the trunk, and its turns since the first; None where it was lost."""
    trunk = (dive.seen.joint("shoulder") - dive.seen.joint("hip"))[window]
    times = dive.seen.times_s[window]
    seen = np.flatnonzero(np.isfinite(trunk).all(axis=1))
    if len(seen) < 8:
        return None
    turns = np.arctan2(trunk[seen, 0], -trunk[seen, 1]) / (2 * np.pi)
    turned = np.concatenate([[0.0], np.cumsum((np.diff(turns) + 0.5) % 1 - 0.5)])
    lost = np.abs(np.diff(turned) / np.diff(times[seen])).max() > 2 * _LARGEST_TURNS_S
    return None if lost else (seen, turned)


def rotation_speed(dive: InTheAir) -> Reading | None:
    """Return the turns a second while the position is held."""
    found = _held_turns(dive)
    if found is None:
        return None
    use, _, (speed, deviation) = found
    return Reading(abs(speed), deviation, int(use[len(use) // 2]))


def rotation_hold(dive: InTheAir) -> Reading | None:
    """Measure the rotation in the last third of the held position relative to all of it: below 1 it slows early."""
    found = _held_turns(dive)
    if found is None:
        return None
    use, turned, (speed, deviation) = found
    last = use[2 * len(use) // 3 :]
    if len(last) < _LEAST_SAMPLES or abs(speed) < 0.3:
        return None
    late, late_deviation = _slope(dive.seen.times_s[last], turned[last])
    value = late / speed
    uncertainty = abs(value) * float(np.hypot(late_deviation / max(abs(late), 1e-6), deviation / abs(speed)))
    return Reading(value, uncertainty, int(last[len(last) // 2]))


def _held_turns(dive: InTheAir) -> tuple[np.ndarray, np.ndarray, tuple[float, float]] | None:
    """Return the samples of the held position with seen turns, the turns of all, and their speed, see `_slope`."""
    turned, window = turning(dive), held(dive)
    if turned is None:
        return None
    use = np.flatnonzero(np.isfinite(turned[window])) + window.start
    if len(use) < 2 * _LEAST_SAMPLES:
        return None
    return use, turned, _slope(dive.seen.times_s[use], turned[use])


def _slope(times: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Return the slope of a line through values, and its standard deviation by their scatter."""
    t = times - times.mean()
    slope = float(t @ values / (t @ t))
    off = values - values.mean() - slope * t
    # Four neighboring frames err alike.
    return slope, float(np.sqrt(4 * (off @ off) / max(len(t) - 2, 1) / (t @ t)))
