"""Measures of the take-off: how long and how high the dive is, how far from the board, and how it is left."""

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2, SPRINGBOARDS_M
from fineparser_core.measures.context import InTheAir, Reading

#: The board's recoil is looked for within this time before the feet leave it, and must lift them so far.
_RECOIL_S, _LEAST_RECOIL_M = 0.6, 0.12
#: Share of a distance that a camera which is not quite at the side does not show, a standard deviation.
_FORESHORTENED = 0.1
#: Speed at which a body leans over at the end of its take-off, degrees a second.
_LEANS_DEG_S = 160.0
#: The fingers, which touch the water, are so far from the wrists in the picture's width.
_HAND_M = 0.1
#: Number of samples before the contact from which the hands' swing is computed.
_SWING_SAMPLES = 4
#: The board's edge is found to so many scatters of a joint.
_EDGE_JOINTS = 2.0


def flight_time(dive: InTheAir) -> Reading | None:
    """Measure the real time from leaving the board to touching the water."""
    if dive.touches is None or dive.moments.contact is None:
        return None
    (leaves_s, of_leaving), (touches_s, of_touching) = dive.real(dive.moments.take_off), dive.real(dive.moments.contact)
    deviation = float(np.hypot(of_leaving, of_touching))
    return Reading(touches_s - leaves_s, deviation, dive.touches)


def jump_height(dive: InTheAir) -> Reading | None:
    """Rise of the body's center after leaving the board, by the time to the highest point: that needs no scale."""
    if dive.moments.top is None:
        return None
    (start_s, _), (top_s, _) = dive.real(dive.moments.take_off), dive.real(dive.moments.top)
    to_top, deviation = top_s - start_s, dive.moments.rise_deviation_s / dive.seen.slowed
    if to_top <= 0:
        return None
    top = int(np.abs(dive.seen.times_s - top_s).argmin())
    # The square of a short time is not known to better than that of its deviation.
    uncertainty = GRAVITY_M_S2 * deviation * float(np.hypot(to_top, deviation / np.sqrt(2)))
    return Reading(GRAVITY_M_S2 * to_top**2 / 2, uncertainty, top)


def board_distance(dive: InTheAir) -> Reading | None:
    """Measure the distance of the body's center from the board's edge as it falls past the board's level."""
    if dive.board is None or dive.path is None or dive.px_per_m is None or not dive.from_the_side:
        return None
    times = dive.seen.times_s[dive.leaves : dive.end + 1]
    places = np.array([dive.path.place(t) for t in times])
    top = int(places[:, 1].argmin())
    below = np.flatnonzero(places[top:, 1] >= dive.board[1])
    if not len(below) or top == 0:
        return None
    at = top + int(below[0])
    return _distance(dive, float(places[at, 0] - dive.board[0]), dive.leaves + at)


def closest_approach(dive: InTheAir) -> Reading | None:
    """Return the least distance of head and hands from the board's edge on the way down, as the camera sees it."""
    if dive.board is None or dive.path is None or dive.px_per_m is None or not dive.from_the_side:
        return None
    top = int(np.searchsorted(dive.seen.times_s, dive.path.top()[0]))
    window = slice(top, dive.end)
    off = [
        np.linalg.norm(dive.seen.joint(name)[window] - dive.board, axis=1)
        for name in ("head", "wrist_l", "wrist_r", "elbow_l", "elbow_r")
    ]
    distance = np.array(off)
    if not distance.size or not np.isfinite(distance).any():
        return None
    at = int(np.nanmin(np.where(np.isfinite(distance), distance, np.inf), axis=0).argmin())
    value = float(np.nanmin(distance[:, at]))
    scale, share = dive.px_per_m
    shares = np.hypot(share, _FORESHORTENED)
    uncertainty = np.hypot(value / scale * shares, (1 + _EDGE_JOINTS) * dive.joint_px / scale)
    return Reading(value / scale, uncertainty, top + at)


