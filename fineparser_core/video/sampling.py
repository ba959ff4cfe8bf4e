"""The 96 sampled frames of a clip and the 9 windows of 16 samples that I3D receives."""

import numpy as np

from fineparser_core.constants import N_SAMPLES, WINDOW_LENGTH, WINDOW_STRIDE
from fineparser_core.records import VideoInfo

_STARTS = np.arange(0, N_SAMPLES - WINDOW_LENGTH + 1, WINDOW_STRIDE)
WINDOWS: np.ndarray = _STARTS[:, None] + np.arange(WINDOW_LENGTH)[None, :]
"""(9, 16) int64: the samples of each I3D window; neighbouring windows overlap by six.

Source: implementation details of the paper.
"""
WINDOWS.setflags(write=False)

#: Real time before and after a fall that is sampled: with a dive from 1 m or 3 m, every picture of thirty a second.
SAMPLED_S = (1.1, 0.7)
# Tolerance for rounding of equal times; far below any frame interval.
_TOLERANCE_S = 1e-6


def sample_frames(info: VideoInfo, in_frame: int, out_frame: int) -> np.ndarray:
    """Sample 96 frames evenly from a clip.

    At a constant frame rate these are `trunc(linspace(in_frame, out_frame, 96))`, as in the authors' release. At a
    variable rate the samples are spaced evenly in time, each the last frame at or before its time. Both rules agree at
    a constant rate. Clips of fewer than 96 frames repeat frames.

    Args:
        info: see `probe`.
        in_frame: first frame of the clip, 0-based in the source file.
        out_frame: last frame of the clip, included.

    Returns:
        (96,) int64, ascending source frames.
    """
    if not info.variable_frame_rate:
        return np.linspace(in_frame, out_frame, N_SAMPLES).astype(np.int64)
    times_s = np.linspace(info.pts_s[in_frame], info.pts_s[out_frame], N_SAMPLES)
    frames = np.searchsorted(info.pts_s, times_s + _TOLERANCE_S, side="right") - 1
    return np.clip(frames, in_frame, out_frame).astype(np.int64)


def sample_run(first: int, last: int) -> np.ndarray:
    """Return the frames (96,) int64 that inference samples at a constant rate: every frame, the last one repeated.

    Of more than 96 frames, some are taken evenly.
    """
    if last - first < N_SAMPLES:
        return np.minimum(first + np.arange(N_SAMPLES), last)
    return np.linspace(first, last, N_SAMPLES).astype(np.int64)


def transition_samples(sampled: np.ndarray, flight: int, entry: int) -> tuple[int, int]:
    """Return the samples of both transitions, first frames of flight and entry, so that each step has a sample."""
    first = min(frame_to_sample(sampled, flight), N_SAMPLES - 2)
    return first, min(max(first + 1, frame_to_sample(sampled, entry)), N_SAMPLES - 1)


def valid_samples(sampled: np.ndarray) -> np.ndarray:
    """Return (96,) bool: False for the samples that repeat the last frame, of which a short clip's 96 are filled up."""
    return np.asarray(np.arange(len(sampled)) <= np.searchsorted(sampled, sampled[-1]))


def frame_to_sample(sampled: np.ndarray, frame: int) -> int:
    """Return the first sample at or after a source frame; the last sample for frames after all samples.

    `sampled[k]` is the inverse.

    Args:
        sampled: (96,) int64 from `sample_frames`.
        frame: 0-based index in the source file.
    """
    return min(int(np.searchsorted(sampled, frame, side="left")), len(sampled) - 1)
