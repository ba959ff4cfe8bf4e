"""Measures of the third phase: the come-out, and the entry into the water."""

import numpy as np

from fineparser_core.measures.context import InTheAir, Reading
from fineparser_core.measures.flight import turned_in_the_air
from fineparser_core.motion.lines import robust_line
from fineparser_core.motion.splash import SPLASH_S

#: The line of a feet-first body is followed for so long before the contact and after it, seconds.
_LINE_S, _AFTER_CONTACT_S = 0.14, 0.04
#: Shoulders and ankles that are nearer to each other than this at the contact are not a diver's.
_LEAST_LINE_M = 0.55
#: Hips that are open: the body is stretched from here on.
_OPEN_DEG = 150.0
#: Length of the legs in trunks. Source: Winter, as of `SEGMENTS`.
_LEGS_PER_TRUNK = 1.7
#: Meters that a body falls from its first touch until the feet are under, and the least speed of a head-first entry: of
#: a step off the edge of the pool.
_BODY_M, _LEAST_SPEED_M_S = 1.9, 2.5
#: Time for which legs turn on from the last frame that shows more than feet, at the rate seen there, seconds.
_FEET_S = 0.01
#: Share of the turning from the last frame that shows more than feet until these are under by which the line errs: the
#: water stops the legs.
_UNSEEN = 0.15
#: Standard deviation of a bend, as a share of it.
_BENT_SHARE = 0.2
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
        return dive.outward if dive.number.direction in (1, 2) else -dive.outward
    return 0


def entry_angle(dive: InTheAir) -> Reading | None:
    """Measure the body's line off the vertical at the first touch, degrees: - short, + over.

    The line from shoulders to ankles, put together from those of trunk and legs; of a feet-first entry from ankles to
    shoulders, as the joints show it.
    """
    sense, line = turning_sense(dive), body_line(dive)
    if line is None or not sense or not dive.from_the_side or dive.touches is None:
        return None
    return Reading(sense * line[0], line[1], dive.touches, line[0])


def body_line(dive: InTheAir) -> tuple[float, float] | None:
    """Return the angle of the body's line at the contact, and its standard deviation, degrees; None if unseen.

    The line runs from the leading to the trailing end of the body; the angle is clockwise off the vertical.
    """
    courses = dive.entry
    if courses.legs is None or courses.trunk is None:
        return _feet_first_line(dive)
    legs, trunk = courses.legs.at(0.0), courses.trunk.at(0.0)
    ends = [length * np.exp(1j * np.radians(one.angle)) for one, length in ((trunk, 1.0), (legs, _LEGS_PER_TRUNK))]
    angle, (of_trunk, of_legs) = (
        float(np.degrees(np.angle(sum(ends)))),
        np.array([1.0, _LEGS_PER_TRUNK]) / (1 + _LEGS_PER_TRUNK),
    )
    rate = of_trunk * trunk.rate + of_legs * legs.rate
    return angle, float(np.linalg.norm([of_trunk * trunk.deviation, of_legs * legs.deviation, rate * dive.moved_s[2]]))


def _feet_first_line(dive: InTheAir) -> tuple[float, float] | None:
    """Return `body_line` of an entry whose legs do not show over the trunk."""
    if dive.touches is None:
        return None
    times = dive.seen.times_s
    touches_s = times[dive.touches]
    first, last = np.searchsorted(times, [touches_s - _LINE_S, touches_s + _AFTER_CONTACT_S])
    window = slice(max(int(first), dive.air.start), int(last))
    line = (dive.seen.joint("ankle") - dive.seen.joint("shoulder"))[window]
    seen = np.isfinite(line).all(axis=1)
    if seen.sum() < 2 or np.median(line[seen, 1]) <= 0:
        return None
    line, t = -line[seen], times[window][seen] - touches_s
    length = float(np.median(np.hypot(*line.T)))
    if dive.path is not None and length < _LEAST_LINE_M * dive.path.px_per_m:
        return None
    angle, rate, off = robust_line(t, np.degrees(np.unwrap(np.arctan2(line[:, 0], -line[:, 1]))))
    joint_px = dive.scatter_px(("shoulder", "ankle"), window)
    return angle, float(np.hypot(dive.angle_deviation(angle, length, rate * dive.moved_s[2], joint_px), off))


