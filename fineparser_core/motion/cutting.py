"""Cuts the clip of a dive out of a longer file by physics alone: the free fall, and cuts between shots. No torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fineparser_core.motion.free_fall import LEAST_EVIDENCE, FreeFall, find_free_falls
from fineparser_core.motion.scan import may_have_cuts, scan
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.types import AthletePoint, Clip
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe

#: Parts of a clip before the take-off, which the hurdle takes, and after the contact with the water; seconds of real
#: time.
BEFORE_S, AFTER_S = 1.6, 1.5
#: Least time between two dives of a file: what falls sooner is the hurdle, or the splash.
_APART_S = 4.0
#: In slower replays a clip gets no longer.
MOST_SLOWED = 4.0
#: A file of this length is a clip of a dive already, with next to nothing to cut but other shots; one that is longer
#: than the second is not analysed whole unless a person says so.
SHORT_S, LONG_S = 5.0, 15.0


class FoundClip(NamedTuple):
    """The clip of a dive, and the first and last frames of other dives of the file."""

    clip: Clip
    others: tuple[tuple[int, int], ...] = ()


def find_clip(
    path: Path,
    athlete: AthletePoint | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> FoundClip | None:
    """The dive of a file: of several the one with most evidence, or the one whose clip holds the athlete's point.

    Of a short file the whole shot is taken that holds the dive; one in which nobody falls freely is taken whole. Of a
    truncated file what is there is looked through.

    Args:
        progress: receives the stage "scan" of a file that is not short, counted in images.

    Returns:
        None for a long recording in which nobody falls freely.

    Raises:
        VideoError: the file cannot be read, or is truncated and taken whole.
        ConfigError: the point is not in the file.
        Cancelled: `cancel` was set.
    """
    info = probe(path)
    short = info.duration_s <= SHORT_S and not info.n_frames_missing
    if short and not may_have_cuts(path, cancel=cancel):
        return FoundClip(make_clip(path, athlete=athlete))
    motion, frames = scan(path, progress=ignore_progress if short else progress, cancel=cancel)
    cuts = frames[motion.cut]
    if short and not len(cuts):
        return FoundClip(make_clip(path, athlete=athlete))
    falls = sorted(apart(find_free_falls(motion, least_evidence=LEAST_EVIDENCE)), key=lambda fall: -fall.evidence)
    ranges = []
    for fall in falls:
        between, slowed = between_cuts(cuts, fall, info.pts_s), min(fall.slowed, MOST_SLOWED)
        ranges.append(between if short else clip_around(fall.start_s, fall.end_s, slowed, info.pts_s, between))
    if athlete is not None:
        make_clip(path, 0, info.n_frames - 1, athlete)  # is the point in the file?
        ranges.sort(key=lambda one: not one[0] <= athlete.frame <= one[1])
    if not ranges or (athlete is not None and not ranges[0][0] <= athlete.frame <= ranges[0][1]):
        return None if info.duration_s > LONG_S and athlete is None else FoundClip(make_clip(path, athlete=athlete))
    first, last = ranges[0]
    return FoundClip(make_clip(path, first, last, athlete, trimmed=True), tuple(sorted(ranges[1:])))


def between_cuts(cuts: np.ndarray, fall: FreeFall, times_s: np.ndarray) -> tuple[int, int]:
    """First and last frame of the shot that holds a fall.

    Args:
        cuts: frames that are the first ones after a cut, as far as images lie between them.
    """
    before, after = cuts[times_s[cuts] <= fall.start_s], cuts[times_s[cuts] >= fall.end_s]
    return int(before.max(initial=0)), int(after.min(initial=len(times_s)) - 1)


def apart(falls: Sequence[FreeFall]) -> list[FreeFall]:
    """Of falls that follow one another too soon the one with more evidence; in order of time."""
    kept: list[FreeFall] = []
    for fall in sorted(falls, key=lambda fall: -fall.evidence):
        if all(fall.start_s - k.end_s > _APART_S or k.start_s - fall.end_s > _APART_S for k in kept):
            kept.append(fall)
    return sorted(kept, key=lambda fall: fall.start_s)


def clip_around(
    start_s: float, end_s: float, slowed: float, times_s: np.ndarray, between: tuple[int, int]
) -> tuple[int, int]:
    """First and last frame of the clip of a dive.

    Args:
        start_s, end_s: of its time in the air.
        slowed: how many times slower than real time the recording is.
        times_s: (n_frames,) presentation times of the file.
        between: first and last frame of the shot, which it does not leave.
    """
    first = max(int(np.searchsorted(times_s, start_s - BEFORE_S * slowed)), between[0])
    last = min(int(np.searchsorted(times_s, end_s + AFTER_S * slowed, side="right")) - 1, between[1])
    return min(first, last), last
