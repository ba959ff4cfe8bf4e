"""Directions of legs and trunk while a body goes under, from joints and outline together.

Each frame about the contact gives up to three readings of the legs: the line from hips to ankles, the line from knees
to ankles once the hips are under, and the principal axis of the upper half of the mask. A local line in time through
them, each weighted by its error, gives the direction at any moment. Angles are degrees off the vertical of the picture,
clockwise; 0 is feet straight up.
"""

from typing import NamedTuple

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.motion.body import upper_axes
from fineparser_core.records import DiveParse

#: Followed real time before and after the contact, seconds; a body from 1 m is under after 0.3 s.
_FOLLOWED_S = (0.105, 0.33)
#: Least confidence of a joint: below it limbs were wrong on labeled frames, above it right to a few degrees.
_LEAST_CONFIDENCE = 0.15
#: Error of a line between joints of confidence 1, and of an outline as long as wide, degrees. A pike bends the axis of
#: the outline by about half of the angle beyond `_STRAIGHT_DEG`.
_JOINTS_DEG, _OUTLINE_DEG, _STRAIGHT_DEG = 3.0, 20.0, 10.0
#: Least length of an outline in its widths, and the time after the contact from which the outline is the legs' alone.
_LEAST_LENGTH, _LEGS_ALONE_S = 3.0, 0.05
#: Share of a bend by which the trunk is read too near to the legs, as hips' joints lie inside its corner: on 28 dives
#: labeled by eye the error of the bend is least with it.
_INSIDE = 0.2
#: Time after the contact from which hips may be under water, and their confidence below which they are.
_UNDER_S, _SEEN_HIPS = 0.08, 0.55
#: Reading whose error is larger tells no direction alone, degrees.
_SURE_DEG = 9.0
#: Standard deviation of the kernel in time, seconds: 8 to 12 degrees a frame of a thirtieth second change little in it.
_KERNEL_S = 0.04
#: Error that all readings of a dive share, degrees.
_COMMON_DEG = 2.5
#: Largest change between neighboring readings, degrees a second, beyond their errors and `_JUMP_DEG`.
_FASTEST, _JUMP_DEG = 250.0, 15.0
#: Prior deviation of the rate, degrees a second, which keeps it finite where a single frame shows.
_USUAL_RATE = 600.0
_ROUNDS = 5


class Line(NamedTuple):
    """A direction at a moment: degrees clockwise off the vertical, degrees a second, and their standard deviations."""

    angle: float
    rate: float
    deviation: float
    rate_deviation: float


class Course(NamedTuple):
    """A direction over time.

    Attributes:
        times_s: (n,) real seconds after the contact, in order; a time may come twice.
        angles: (n,) degrees clockwise off the vertical.
        deviations: (n,) standard deviation of each.
    """

    times_s: np.ndarray
    angles: np.ndarray
    deviations: np.ndarray

    def at(self, after_s: float) -> Line:
        """Return the direction at a time after the contact.

        Source: local linear regression (Cleveland 1979), robust by Huber's weights.
        """
        near = np.exp(-0.5 * ((self.times_s - after_s) / _KERNEL_S) ** 2)
        basis = np.stack([np.ones(len(self.times_s)), self.times_s - after_s], axis=1)
        trusted = np.ones(len(self.times_s))
        for _ in range(_ROUNDS):
            weight = near * trusted / self.deviations**2
            precision = basis.T @ (weight[:, None] * basis) + np.diag([1e-9, _USUAL_RATE**-2])
            found = np.linalg.solve(precision, basis.T @ (weight * self.angles))
            off = (self.angles - basis @ found) / self.deviations
            trusted = 1 / np.maximum(1, np.abs(off) / 1.5)
        scatter = np.sqrt(max(1.0, float((near * trusted * off**2).sum() / (near * trusted).sum())))
        angle_deg, rate_deg = np.sqrt(np.diag(np.linalg.inv(precision))) * scatter
        return Line(float(found[0]), float(found[1]), float(np.hypot(angle_deg, _COMMON_DEG)), float(rate_deg))

    def last_s(self, until_s: float) -> float | None:
        """Return the last time at which a reading is sure, not after a time; None where none is."""
        sure = self.times_s[(self.deviations <= _SURE_DEG) & (self.times_s <= until_s)]
        return float(sure[-1]) if len(sure) else None


class EntryCourses(NamedTuple):
    """Courses of legs and trunk about a head-first entry; None for what does not show, or enters first."""

    legs: Course | None
    trunk: Course | None


