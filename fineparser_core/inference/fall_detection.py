"""Detects falls into the water in a long recording, from the measurements of `inference.scan`.

`scan` measures, this module detects, `trim` confirms each detection by a full parse. Numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fineparser_core.types import DiveSegment

# Distances are in picture heights.
#: Window over which a descent is measured; falls from the highest point take 0.8 s from 1 m and 1.5 s from 10 m.
FALL_S = 1.0
#: Least descent within `FALL_S`; about 0.35 for a dive from 1 m in a wide view.
MIN_DESCENT = 0.2
#: Longest fall from the highest point; 1.5 s from 10 m, longer in slowed recordings.
_MAX_FALL_S = 2.2
#: Least time between two dives of a file.
MIN_INTERVAL_S = 4.0
#: Parts of a clip before the highest point (approach, and 0.1 to 0.6 s of rise) and after the end of the fall.
BEFORE_S, AFTER_S = 1.5, 1.6
#: Least share of a fall's samples in which an athlete is visible.
MIN_VISIBLE_SHARE = 0.5
#: Interval after a fall in which the athlete should have disappeared, seconds.
_GONE_S = (0.2, 1.2)
#: Least share of samples without an athlete in that interval; below it only a long descent counts as a fall.
_MIN_GONE_SHARE = 0.5
_LONG_DESCENT = 0.5
#: Noise of the vertical position of a motionless athlete's mask.
_POSITION_NOISE = 0.03
#: Least area of an athlete's mask as a share of the picture: about twelve pixels of 112 x 112.
MIN_AREA = 0.001
_TOLERANCE_S = 1e-6
#: Least support of a measured camera motion.
_MIN_RESPONSE = 0.3
#: Largest motion of an athlete between samples; a larger one is a change to another person or a cut.
_MAX_STEP = 0.15


@dataclass(frozen=True, kw_only=True)
class MotionTrack:
    """The measurements of `inference.scan`, one value a sample.

    Attributes:
        frames: (n,) int64 source frames, ascending.
        times_s: (n,) float64, seconds.
        area: (n,) area of the athlete's mask as a share of the picture.
        centre_y: (n,) vertical position of the mask's centre, 0 (top) to 1 (bottom); NaN without a mask.
        shift_y: (n,) downward motion of the scene since the previous sample, in picture heights.
        response: (n,) support of that motion, 0 to 1, see `video.camera_motion.vertical_shift`.
    """

    frames: np.ndarray = field(repr=False)
    times_s: np.ndarray = field(repr=False)
    area: np.ndarray = field(repr=False)
    centre_y: np.ndarray = field(repr=False)
    shift_y: np.ndarray = field(repr=False)
    response: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Fall:
    """A descent after which the athlete disappears.

    Attributes:
        top_s: time at which the athlete leaves the highest point.
        end_s: time at which the descent ends, about at the water.
        descent: descent within the last second, in picture heights, corrected for camera motion.
        shown: share of that second's samples in which an athlete is visible.
        gone: share of the samples after the fall in which no athlete is visible.
    """

    top_s: float
    end_s: float
    descent: float
    shown: float
    gone: float


def cumulative_descent(track: MotionTrack) -> np.ndarray:
    """The athlete's descent since the first sample, (n,) in picture heights.

    The descent is the motion of the athlete in the picture minus that of the scene, which moves up while the camera
    follows the athlete down. Samples without a reliable camera motion (blur, a cut) repeat the last one.
    """
    visible = track.area >= MIN_AREA
    position = np.where(visible, track.centre_y, np.nan)
    moved = np.nan_to_num(np.diff(position, prepend=np.nan))
    moved = np.where(np.abs(moved) <= _MAX_STEP, moved, 0.0)
    reliable = (track.response >= _MIN_RESPONSE) & (np.abs(track.shift_y) <= 0.5)
    last = np.maximum.accumulate(np.where(reliable, np.arange(len(reliable)), -1))
    scene = np.where(last >= 0, track.shift_y[np.maximum(last, 0)], 0.0)
    # Not repeated for more than four samples.
    scene = np.where(np.arange(len(last)) - last <= 4, scene, 0.0)
    return np.asarray(np.cumsum(moved - scene))


def find_falls(track: MotionTrack) -> list[Fall]:
    """Detect the falls of a recording, in order of time.

    Falls are the maxima over time of the descent from the highest point of the preceding second.
    """
    times, descent = track.times_s, cumulative_descent(track)
    visible = track.area >= MIN_AREA
    first = np.searchsorted(times, times - FALL_S - _TOLERANCE_S)
    drop = np.array([descent[k] - descent[first[k] : k + 1].min() for k in range(len(descent))])
    falls: list[Fall] = []
    for k in np.argsort(-drop, kind="stable"):
        if drop[k] < MIN_DESCENT:
            break
        if any(abs(times[k] - fall.end_s) < MIN_INTERVAL_S for fall in falls):
            continue
        during = float(visible[first[k] : k + 1].mean())
        after = visible[slice(*np.searchsorted(times, times[k] + np.array(_GONE_S)))]
        gone = float((~after).mean()) if len(after) else 1.0
        if during >= MIN_VISIBLE_SHARE and (gone >= _MIN_GONE_SHARE or drop[k] >= _LONG_DESCENT):
            top = _top(times, descent, int(k))
            falls.append(Fall(top_s=top, end_s=float(times[k]), descent=float(drop[k]), shown=during, gone=gone))
    return sorted(falls, key=lambda fall: fall.end_s)


def longest_descent(track: MotionTrack) -> float:
    """The largest descent within a second or, in longer clips (slow motion), within a third of the clip."""
    times, descent = track.times_s, cumulative_descent(track)
    span = max(FALL_S, float(times[-1] - times[0]) / 3)
    first = np.searchsorted(times, times - span - _TOLERANCE_S)
    return max(float(descent[k] - descent[first[k] : k + 1].min()) for k in range(len(descent)))


def _top(times: np.ndarray, descent: np.ndarray, end: int) -> float:
    """Time at which a fall that ends at sample `end` leaves its highest point."""
    first = int(np.searchsorted(times, times[end] - _MAX_FALL_S))
    part = descent[first : end + 1]
    return float(times[first + np.flatnonzero(part <= part.min() + _POSITION_NOISE)[-1]])


def clip_around(fall: Fall, times_s: np.ndarray) -> tuple[int, int]:
    """First and last frame of the clip of a dive with this fall.

    Args:
        times_s: (n_frames,) presentation times of the file.
    """
    first = int(np.searchsorted(times_s, fall.top_s - BEFORE_S))
    last = int(np.searchsorted(times_s, fall.end_s + AFTER_S, side="right")) - 1
    return min(first, last), last


def suppress_overlaps(segments: Sequence[DiveSegment]) -> list[DiveSegment]:
    """Non-maximum suppression: of segments with overlapping flights the one with the highest confidence, by time."""
    kept: list[DiveSegment] = []
    for one in sorted(segments, key=lambda s: -s.confidence):
        if all(
            one.first_entry_frame <= other.first_flight_frame or other.first_entry_frame <= one.first_flight_frame
            for other in kept
        ):
            kept.append(one)
    return sorted(kept, key=lambda s: s.in_frame)
