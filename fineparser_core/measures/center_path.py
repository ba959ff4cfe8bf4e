"""The path of the body's center in the air as it lies in any frame of a clip, with heights over the water in meters.

Gravity is the ruler: the parabola that was fitted to the fall accelerates by so many pixels a second squared, and by
9.81 meters.
"""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.measures.context import InTheAir, measured_dive
from fineparser_core.motion.ballistics import Ballistics
from fineparser_core.records import DiveParse

#: Points of the path.
_POINTS = 40
#: A scale that is less certain gives no heights, a standard deviation as a share of gravity.
_LEAST_SURE = 0.12


@dataclass(frozen=True, kw_only=True)
class CenterPath:
    """The path in the scene, which is the view of a chosen sample, and each sample's view of the scene.

    Attributes:
        sampled_frames: (96,) int64.
        from_scene: (96, 3, 3), takes places of the scene to source pixels of each sample.
        frames: (n,) float64, source frames at which the center is at the points.
        points: (n, 2) x, y in the scene, from leaving the board to the water.
        marks: (k, 3) x, y in the scene and height over the water in meters: the highest point first, then every whole
            meter on the way down; empty where the scale or the water is not known.
        heights: (n,) meters over the water of the points; empty where the scale or the water is not known.
        picture_xyxy: source pixels in which it is drawn, as of `DiveMotion`; None: of the whole frame.
    """

    sampled_frames: np.ndarray = field(repr=False)
    from_scene: np.ndarray = field(repr=False)
    frames: np.ndarray = field(repr=False)
    points: np.ndarray = field(repr=False)
    marks: np.ndarray = field(repr=False)
    heights: np.ndarray = field(repr=False)
    picture_xyxy: tuple[float, float, float, float] | None = None

    def in_frame(self, frame: int, points: np.ndarray) -> np.ndarray:
        """Map points (n, 2) of the scene to source pixels of the nearest sample of a frame."""
        matrix = self.from_scene[int(np.abs(self.sampled_frames - frame).argmin())]
        return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])

    def place(self, frame: int) -> np.ndarray | None:
        """Return x, y of the center in a frame, source pixels; None where it is not in the air."""
        if not self.frames[0] <= frame <= self.frames[-1]:
            return None
        at = np.array([[np.interp(frame, self.frames, self.points[:, axis]) for axis in (0, 1)]])
        return np.asarray(self.in_frame(frame, at)[0])


def center_path(parse: DiveParse, board_m: float | None = None) -> CenterPath | None:
    """Return the path of the body's center of a dive; None where too little of it shows in the air.

    Args:
        board_m: height of the board, which makes the scale more exact; None if unknown.
    """
    return path_of(measured_dive(parse, board_m=board_m))


def path_of(dive: InTheAir | None) -> CenterPath | None:
    """Return `center_path` of a prepared dive."""
    if dive is None or dive.path is None:
        return None
    last = dive.opens if dive.touches is None else dive.touches
    if last <= dive.leaves:
        return None
    parse = dive.seen.parse
    times_s = np.linspace(dive.seen.times_s[dive.leaves], dive.seen.times_s[last], _POINTS)
    still = np.tile(np.eye(3), (len(parse.sampled_frames), 1, 1))
    points = np.array([dive.path.place(time_s) for time_s in times_s])
    return CenterPath(
        sampled_frames=parse.sampled_frames,
        from_scene=np.linalg.inv(parse.motion.to_scene if parse.motion is not None else still),
        frames=np.interp(times_s, dive.seen.times_s, dive.seen.frames),
        points=points,
        marks=_marks(dive, dive.path, times_s),
        heights=_heights(dive, points[:, 1]),
        picture_xyxy=parse.motion.picture_xyxy if parse.motion is not None else None,
    )


def _marks(dive: InTheAir, path: Ballistics, times_s: np.ndarray) -> np.ndarray:
    """Return the heights over the water; none where it or the scale is not known well."""
    top_s = float(np.clip(path.top()[0], times_s[0], times_s[-1]))
    ends = _heights(dive, np.array([path.place(time_s)[1] for time_s in (top_s, times_s[-1])]))
    if not len(ends):
        return np.zeros((0, 3))
    top, end = ends.tolist()
    whole = np.arange(int(np.ceil(top)) - 1, max(end, 0), -1)
    falls_s = np.sqrt(2 * (top - whole) / GRAVITY_M_S2)
    at = [path.place(top_s + fall_s) for fall_s in (0.0, *falls_s)]
    return np.column_stack([at, [top, *whole]])


def _heights(dive: InTheAir, y: np.ndarray) -> np.ndarray:
    """Return meters over the water of places y (n,) in the scene; none where it or the scale is not known well."""
    scale = _scale(dive)
    if dive.water_y is None or scale is None:
        return np.zeros(0)
    heights = (dive.water_y - y) / scale
    return heights if heights.max() > max(heights[-1], 0) else np.zeros(0)


def _scale(dive: InTheAir) -> float | None:
    """Return the pixels of the scene in a meter; None where they are not known well."""
    slowed = dive.seen.parse.motion is not None and dive.seen.parse.motion.slowed != 1  # good to two fifths then
    if (slowed and dive.board_m is None) or dive.px_per_m is None or dive.px_per_m[1] > _LEAST_SURE:
        return None
    return dive.px_per_m[0]
