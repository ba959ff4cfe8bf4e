"""Which 96 frames of a clip the network sees, and which windows it groups them into: pure arithmetic."""

import numpy as np

from fineparser_core.types import N_SAMPLES, VideoInfo

WINDOW_LENGTH = 16
WINDOW_STRIDE = 10

_STARTS = np.arange(0, N_SAMPLES - WINDOW_LENGTH + 1, WINDOW_STRIDE)
WINDOWS: np.ndarray = _STARTS[:, None] + np.arange(WINDOW_LENGTH)[None, :]
"""(9, 16) int64: the samples of each I3D window; neighbours share six.

Source: the paper's implementation details.
"""
WINDOWS.setflags(write=False)

# Times that are equal on paper may differ by rounding; far below any frame interval.
_SAME_TIME_S = 1e-6


def sample_frames(info: VideoInfo, in_frame: int, out_frame: int) -> np.ndarray:
    """The source frame of every sample of the clip [in_frame, out_frame], both included.

    At a constant rate: `trunc(linspace(in_frame, out_frame, 96))`, as released. At a variable rate
    samples lie at equal times, each the last frame at or before its time; at a constant rate the two
    agree. Clips under 96 frames repeat frames.

    Args:
        info: what `probe` found.
        in_frame: first frame of the clip, 0-based in the source file.
        out_frame: last frame of the clip.

    Returns:
        (96,) int64, ascending.
    """
    if not info.variable_frame_rate:
        return np.linspace(in_frame, out_frame, N_SAMPLES).astype(np.int64)
    times_s = np.linspace(info.pts_s[in_frame], info.pts_s[out_frame], N_SAMPLES)
    frames = np.searchsorted(info.pts_s, times_s + _SAME_TIME_S, side="right") - 1
    return np.clip(frames, in_frame, out_frame).astype(np.int64)


def frame_to_sample(sampled: np.ndarray, frame: int) -> int:
    """The first sample at or after a source frame; the last sample for frames after all samples.

    The way back is `sampled[k]`.

    Args:
        sampled: (96,) int64 from `sample_frames`.
        frame: 0-based index in the source file.
    """
    return min(int(np.searchsorted(sampled, frame, side="left")), len(sampled) - 1)
