"""Where in a long recording somebody falls into the water: arithmetic on what `inference.scan` measures.

No network and no video here: `scan` measures, this decides, `trim` confirms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fineparser_core.types import DiveSegment

#: A fall is looked for over this time; from 1 m the way down from the highest point takes 0.8 s, from 10 m 1.5 s.
FALL_S = 1.0
#: Least way down within `FALL_S`, in heights of the picture; a wide view of a dive from 1 m shows about 0.35.
LEAST_DESCENT = 0.2
#: A fall lasts no longer than this from its highest point; from 10 m it is 1.5 s, and recordings may run slow.
_LONGEST_S = 2.2
#: Two dives of one file are at least this far apart.
APART_S = 4.0
#: A dive is cut so long before the highest point (rise 0.1 to 0.6 s, and the last steps) and after the water.
BEFORE_S, AFTER_S = 1.5, 1.6
#: The least share of a fall's samples that show an athlete.
LEAST_SHOWN = 0.5
#: Seconds after a fall in which the athlete should be gone.
_GONE_S = (0.2, 1.2)
#: Where most of these samples show an athlete, only a long way down is a fall into water.
_LEAST_GONE = 0.5
_LONG_DESCENT = 0.5
#: Nearly as high as the highest: the mask of one who stands still trembles by this.
_LEVEL = 0.03
#: Less of the picture than this is no athlete: a dozen pixels of 112 x 112.
LEAST_AREA = 0.001
_SAME_S = 1e-6
#: Where a smaller share of the picture agrees on how the scene has moved, that is a guess.
_LEAST_RESPONSE = 0.3
#: An athlete moves no further than this in the picture from sample to sample; more is another person or a cut.
_FARTHEST = 0.15


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What `inference.scan` measures, a value a sample.

    Attributes:
        frames: (n,) int64 source frames, ascending.
        times_s: (n,) float64.
        area: (n,) share of the picture that the athlete's mask covers.
        centre_y: (n,) height of the mask's centre, 0 top to 1 bottom of the picture; NaN without a mask.
        shift_y: (n,) how far the scene moved down in the picture since the sample before, in its heights.
        response: (n,) the share of the picture that moved so, 0 to 1, see `video.camera_motion.vertical_shift`.
    """

    frames: np.ndarray = field(repr=False)
    times_s: np.ndarray = field(repr=False)
    area: np.ndarray = field(repr=False)
    centre_y: np.ndarray = field(repr=False)
    shift_y: np.ndarray = field(repr=False)
    response: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Fall:
    """Somebody comes down and is gone.

    Attributes:
        top_s: when the athlete leaves the highest point.
        end_s: when the way down ends, about at the water.
        descent: way down in the last second, in heights of the picture, camera movement taken off.
        shown: share of that second's samples that show an athlete.
        gone: share of the samples after it that show none.
    """

    top_s: float
    end_s: float
    descent: float
    shown: float
    gone: float


def descent_of(evidence: Evidence) -> np.ndarray:
    """(n,) how far the athlete came down since the first sample, in heights of the picture.

    A camera that follows the dive keeps the athlete in the middle of the picture: the way down is then in the scene,
    which moves up. Both movements are added. Where the scene's cannot be measured (blur, a cut) it is taken to go on.
    """
    shown = evidence.area >= LEAST_AREA
    height = np.where(shown, evidence.centre_y, np.nan)
    moved = np.nan_to_num(np.diff(height, prepend=np.nan))
    moved = np.where(np.abs(moved) <= _FARTHEST, moved, 0.0)
    trusted = (evidence.response >= _LEAST_RESPONSE) & (np.abs(evidence.shift_y) <= 0.5)
    last = np.maximum.accumulate(np.where(trusted, np.arange(len(trusted)), -1))
    scene = np.where(last >= 0, evidence.shift_y[np.maximum(last, 0)], 0.0)
    # Two samples without a measure may be blur; more of them have nothing to go on from.
    scene = np.where(np.arange(len(last)) - last <= 4, scene, 0.0)
    return np.asarray(np.cumsum(moved - scene))


def find_falls(evidence: Evidence) -> list[Fall]:
    """The falls of a recording, in order of time.

    Every moment gets the way down from the highest point of the second before; falls are its peaks.
    """
    times, way = evidence.times_s, descent_of(evidence)
    shown = evidence.area >= LEAST_AREA
    first = np.searchsorted(times, times - FALL_S - _SAME_S)
    down = np.array([way[k] - way[first[k] : k + 1].min() for k in range(len(way))])
    falls: list[Fall] = []
    for k in np.argsort(-down, kind="stable"):
        if down[k] < LEAST_DESCENT:
            break
        if any(abs(times[k] - fall.end_s) < APART_S for fall in falls):
            continue
        during = float(shown[first[k] : k + 1].mean())
        after = shown[slice(*np.searchsorted(times, times[k] + np.array(_GONE_S)))]
        gone = float((~after).mean()) if len(after) else 1.0
        if during >= LEAST_SHOWN and (gone >= _LEAST_GONE or down[k] >= _LONG_DESCENT):
            top = _top(times, way, int(k))
            falls.append(Fall(top_s=top, end_s=float(times[k]), descent=float(down[k]), shown=during, gone=gone))
    return sorted(falls, key=lambda fall: fall.end_s)


def longest_descent(evidence: Evidence) -> float:
    """The longest way down within a second, in heights of the picture; in slow motion within a third of the clip."""
    times, way = evidence.times_s, descent_of(evidence)
    span = max(FALL_S, float(times[-1] - times[0]) / 3)
    first = np.searchsorted(times, times - span - _SAME_S)
    return max(float(way[k] - way[first[k] : k + 1].min()) for k in range(len(way)))


def _top(times: np.ndarray, way: np.ndarray, end: int) -> float:
    """When the fall that ends at a sample left its highest point."""
    first = int(np.searchsorted(times, times[end] - _LONGEST_S))
    part = way[first : end + 1]
    return float(times[first + np.flatnonzero(part <= part.min() + _LEVEL)[-1]])


def cut_around(fall: Fall, times_s: np.ndarray) -> tuple[int, int]:
    """First and last frame of the dive that a fall belongs to.

    Args:
        times_s: (n_frames,) presentation times of the file.
    """
    first = int(np.searchsorted(times_s, fall.top_s - BEFORE_S))
    last = int(np.searchsorted(times_s, fall.end_s + AFTER_S, side="right")) - 1
    return min(first, last), last


def without_overlap(segments: Sequence[DiveSegment]) -> list[DiveSegment]:
    """Segments in order of time; of two that show the same flight the one with the greater confidence."""
    kept: list[DiveSegment] = []
    for one in sorted(segments, key=lambda s: -s.confidence):
        if all(
            one.first_entry_frame <= other.first_flight_frame or other.first_entry_frame <= one.first_flight_frame
            for other in kept
        ):
            kept.append(one)
    return sorted(kept, key=lambda s: s.in_frame)
