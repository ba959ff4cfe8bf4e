"""Frames that nobody filmed: who doubles a video's frame rate often blends every new frame of its two neighbours."""

import cv2
import numpy as np

from fineparser_core.types import N_SAMPLES
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sampling import sample_frames

# Twice 24 frames a second is the least that a doubled rate can be.
_LEAST_FPS = 40.0
# Looked at: frames around the middle of a clip; in each, pixels whose neighbours in time differ by as many grey levels.
_FRAMES, _MOVING, _LEAST_PIXELS, _LEAST_FRAMES = 33, 24, 100, 5
# Blended frames are 0.03 to 0.2 of the way off the mean of their neighbours (the more, the harder they are compressed)
# and the filmed ones between them 0.25 to 1; filmed ones alone, or those that were put between along the motion, hardly
# differ from each other.
_MOST_OF_OTHERS = 0.4


def sample_filmed(reader: VideoReader, in_frame: int, out_frame: int) -> np.ndarray:
    """As `sample_frames`, but of every second frame where those between are blended.

    In a blended frame the athlete is there twice, faintly, and it is chance how many of them are sampled.

    Returns:
        (96,) int64, ascending.

    Raises:
        VideoError: the file is damaged.
    """
    blended = _blended(reader, in_frame, out_frame)
    if blended is None:
        return sample_frames(reader.info, in_frame, out_frame)
    filmed = np.arange(in_frame, out_frame + 1)
    filmed = filmed[filmed % 2 != blended]
    return filmed[np.linspace(0, len(filmed) - 1, N_SAMPLES).astype(np.int64)]


def _blended(reader: VideoReader, in_frame: int, out_frame: int) -> int | None:
    """Whether even (0) or odd (1) frames are blended; None: neither."""
    if reader.info.variable_frame_rate or reader.info.fps < _LEAST_FPS:
        return None
    start = max(in_frame, (in_frame + out_frame + 1 - _FRAMES) // 2)
    looked_at = range(start, min(start + _FRAMES, out_frame + 1))
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for _, frame in reader.frames(looked_at)]
    off: tuple[list[float], list[float]] = [], []
    for index, before, frame, after in zip(looked_at[1:], grey, grey[1:], grey[2:], strict=False):
        moving = cv2.absdiff(before, after) >= _MOVING
        if np.count_nonzero(moving) >= _LEAST_PIXELS:
            a, b, c = (picture[moving].astype(np.float32) for picture in (before, frame, after))
            off[index % 2].append(float(np.median(np.abs(2 * b - a - c) / np.abs(c - a))))
    if min(len(off[0]), len(off[1])) < _LEAST_FRAMES:
        return None
    even, odd = (float(np.median(each)) for each in off)
    return 0 if even < _MOST_OF_OTHERS * odd else 1 if odd < _MOST_OF_OTHERS * even else None
