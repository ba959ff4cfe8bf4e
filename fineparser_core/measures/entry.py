"""Measures of the third phase: the come-out, and the entry into the water."""

import numpy as np

from fineparser_core.measures.context import InTheAir, Reading, robust_line
from fineparser_core.measures.flight import turned_in_the_air

#: The line of the body is followed for this time before the contact, and read at the contact.
_LINE_S = 0.14
#: Time after the contact in seconds, a frame or two, in which the whole line still shows.
_AFTER_CONTACT_S = 0.04
#: Shoulders and ankles that are nearer to each other than this at the contact are not a diver's.
_LEAST_LINE_M = 0.55
#: Hips that are open: the body is stretched from here on.
_OPEN_DEG = 150.0
#: Hips go under at most so long after the hands, and legs further off the vertical are not believed.
_UNDER_S, _BELIEVED_DEG = 0.35, 75.0
#: A body that has turned by less than so many turns has no clear direction of rotation.
_LEAST_TURNS = 0.4


def come_out_lead(dive: InTheAir) -> Reading | None:
    """Measure the real time from the come-out to the contact with the water: long is early."""
    if dive.touches is None:
        return None
    value = float(dive.seen.times_s[dive.touches] - dive.seen.times_s[dive.opens])
    if value <= 0:
        return None
    _, opens_s, touches_s = dive.moved_s
    return Reading(value, float(np.hypot(opens_s, touches_s)), dive.opens)


def come_out_height(dive: InTheAir) -> Reading | None:
    """Measure the height of the body's center over the water at the come-out."""
    if dive.water_y is None or dive.path is None or dive.px_per_m is None:
        return None
    time_s = float(dive.seen.times_s[dive.opens])
    scale, share = dive.px_per_m
    value = (dive.water_y - float(dive.path.place(time_s)[1])) / scale
    speed = abs(dive.path.speed(time_s)[1]) / scale
    uncertainty = np.sqrt((value * share) ** 2 + (speed * dive.moved_s[1]) ** 2 + (2 * dive.joint_px / scale) ** 2)
    return Reading(value, float(uncertainty), dive.opens)


def opening_time(dive: InTheAir) -> Reading | None:
    """Measure the time from the come-out until the hips are open.

    Absent where they are open before or not before the water.
    """
    hips = dive.seen.angle("shoulder", "hip", "knee")[dive.opens : dive.end + 1]
    if np.isfinite(hips).sum() < 2 or not hips[np.isfinite(hips)][0] < _OPEN_DEG:
        return None
    opened = np.flatnonzero(hips >= _OPEN_DEG)
    if not len(opened):
        return None
    at = dive.opens + int(opened[0])
    value = float(dive.seen.times_s[at] - dive.seen.times_s[dive.opens])
    return Reading(value, np.sqrt(2) * dive.moved_s[1], at)


def turning_sense(dive: InTheAir) -> int:
    """Return 1 for a body that turns clockwise in the picture, -1 the other way, 0 where neither shows."""
    turned = turned_in_the_air(dive)
    if abs(turned) >= _LEAST_TURNS:
        return int(np.sign(turned))
    if dive.number is not None and dive.outward:
        away = dive.number.direction in (1, 2) and not dive.number.armstand
        toward = dive.number.direction in (3, 4) and not dive.number.armstand
        return dive.outward if away else -dive.outward if toward else 0
    return 0


def entry_angle(dive: InTheAir) -> Reading | None:
    """Measure the body's line off the vertical at the contact, degrees: - short, + over in the rotation's direction.

    The line runs from the middle of the shoulders to the ankles in a head-first entry, the other way round in a
    feet-first entry, as the picture shows it.
    """
    found = body_line(dive)
    sense = turning_sense(dive)
    if found is None or not sense or not dive.from_the_side:
        return None
    assert dive.touches is not None
    return Reading(sense * found[0], found[1], dive.touches)