def legs_at_touch(dive: InTheAir) -> Reading | None:
    """Measure the line of the legs off the vertical at the first touch, degrees: - short, + over."""
    return _legs(dive, 0.0, dive.moved_s[2])


def legs_line(dive: InTheAir) -> Reading | None:
    """Measure the line of the legs off the vertical as the feet go under, degrees: - short, + over.

    What a judge sees last: at the last frame that shows more than feet, and turned on for as long as the feet take.
    Absent in a feet-first entry.
    """
    courses = dive.entry
    if courses.legs is None or dive.path is None or dive.touches is None:
        return None
    speed = float(dive.path.speed(float(dive.seen.times_s[dive.touches]))[1]) / dive.path.px_per_m
    if speed < _LEAST_SPEED_M_S:
        return None
    under_s = _BODY_M / speed
    last_s = courses.legs.last_s(under_s)
    return None if last_s is None else _legs(dive, last_s, _UNSEEN * (under_s - last_s), _FEET_S)


def entry_rotation(dive: InTheAir) -> Reading | None:
    """Measure how fast the legs still turn at the first touch, turns a second in the direction of rotation."""
    read = _legs(dive, 0.0, 0.0)
    if read is None or dive.entry.legs is None:
        return None
    line = dive.entry.legs.at(0.0)
    return Reading(turning_sense(dive) * line.rate / 360, line.rate_deviation / 360, read.at)


def _legs(dive: InTheAir, after_s: float, moved_s: float, turned_on_s: float = 0.0) -> Reading | None:
    """Read the line of the legs at a time after the contact.

    Args:
        moved_s: standard deviation of that time, seconds.
        turned_on_s: time for which the legs turn on from there.
    """
    sense = turning_sense(dive)
    if dive.entry.legs is None or dive.touches is None or not sense or not dive.from_the_side:
        return None
    line = dive.entry.legs.at(after_s)
    angle = line.angle + turned_on_s * sense * max(sense * line.rate, 0.0)
    deviation = float(np.hypot(line.deviation, line.rate * moved_s))
    time_s = dive.seen.times_s[dive.touches] + after_s
    return Reading(sense * angle, deviation, int(np.abs(dive.seen.times_s - time_s).argmin()), angle)


def hip_line(dive: InTheAir) -> Reading | None:
    """Measure the hips' angle from straight at the first touch, degrees: 0 straight, more is arched or piked.

    Hips' joints lie inside of the corner of a pike, for which `follow_entry` corrects in the mean.
    """
    if dive.touches is None:
        return None
    if dive.entry.legs is None or dive.entry.trunk is None:  # feet first
        hips = _at_the_water(dive, "shoulder", "hip", "knee")
        return None if hips is None else hips._replace(value=180 - hips.value)
    legs, trunk = dive.entry.legs.at(0.0), dive.entry.trunk.at(0.0)
    bent = abs((legs.angle - trunk.angle + 180) % 360 - 180)
    moved = (legs.rate - trunk.rate) * dive.moved_s[2]
    deviation = float(np.linalg.norm([legs.deviation, trunk.deviation, moved, _BENT_SHARE * bent]))
    return Reading(bent, deviation, dive.touches)


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


def splash_width(dive: InTheAir) -> Reading | None:
    """Measure the width of the white water about the entry, meters: 0 for none."""
    motion = dive.seen.parse.motion
    if motion is None or motion.splash_px is None or dive.px_per_m is None or dive.touches is None:
        return None
    px_per_m, share = dive.px_per_m
    width_m, deviation_m = np.array(motion.splash_px) / px_per_m
    at = np.searchsorted(dive.seen.times_s, dive.seen.times_s[dive.touches] + np.mean(SPLASH_S))
    return Reading(width_m, float(np.hypot(deviation_m, share * width_m)), min(int(at), len(dive.seen.frames) - 1))
