"""Creates validated clips."""

from pathlib import Path

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.errors import ConfigError, VideoError
from fineparser_core.language import phrase
from fineparser_core.types import AthletePoint, Clip, VideoInfo
from fineparser_core.video.probe import probe


def make_clip(
    path: Path,
    in_frame: int | None = None,
    out_frame: int | None = None,
    athlete: AthletePoint | None = None,
    *,
    trimmed: bool = False,
) -> Clip:
    """Create the clip of the frames in_frame to out_frame of a video, both included; None is its first or last frame.

    Args:
        athlete: a point on the diver, where somebody else would be followed.
        trimmed: nobody asked for these frames: those before and after them are counted.

    Raises:
        ConfigError: the point is not in the clip.
        VideoError: the video is unreadable, or truncated and `out_frame` is None, a frame is out of range, or the clip
            has fewer than 16 frames.
    """
    info = probe(path)
    last = info.n_frames - 1
    if info.n_frames_missing and out_frame is None:
        raise VideoError(
            f"{path} is cut off, {info.n_frames} of its {info.n_frames_whole} frames are there: copy it again, or "
            f"choose {last} or an earlier frame as the out point to analyse what is left."
        )
    start = 0 if in_frame is None else in_frame
    end = last if out_frame is None else out_frame
    if not 0 <= start <= last:
        raise VideoError(f"{path}: there is no frame {start} for the in point: choose one from 0 to {last}.")
    if not 0 <= end <= last:
        raise VideoError(f"{path}: there is no frame {end} for the out point: choose one from 0 to {last}.")
    length = end - start + 1
    if length < MIN_FRAMES:
        found = phrase("found 1 frame") if length == 1 else phrase(f"found {length} frames")
        found = found if length > 0 else phrase("found no frame")
        raise VideoError(
            f"{path}: {found} from {start} to {end}, need at least {MIN_FRAMES}: move the in or the out point."
        )
    n_cut = (start, last - end) if trimmed else (0, 0)
    clip = Clip(path=info.path, in_frame=start, out_frame=end, fps=info.fps, athlete=athlete, n_cut=n_cut)
    if athlete is not None:
        _check_point(athlete, clip, info)
    return clip


def _check_point(athlete: AthletePoint, clip: Clip, info: VideoInfo) -> None:
    if not clip.in_frame <= athlete.frame <= clip.out_frame:
        raise ConfigError(
            f"{clip.path}: the diver's point is in frame {athlete.frame}, outside the clip: choose one of its frames "
            f"{clip.in_frame} to {clip.out_frame}."
        )
    if not (0 <= athlete.x < info.width_px and 0 <= athlete.y < info.height_px):
        raise ConfigError(
            f"{clip.path}: the diver's point {athlete.x:g}, {athlete.y:g} lies outside the picture: choose x from 0 to "
            f"{info.width_px - 1} and y from 0 to {info.height_px - 1}."
        )
