"""Places of the measured angles on a frame. No drawing library: the window draws them as well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.export.coach_marks import ANGLE, AnyMark, Point, angle_deg
from fineparser_core.export.skeleton import joints_at
from fineparser_core.language import Phrase
from fineparser_core.measures.records import RECORDS
from fineparser_core.records import MaskTrack, Measure

#: Joints with less confidence carry no angle.
_LEAST_CONFIDENCE = 0.1
#: Maximum distance of a measure from the shown frame, in frames.
_NEAR = 1
#: Maximum number of angles on a frame: a second would hide the body.
MOST_ANGLES = 1
#: The body opens at the hips: their angle at the come-out is read from the joints.
_OPENS_AT = "hip_angle"
#: Largest distance of an angle's point from the joint that it follows, as a share of the body's extent in the picture,
#: and least confidence of the joint.
_FOLLOWED_WITHIN, _FOLLOWED_SURE = 0.08, 0.2


@dataclass(frozen=True)
class MeasuredAngle:
    """An angle on a frame.

    Attributes:
        degrees: its size, or how far a line is off the vertical.
        title: what it is called, English, translated where it is shown.
        points: end, vertex and end, x and y in pixels of the source frame; the second end of a line off the vertical
            lies on the vertical.
    """

    degrees: float
    title: str
    points: tuple[Point, Point, Point]


def measured_angles(
    found: Sequence[Measure], frame: int, joints: np.ndarray | None, *, opening: bool = False
) -> list[MeasuredAngle]:
    """Return the angles that were measured at a frame or beside it, in the order of the measures.

    Args:
        joints: (16, 3) of the frame, see `joints_at`.
        opening: the frame is that of the come-out, whose hips are shown.
    """
    if joints is None:
        return []
    angles = []
    for measure in found:
        if measure.direction is not None:
            points = _line(measure.name, measure.direction, joints) if measure.frame == frame else None
        else:
            points = _points(measure.name, joints) if abs(measure.frame - frame) <= _NEAR else None
        if points is not None:
            angles.append(MeasuredAngle(abs(measure.value), RECORDS[measure.name].title, points))
    if opening and not angles and (points := _points(_OPENS_AT, joints)) is not None:
        angles.append(MeasuredAngle(angle_deg(*points), Phrase("hips as the body opens"), points))
    return angles[:MOST_ANGLES]


def _points(name: str, joints: np.ndarray) -> tuple[Point, Point, Point] | None:
    drawn = RECORDS[name].joints if name in RECORDS else ()
    places = [_place(joints, joint) for joint in drawn]
    if len(places) == 2:  # a line off the vertical
        foot, head = places
        up = (foot[0], foot[1] - float(np.hypot(head[0] - foot[0], head[1] - foot[1]))) if foot and head else None
        places = [head, foot, up]
    if len(places) != 3:
        return None
    first, vertex, second = places
    return (first, vertex, second) if first and vertex and second else None


def _line(name: str, direction: float, joints: np.ndarray) -> tuple[Point, Point, Point] | None:
    """Return head, foot and vertical of a measured line through what shows of its joints."""
    places = [place for joint in RECORDS[name].joints if (place := _place(joints, joint))]
    seen = joints[joints[:, 2] >= _LEAST_CONFIDENCE, :2]
    if not places:
        return None
    middle, length = np.mean(places, axis=0), float(np.ptp(seen, axis=0).max())
    along = np.array([np.sin(np.radians(direction)), -np.cos(np.radians(direction))]) * length / 2
    foot, head = (middle - along).tolist(), (middle + along).tolist()
    return (head[0], head[1]), (foot[0], foot[1]), (foot[0], foot[1] - length)


def _place(joints: np.ndarray, joint: str) -> Point | None:
    """Return a joint's place, or the middle of its visible sides; None where none is visible."""
    names = [joint] if joint in KEYPOINT_NAMES else [f"{joint}_l", f"{joint}_r"]
    seen = joints[[KEYPOINT_NAMES.index(name) for name in names]]
    seen = seen[seen[:, 2] >= _LEAST_CONFIDENCE]
    return (float(seen[:, 0].mean()), float(seen[:, 1].mean())) if len(seen) else None


def followed_angle(mark: AnyMark, track: MaskTrack | None, frame: int) -> AnyMark | None:
    """Return a coach's angle where its three joints are on another frame; None where it does not follow joints.

    It follows them if a joint is under each of its points on its own frame.
    """
    within = mark.last_frame is None or mark.frame <= frame <= mark.end_frame
    if mark.kind != ANGLE or track is None or not within:
        return None
    there, here = joints_at(track, mark.frame), joints_at(track, frame)
    if there is None or here is None:
        return None
    places = there[:, :2]
    away = np.hypot(*(places[:, None] - np.asarray(mark.points)).transpose(2, 0, 1))  # (joints, 3)
    away[there[:, 2] < _FOLLOWED_SURE] = np.inf
    joints = away.argmin(axis=0)
    reach = _FOLLOWED_WITHIN * float(np.ptp(places[there[:, 2] >= _FOLLOWED_SURE], axis=0).max(initial=0.0))
    if len({*joints}) < len(joints) or away.min(axis=0).max() > reach or here[joints, 2].min() < _FOLLOWED_SURE:
        return None
    points = tuple((float(x), float(y)) for x, y in here[joints, :2])
    return replace(mark, frame=frame, last_frame=None, points=points)
