"""The path of the body's centre in the air as it lies in any frame of a clip, with heights over the water in metres.

Gravity is the ruler: the parabola that was fitted to the fall accelerates by so many pixels a second squared, and by
9.81 metres.
"""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.measures.ballistics import Ballistics, fit_ballistics
from fineparser_core.measures.moments import lowest_points
from fineparser_core.measures.seen_dive import SeenDive
from fineparser_core.types import DiveParse

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
    """The path of the body's centre of a dive; None where too little of it was seen in the air."""
    seen, contact = SeenDive.of(parse), parse.first_water_contact_frame
    first, last = parse.transitions.first_flight_frame, contact or parse.transitions.first_entry_frame
    first_s, last_s = seen.time_of(first), seen.time_of(last)
    fitted = fit_ballistics(seen, first_s, last_s)
    if fitted is None or last_s <= first_s:
        return None
    times_s = np.linspace(first_s, last_s, _POINTS)
    to_scene = (
        parse.motion.to_scene if parse.motion is not None else np.tile(np.eye(3), (len(parse.sampled_frames), 1, 1))
    )
    marks = _marks(seen, fitted, times_s) if contact is not None else np.zeros((0, 3))
    return CentrePath(
        sampled_frames=parse.sampled_frames,
        from_scene=np.linalg.inv(to_scene),
        frames=np.interp(times_s, seen.times_s, seen.frames),
        points=np.array([fitted.place(time_s) for time_s in times_s]),
        marks=marks,
    )


def _marks(seen: SeenDive, fitted: Ballistics, times_s: np.ndarray) -> np.ndarray:
    """Heights over the water, which the lowest point of the body touches at the end of the path."""
    lowest = seen.to_scene(lowest_points(seen.masks, seen.crops))[:, 1]
    water_y = lowest[int(np.abs(seen.times_s - times_s[-1]).argmin())]
    slowed = seen.parse.motion is not None and seen.parse.motion.slowed != 1  # the scale is then good to two fifths
    if slowed or fitted.scale_share > _LEAST_SURE or not np.isfinite(water_y):
        return np.zeros((0, 3))
    top_s = float(np.clip(times_s[0] + fitted.time_to_top(times_s[0])[0], times_s[0], times_s[-1]))
    top, end = ((water_y - fitted.place(time_s)[1]) / fitted.px_per_m for time_s in (top_s, times_s[-1]))
    if top <= max(end, 0):
        return np.zeros((0, 3))
    whole = np.arange(int(np.ceil(top)) - 1, max(end, 0), -1)
    falls_s = np.sqrt(2 * (top - whole) / GRAVITY_M_S2)
    at = [fitted.place(top_s + fall_s) for fall_s in (0.0, *falls_s)]
    return np.column_stack([at, [top, *whole]])