def follow_entry(parse: DiveParse, contact_s: float, slowed: float) -> EntryCourses:
    """Return the courses of legs and trunk about the contact.

    Args:
        contact_s: seconds of the file.
        slowed: how many times slower than real time the recording is.
    """
    first = np.unique(parse.sampled_frames, return_index=True)[1]
    after_s = (parse.sampled_times_s[first] - contact_s) / slowed
    within = (after_s >= -_FOLLOWED_S[0]) & (after_s <= _FOLLOWED_S[1])
    first, after_s = first[within], after_s[within]
    if parse.joints is None or not len(first):
        return EntryCourses(None, None)
    joints = parse.joints[first].astype(np.float64)
    (legs, of_legs), (trunk, of_trunk), (shins, of_shins) = (
        _line(joints, *ends) for ends in (("hip", "ankle"), ("shoulder", "hip"), ("knee", "ankle"))
    )
    trunk = np.where(np.isfinite(legs), trunk + _INSIDE * _wrapped(trunk - legs), trunk)
    outline, length = upper_axes(parse.mask_probability[first], parse.crop_xyxy[first])
    both = np.isfinite(legs + trunk)
    bent = np.interp(after_s, after_s[both], np.abs(_wrapped(legs - trunk)[both])) if both.any() else 60.0
    under = (after_s > _UNDER_S) & (_confidence(joints, "hip") < _SEEN_HIPS) & np.isfinite(shins)
    along = (length >= _LEAST_LENGTH) & (after_s > _LEGS_ALONE_S) & np.isfinite(outline)
    readings = [
        (np.isfinite(legs) & ~under, legs, _JOINTS_DEG / of_legs),
        (under, shins, _JOINTS_DEG / of_shins),
        (along, outline, np.hypot(_OUTLINE_DEG / length, np.maximum(bent - _STRAIGHT_DEG, 0) / 2)),
    ]
    times_s, angles, deviations = (
        np.concatenate(parts)
        for parts in zip(*((after_s[use], value[use], error[use]) for use, value, error in readings), strict=True)
    )
    use = np.isfinite(trunk)
    return EntryCourses(
        _course(times_s, angles, deviations), _course(after_s[use], trunk[use], _JOINTS_DEG / of_trunk[use])
    )


def _course(times_s: np.ndarray, angles: np.ndarray, deviations: np.ndarray) -> Course | None:
    """Return the readings that follow each other, from the sure one nearest to the contact to both sides.

    Splash and reflections turn an outline at once by more than a body can turn. None for legs that enter first.
    """
    order = np.lexsort((deviations, times_s))
    times_s, angles, deviations = times_s[order], angles[order], deviations[order]
    sure = np.flatnonzero((deviations <= _SURE_DEG) & (np.abs(times_s) < _FOLLOWED_S[0]))
    if not len(sure):
        return None
    start = int(sure[np.abs(times_s[sure]).argmin()])
    kept = {start}
    for path in (range(start, len(times_s)), range(start, -1, -1)):
        last = start
        for at in path:
            most = _JUMP_DEG + 3 * min(deviations[at], _SURE_DEG) + _FASTEST * abs(times_s[at] - times_s[last])
            turned = angles[last] + _wrapped(angles[at] - angles[last])
            if abs(turned - angles[last]) <= most:
                angles[at], last = turned, at
                kept.add(at)
    use = sorted(kept)
    course = Course(times_s[use], angles[use], deviations[use])
    return course if abs(_wrapped(course.at(0.0).angle)) <= 120 else None


def _confidence(joints: np.ndarray, name: str) -> np.ndarray:
    """Return the confidence (n,) of a joint, of two sides the surer."""
    sides = [KEYPOINT_NAMES.index(f"{name}_{side}") for side in "lr"]
    return np.asarray(joints[:, sides, 2].max(axis=1))


def _line(joints: np.ndarray, first: str, last: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the direction (n,) from a joint to another, degrees, NaN where unseen, and its confidence."""
    ends = []
    for name in (first, last):
        both = joints[:, [KEYPOINT_NAMES.index(f"{name}_{side}") for side in "lr"]]
        weight = np.where(both[..., 2] >= _LEAST_CONFIDENCE, both[..., 2], 0.0)[..., None]
        total = weight.sum(axis=1)
        ends.append(np.where(total > 0, (both[..., :2] * weight).sum(axis=1) / np.maximum(total, 1e-9), np.nan))
    x, y = (ends[1] - ends[0]).T
    sure = np.minimum(_confidence(joints, first), _confidence(joints, last))
    return np.degrees(np.arctan2(x, -y)), np.maximum(sure, 1e-3)


def _wrapped(angle: np.ndarray | float) -> np.ndarray:
    """Return angles in degrees between -180 and 180."""
    return np.asarray((np.asarray(angle) + 180) % 360 - 180)