def body_line(dive: InTheAir) -> tuple[float, float] | None:
    """Return the angle of the body's line at the contact, and its standard deviation, degrees; None if unseen.

    The line runs from the leading to the trailing end of the body; the angle is clockwise off the vertical.
    """
    if dive.touches is None or dive.moments.contact is None:
        return None
    times = dive.seen.times_s
    touches_s, _ = dive.real(dive.moments.contact)
    touches_s += dive.seen.frame_s / 2  # in the middle of the first frame that shows the contact
    first, last = np.searchsorted(times, [touches_s - _LINE_S, touches_s + _AFTER_CONTACT_S])
    window = slice(max(int(first), dive.air.start), int(last))
    line = (dive.seen.joint("ankle") - dive.seen.joint("shoulder"))[window]
    seen = np.isfinite(line).all(axis=1)
    if seen.sum() < 2:
        return None
    line, t = line[seen], times[window][seen] - touches_s
    if np.median(line[:, 1]) > 0:  # feet first
        line = -line
    angles = np.degrees(np.unwrap(np.arctan2(line[:, 0], -line[:, 1])))
    length = float(np.median(np.hypot(*line.T)))
    if dive.path is not None and length < _LEAST_LINE_M * dive.path.px_per_m:
        return None
    angle, rate, off = robust_line(t, angles)
    joint_px = dive.scatter_px(("shoulder", "ankle"), window)
    return angle, float(np.hypot(dive.angle_deviation(angle, length, rate * dive.moved_s[2], joint_px), off))


def legs_line(dive: InTheAir) -> Reading | None:
    """Measure the line of the legs off the vertical as the hips go under, degrees: - short, + over.

    What a judge sees last.
    """
    sense = turning_sense(dive)
    if dive.touches is None or dive.water_y is None or not sense or not dive.from_the_side:
        return None
    times = dive.seen.times_s
    last = int(np.searchsorted(times, times[dive.touches] + _UNDER_S))
    hips, line = dive.seen.joint("hip"), dive.seen.joint("ankle") - dive.seen.joint("hip")
    head_first = line[dive.touches, 1] < 0
    under = np.flatnonzero(hips[dive.touches : last, 1] >= dive.water_y)
    if not len(under) or not head_first:
        return None
    at = dive.touches + int(under[0])
    window = slice(max(at - 2, 0), at + 2)
    seen = np.isfinite(line[window]).all(axis=1) & (line[window, 1] < 0)
    if seen.sum() < 2:
        return None
    angles = np.degrees(np.arctan2(line[window][seen, 0], -line[window][seen, 1]))
    rate, angle = np.polyfit(times[window][seen] - times[at], angles, 1)
    length = float(np.median(np.hypot(*line[window][seen].T)))
    if abs(angle) > _BELIEVED_DEG:
        return None
    off = angles - angle - rate * (times[window][seen] - times[at])
    # A contact that is found late leaves the water where it is: half of its scatter moves the hips' going under.
    moved_deg = abs(rate) / np.sqrt(2) * dive.moved_s[2]
    joint_px = dive.scatter_px(("hip", "ankle"), window)
    deviation = float(np.hypot(dive.angle_deviation(angle, length, moved_deg, joint_px), np.std(off)))
    return Reading(sense * float(angle), deviation, at)


def hip_line(dive: InTheAir) -> Reading | None:
    """Return the hips' angle from straight at the contact, degrees: 0 straight, more is arched or piked."""
    if dive.touches is None:
        return None
    hips = _at_the_water(dive, "shoulder", "hip", "knee")
    return None if hips is None else hips._replace(value=180 - hips.value)


def arm_line(dive: InTheAir) -> Reading | None:
    """Measure the angle of the elbows at the contact: 180 straight."""
    return None if dive.touches is None else _at_the_water(dive, "shoulder", "elbow", "wrist")


def _at_the_water(dive: InTheAir, first: str, middle: str, last: str) -> Reading | None:
    """Return the angle of two limbs at the contact, the mean of both sides and at most 180."""
    if dive.moments.contact is None:
        return None
    angles = dive.seen.angle(first, middle, last)
    read = dive.reading_at(angles, dive.moments.contact, ((first, middle), (middle, last)), sides=2)
    return None if read is None else read._replace(value=float(np.clip(read.value, 0, 180)))