def lean(dive: InTheAir) -> Reading | None:
    """Measure the lean from feet to the body's center at leaving: + over the water, - over the board."""
    at = max(dive.leaves - 1, 0)
    feet, center = dive.seen.joint("ankle")[at], dive.seen.center_of_mass()[at]
    line = center - feet
    if not np.isfinite(line).all() or not dive.outward or line[1] >= 0:
        return None
    angle = float(np.degrees(np.arctan2(dive.outward * line[0], -line[1])))
    length = float(np.hypot(*line))
    deviation = dive.angle_deviation(angle, length, _LEANS_DEG_S * dive.moved_s[0])
    return Reading(angle, deviation, at)


def recoil_time(dive: InTheAir) -> Reading | None:
    """Return the time from the lowest point of a springboard's edge, by the feet, to leaving it: short is rushed."""
    if dive.px_per_m is None or dive.board_m not in SPRINGBOARDS_M:
        return None
    times, leaves = dive.seen.times_s, dive.leaves
    first = int(np.searchsorted(times, times[leaves] - _RECOIL_S))
    feet = dive.seen.joint("toe")[first : leaves + 1, 1]
    ankles = dive.seen.joint("ankle")[first : leaves + 1, 1]
    feet = np.where(np.isfinite(feet), feet, ankles)
    if np.isfinite(feet).sum() < 4 or not np.isfinite(feet[-1]):
        return None
    lowest = int(np.nanargmax(feet))
    rise_m = (feet[lowest] - feet[-1]) / dive.px_per_m[0]
    if lowest in (0, len(feet) - 1) or rise_m < _LEAST_RECOIL_M:
        return None
    value = float(times[leaves] - times[first + lowest])
    # Near the lowest point the feet hardly move: it is found less well than a moment.
    uncertainty = dive.moved_s[0] * np.sqrt(1 + 1.5**2)
    return Reading(value, uncertainty, first + lowest)


def arm_asymmetry(dive: InTheAir) -> Reading | None:
    """Measure the angle between the two arms, from shoulder to wrist, at leaving the board."""
    a, b = (dive.seen.joint(f"wrist_{s}") - dive.seen.joint(f"shoulder_{s}") for s in "lr")
    angles = np.degrees(np.arctan2(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]), (a * b).sum(axis=1)))
    angles[np.minimum(np.hypot(*a.T), np.hypot(*b.T)) <= 2 * dive.joint_px] = np.nan
    read = dive.reading_at(angles, dive.moments.take_off, (("wrist", "shoulder"),) * 2, sides=1)
    return None if read is None else read._replace(value=max(read.value, 0.0))


def _distance(dive: InTheAir, off_px: float, at: int, moved_m: float = 0.0) -> Reading:
    """Return a horizontal distance from the board's edge, positive over the water.

    What a camera shows of it is at most the distance: it counts as seen from the side.

    Args:
        moved_m: by how much it changes within the standard deviation of the moment at which it is read.
    """
    assert dive.px_per_m is not None
    scale, share = dive.px_per_m
    value = dive.outward * off_px / scale
    camera = _FORESHORTENED * abs(value)
    edge = _EDGE_JOINTS * dive.joint_px / scale
    uncertainty = float(np.sqrt((value * share) ** 2 + camera**2 + edge**2 + moved_m**2))
    return Reading(value, uncertainty, at)


def entry_distance(dive: InTheAir) -> Reading | None:
    """Measure the horizontal distance from the board's edge to where the water is touched; a measure of the entry."""
    if dive.touches is None or dive.board is None or dive.px_per_m is None or not dive.from_the_side:
        return None
    low = dive.seen.joint("wrist")[dive.touches]
    if not np.isfinite(low).all():
        low = dive.seen.lowest(dive.touches)
    if not np.isfinite(low).all():
        return None
    scale, _ = dive.px_per_m
    moved = float(np.hypot(_swing_px_s(dive, dive.touches) * dive.moved_s[2] / scale, _HAND_M))
    return _distance(dive, float(low[0] - dive.board[0]), dive.touches, moved)


def _swing_px_s(dive: InTheAir, at: int) -> float:
    """Return the speed of the hands' sideways swing as they come to the water, pixels of the scene a second."""
    window = slice(max(at - _SWING_SAMPLES, 0), at + 1)
    times, x = dive.seen.times_s[window], dive.seen.joint("wrist")[window, 0]
    seen = np.isfinite(x)
    return abs(float(np.polyfit(times[seen], x[seen], 1)[0])) if seen.sum() > 2 else 0.0
