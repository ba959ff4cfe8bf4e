"""Creates validated clips, and chooses the 96 samples of a clip."""

from pathlib import Path

import numpy as np

from fineparser_core.constants import MIN_FRAMES, N_SAMPLES, WINDOW_LENGTH, WINDOW_STRIDE
from fineparser_core.errors import ConfigError, VideoError
from fineparser_core.language import Phrase
from fineparser_core.records import AthletePoint, Clip, VideoInfo
from fineparser_core.video.probe import probe


def make_clip(
    path: str | Path,
    in_frame: int | None = None,
    out_frame: int | None = None,
    athlete: AthletePoint | None = None,
    *,
    trimmed: bool = False,
) -> Clip:
    """Create the clip of the frames in_frame to out_frame of a video, both included; None is its first or last frame.

    Args:
        athlete: a point on the diver, where another person would be followed.
        trimmed: the frames were chosen automatically: those before and after them are counted.

    Raises:
        ConfigError: the point is not in the clip.
        VideoError: the video is unreadable, or truncated and `out_frame` is None, a frame is out of range, or the clip
            has fewer than 16 frames.
    """
    path = Path(path)
    info = probe(path)
    last = info.n_frames - 1
    if info.n_frames_missing and out_frame is None:
        there = (path, info.n_frames, info.n_frames_whole, last)
        raise VideoError(
            "{0} is cut off, {1} of its {2} frames are there: copy it again, or "
            "choose {3} or an earlier frame as the out point to analyse what is left.",
            *there,
        )
    start = 0 if in_frame is None else in_frame
    end = last if out_frame is None else out_frame
    for frame in (start, end):
        if not 0 <= frame <= last:
            raise VideoError("{0}: there is no frame {1}: choose one from 0 to {2}.", path, frame, last)
    length = end - start + 1
    if length < MIN_FRAMES:
        found = Phrase("found 1 frame") if length == 1 else Phrase("found {0} frames", length)
        found = found if length > 0 else Phrase("found no frame")
        values = (path, found, start, end, MIN_FRAMES)
        raise VideoError("{0}: {1} from {2} to {3}, need at least {4}: move the in or the out point.", *values)
    n_cut = (start, last - end) if trimmed else (0, 0)
    ends_s = float(info.pts_s[start]), float(info.pts_s[end + 1]) if end < last else info.duration_s
    clip = Clip(
        path=info.path, in_frame=start, out_frame=end, fps=info.fps, athlete=athlete, n_cut=n_cut, ends_s=ends_s
    )
    if athlete is not None:
        _check_point(athlete, clip, info)
    return clip


def _check_point(athlete: AthletePoint, clip: Clip, info: VideoInfo) -> None:
    if not clip.in_frame <= athlete.frame <= clip.out_frame:
        frames = (athlete.frame, clip.in_frame, clip.out_frame)
        raise ConfigError(
            "{0}: the diver's point is in frame {1}, outside the clip: choose one of its frames {2} to {3}.",
            clip.path,
            *frames,
        )
    if not (0 <= athlete.x < info.width_px and 0 <= athlete.y < info.height_px):
        values = (clip.path, athlete.x, athlete.y, info.width_px - 1, info.height_px - 1)
        raise ConfigError(
            "{0}: the diver's point {1:g}, {2:g} lies outside the picture: choose x from 0 to {3} and y from 0 to {4}.",
            *values,
        )


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
