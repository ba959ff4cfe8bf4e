"""The path of the body's centre in the air as it lies in any frame of a clip, with heights over the water in metres.

Gravity is the ruler: the parabola that was fitted to the fall accelerates by so many pixels a second squared, and by
9.81 metres.
"""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.measures.free_fall import GRAVITY_M_S2
from fineparser_core.measures.moments import lowest_points
from fineparser_core.types import DiveMotion, DiveParse

#: Points of the path.
_POINTS = 40
#: A scale that is less certain gives no heights, a standard deviation as a share of gravity.
_LEAST_SURE = 0.12


@dataclass(frozen=True, kw_only=True)
class CentrePath:
    """The path in the scene, which is the view of one sample, and how each sample sees the scene.

    Attributes:
        sampled_frames: (96,) int64.
        from_scene: (96, 3, 3), takes places of the scene to source pixels of each sample.
        frames: (n,) float64, source frames at which the centre is at the points.
        points: (n, 2) x, y in the scene, from leaving the board to the water.
        marks: (k, 3) x, y in the scene and height over the water in metres: the highest point first, then every whole
            metre on the way down; empty where the scale or the water is not known.
    """

    sampled_frames: np.ndarray = field(repr=False)
    from_scene: np.ndarray = field(repr=False)
    frames: np.ndarray = field(repr=False)
    points: np.ndarray = field(repr=False)
    marks: np.ndarray = field(repr=False)

    def in_frame(self, frame: int, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the scene as the nearest sample of a frame sees them, source pixels."""
        matrix = self.from_scene[int(np.abs(self.sampled_frames - frame).argmin())]
        return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])

    def place(self, frame: int) -> np.ndarray | None:
        """x, y of the centre in a frame, source pixels; None where it is not in the air."""
        if not self.frames[0] <= frame <= self.frames[-1]:
            return None
        at = np.array([[np.interp(frame, self.frames, self.points[:, axis]) for axis in (0, 1)]])
        return np.asarray(self.in_frame(frame, at)[0])


def centre_path(parse: DiveParse) -> CentrePath | None:
    """The path of the body's centre of a dive; None where nobody was found to fall freely."""
    motion, transitions = parse.motion, parse.transitions
    if motion is None:
        return None
    first_s, last_s = transitions.first_flight_s, float(motion.path_s[-1])
    if parse.first_water_contact_frame is not None:
        last_s = float(np.interp(parse.first_water_contact_frame, parse.sampled_frames, parse.sampled_times_s))
    if last_s <= first_s:
        return None
    times_s = np.linspace(first_s, last_s, _POINTS)
    samples, first = np.unique(parse.sampled_frames, return_index=True)  # a short clip repeats its last frame
    return CentrePath(
        sampled_frames=parse.sampled_frames,
        from_scene=np.linalg.inv(motion.to_scene),
        frames=np.interp(times_s, parse.sampled_times_s[first], samples),
        points=motion.parabola(times_s),
        marks=_marks(parse, motion, times_s),
    )


def _marks(parse: DiveParse, motion: DiveMotion, times_s: np.ndarray) -> np.ndarray:
    none, contact = np.zeros((0, 3)), parse.first_water_contact_frame
    sure = motion.gravity > 0 and motion.gravity_deviation <= _LEAST_SURE * motion.gravity
    if contact is None or motion.slowed != 1 or not sure:
        return none
    sample = int(np.abs(parse.sampled_frames - contact).argmin())
    water_y = motion.in_scene(lowest_points(parse.mask_probability, parse.crop_xyxy))[sample, 1]
    px_per_m = motion.gravity / GRAVITY_M_S2
    top_s = float(np.clip(motion.at_s - motion.velocity[1] / motion.gravity, times_s[0], times_s[-1]))
    top, end = ((water_y - motion.parabola(np.array([time_s]))[0, 1]) / px_per_m for time_s in (top_s, times_s[-1]))
    if not np.isfinite(top) or top <= max(end, 0):
        return none
    whole = np.arange(int(np.ceil(top)) - 1, max(end, 0), -1)
    falls_s = top_s + np.sqrt(2 * (top - whole) / GRAVITY_M_S2)
    at = motion.parabola(np.array([top_s, *falls_s]))
    return np.column_stack([at, [top, *whole]])
