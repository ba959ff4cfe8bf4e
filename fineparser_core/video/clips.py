"""Creates validated clips."""

from pathlib import Path

from fineparser_core.constants import MIN_FRAMES
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
