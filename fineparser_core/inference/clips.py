"""Creates validated clips."""

from pathlib import Path

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.errors import VideoError
from fineparser_core.types import Clip
from fineparser_core.video.probe import probe


def make_clip(path: Path, in_frame: int | None = None, out_frame: int | None = None) -> Clip:
    """Create the clip of the frames in_frame to out_frame of a video, both included; None is its first or last frame.

    Raises:
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
    for name, frame in (("in", start), ("out", end)):
        if not 0 <= frame <= last:
            raise VideoError(f"{path}: there is no frame {frame} for the {name} point: choose one from 0 to {last}.")
    length = end - start + 1
    if length < MIN_FRAMES:
        found = f"found {length} {'frame' if length == 1 else 'frames'}" if length > 0 else "found no frame"
        raise VideoError(
            f"{path}: {found} from {start} to {end}, need at least {MIN_FRAMES}: move the in or the out point."
        )
    return Clip(path=info.path, in_frame=start, out_frame=end, fps=info.fps)
