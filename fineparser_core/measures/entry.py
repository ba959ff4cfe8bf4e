"""Measures of the third phase: the come-out, and the entry into the water."""

from typing import NamedTuple

import numpy as np

from fineparser_core.measures.context import InTheAir, Reading, robust_line
from fineparser_core.measures.flight import turned_in_the_air
from fineparser_core.motion.splash import SPLASH_S

#: The line of the body is followed for this time before the contact, and read at the contact.
_LINE_S = 0.14
#: Time after the contact in seconds, a frame or two, in which the whole line still shows.
_AFTER_CONTACT_S = 0.04
#: Shoulders and ankles that are nearer to each other than this at the contact are not a diver's.
_LEAST_LINE_M = 0.55
#: Hips that are open: the body is stretched from here on.
_OPEN_DEG = 150.0
#: Legs are followed from so long before the contact to so long after it, in at least so many frames.
_LEGS_BEFORE_S, _LEGS_AFTER_S, _LEAST_LEGS = 0.1, 0.135, 4
#: Meters from the hands of a stretched body to its hips, their standard deviation, and the least speed at which one
#: enters the water: of a step off the edge of the pool.
_HANDS_TO_HIPS_M, _REACH_M, _LEAST_SPEED_M_S = 1.15, 0.1, 2.5
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
    length = float(np.median(np.hypot(*line.T)))
    if dive.path is not None and length < _LEAST_LINE_M * dive.path.px_per_m:
        return None
    angle, rate, off = _turning(t, line)
    joint_px = dive.scatter_px(("shoulder", "ankle"), window)
    return angle, float(np.hypot(dive.angle_deviation(angle, length, rate * dive.moved_s[2], joint_px), off))


def legs_line(dive: InTheAir) -> Reading | None:
    """Measure the line of the legs off the vertical as the hips go under, degrees: - short, + over.

    What a judge sees last. Splash and water hide it, so the legs are followed about the contact and carried on by their
    turning until the hips are under: in the mean of two estimates, by a usual body's length and by how far the hips are
    over the water at the contact, of which a contact that is found late moves the first alone. Absent in a feet-first
    entry.
    """
    sense = turning_sense(dive)
    legs = _legs_at_contact(dive)
    if legs is None or dive.path is None or dive.water_y is None or not sense or not dive.from_the_side:
        return None
    assert dive.moments.contact is not None
    touches_s, moved_s = dive.real(dive.moments.contact)
    speed = float(dive.path.speed(touches_s)[1])
    if speed < _LEAST_SPEED_M_S * dive.path.px_per_m:
        return None
    usual_px = _HANDS_TO_HIPS_M * dive.path.px_per_m
    under_s = (usual_px + float(np.clip(dive.water_y - legs.hips_y, 0, 1.5 * usual_px))) / 2 / speed
    angle = legs.angle + legs.rate * under_s
    moved_deg = legs.rate * float(np.hypot(moved_s / 2, _REACH_M * dive.path.px_per_m / speed / 2))
    joint_px = dive.scatter_px(("hip", "ankle"), legs.window)
    deviation = np.hypot(dive.angle_deviation(angle, legs.length_px, moved_deg, joint_px), legs.deviation(under_s))
    at = min(int(np.searchsorted(dive.seen.times_s, touches_s + under_s)), len(dive.seen.frames) - 1)
    return Reading(sense * angle, float(deviation), at)


def entry_rotation(dive: InTheAir) -> Reading | None:
    """Measure how fast the legs still turn at the contact, turns a second in the direction of rotation."""
    sense = turning_sense(dive)
    legs = _legs_at_contact(dive)
    if legs is None or not sense or not dive.from_the_side:
        return None
    assert dive.touches is not None
    return Reading(sense * legs.rate / 360, legs.rate_deviation / 360, dive.touches)


class _Legs(NamedTuple):
    """Line of the legs about the contact, from hips to ankles.

    Attributes:
        times_s: (n,) seconds after the contact of the frames that show them.
        angle, rate: degrees off the vertical at the contact, clockwise, and degrees a second; a straight line in time.
        scatter: degrees about it.
        hips_y: y of the hips in the scene at the contact.
        length_px: of the legs.
        window: samples between the first and the last of these frames.
    """

    times_s: np.ndarray
    angle: float
    rate: float
    scatter: float
    hips_y: float
    length_px: float
    window: slice

    @property
    def rate_deviation(self) -> float:
        """Standard deviation of the rate, by the scatter about the line."""
        return self.scatter / float(np.sqrt(((self.times_s - self.times_s.mean()) ** 2).sum()))

    def deviation(self, after_s: float) -> float:
        """Return the standard deviation of the angle at a time after the contact, by the scatter about the line."""
        mean = self.scatter / float(np.sqrt(len(self.times_s)))
        return float(np.hypot(mean, (after_s - self.times_s.mean()) * self.rate_deviation))


def _legs_at_contact(dive: InTheAir) -> _Legs | None:
    """Follow the legs about the contact of a head-first entry."""
    if dive.moments.contact is None:
        return None
    times, touches_s = dive.seen.times_s, dive.real(dive.moments.contact)[0]
    first, last = np.searchsorted(times, [touches_s - _LEGS_BEFORE_S, touches_s + _LEGS_AFTER_S]).tolist()
    window = slice(first, last)
    hips = dive.seen.joint("hip")[window]
    line = dive.seen.joint("ankle")[window] - hips
    seen = np.isfinite(line).all(axis=1)
    if seen.sum() < _LEAST_LEGS or np.median(line[seen, 1]) > 0:
        return None
    line, t = line[seen], times[window][seen] - touches_s
    hips_y = robust_line(t, hips[seen, 1])[0]
    return _Legs(t, *_turning(t, line), hips_y, float(np.median(np.hypot(*line.T))), window)


def _turning(t: np.ndarray, line: np.ndarray) -> tuple[float, float, float]:
    """Return angle clockwise off the vertical at 0, rate and scatter of a line (n, 2) at times (n,), in degrees."""
    return robust_line(t, np.degrees(np.unwrap(np.arctan2(line[:, 0], -line[:, 1]))))


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


def splash_width(dive: InTheAir) -> Reading | None:
    """Measure the width of the white water about the entry, meters: 0 for none."""
    motion = dive.seen.parse.motion
    if motion is None or motion.splash_px is None or dive.px_per_m is None or dive.touches is None:
        return None
    px_per_m, share = dive.px_per_m
    width_m, deviation_m = np.array(motion.splash_px) / px_per_m
    at = np.searchsorted(dive.seen.times_s, dive.seen.times_s[dive.touches] + np.mean(SPLASH_S))
    return Reading(width_m, float(np.hypot(deviation_m, share * width_m)), min(int(at), len(dive.seen.frames) - 1))
