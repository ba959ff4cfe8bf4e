"""Frames that nobody filmed: who doubles a video's frame rate often blends every new frame of its two neighbours."""

from collections.abc import Iterable

import numpy as np

from fineparser_core.progress import CancelToken
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sampling import sample_frames

# Twice 24 frames a second is the least that a doubled rate can be.
_LEAST_FPS = 40.0
# Two stretches of frames are looked at, a third of the clip from each end, and so many of their rows at most; in each
# frame, red, green and blue of pixels where the frames before and after differ by so much.
_STRETCH, _ROWS, _MOVING = 17, 540, 24
_LEAST_VALUES, _LEAST_FRAMES = 100, 5
# How far frames are off the mean of their neighbours, as a share of the way to either. Blended ones: 0.02 to 0.3 (the
# more, the harder they are compressed), and 0.25 to 1 the filmed ones between them. Of a video that was filmed at its
# rate, or whose new frames were moved along with what moves, even and odd ones hardly differ. In a slow pan over
# something smooth all are near 0.1, and differ by how they are compressed.
_LEAST_OF_FILMED, _MOST_OF_FILMED = 0.2, 0.55


def sample_filmed(reader: VideoReader, in_frame: int, out_frame: int, cancel: CancelToken | None = None) -> np.ndarray:
    """As `sample_frames`, but of every second frame, and the clip's first and last, where those between are blended.

    In a blended frame the athlete is there twice, faintly, and it would be chance how many of them are sampled.

    Returns:
        (96,) int64, ascending.

    Raises:
        VideoError: the file is damaged.
        Cancelled: once the token is set.
    """
    parity = _filmed_parity(reader, in_frame, out_frame, cancel)
    if parity is None:
        return sample_frames(reader.info, in_frame, out_frame)
    inside = np.arange(in_frame + 1, out_frame)
    frames = np.array([in_frame, *inside[inside % 2 == parity], out_frame])
    return frames[sample_frames(reader.info, 0, len(frames) - 1)]


def _filmed_parity(reader: VideoReader, in_frame: int, out_frame: int, cancel: CancelToken | None) -> int | None:
    """Whether even (0) or odd (1) frames were filmed and the others blended; None: neither, or it changes."""
    if reader.info.variable_frame_rate or reader.info.fps < _LEAST_FPS:
        return None
    third = (out_frame - in_frame) // 3
    found = set()
    for middle in (in_frame + third, out_frame - third):
        start = max(in_frame, middle - _STRETCH // 2)
        off = _off_the_mean(reader, range(start, min(start + _STRETCH, out_frame + 1)), cancel)
        if min(map(len, off)) >= _LEAST_FRAMES:
            even, odd = (float(np.median(each)) for each in off)
            filmed = int(odd > even)
            less, more = sorted((even, odd))
            if more >= _LEAST_OF_FILMED:
                found.add(filmed if less < _MOST_OF_FILMED * more else None)
    return found.pop() if len(found) == 1 else None


def _off_the_mean(
    reader: VideoReader, frames: Iterable[int], cancel: CancelToken | None
) -> tuple[list[float], list[float]]:
    """How far frames are off the mean of their neighbours where something moves: of even ones, and of odd ones."""
    seen: list[np.ndarray] = []
    off: tuple[list[float], list[float]] = [], []
    for index, frame in reader.frames(frames):
        step = -(-len(frame) // _ROWS)
        seen = [*seen[-2:], frame[::step, ::step].astype(np.int16)]
        if len(seen) == 3:
            before, between, after = seen
            moving = np.abs(after - before) >= _MOVING
            if np.count_nonzero(moving) >= _LEAST_VALUES:
                a, b, c = before[moving], between[moving], after[moving]
                off[(index - 1) % 2].append(float(np.median(np.abs(2 * b - a - c) / np.abs(c - a))))
        if cancel is not None:
            cancel.raise_if_cancelled()
    return off
