"""A dive of a data set as a clip of a video file, which can then be analyzed as any other."""

from pathlib import Path

from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.video_dives import VideoDives
from fineparser_core.records import Clip
from fineparser_core.video.clips import make_clip
from fineparser_core.video.writer import VideoWriter


def dive_clip(data: DiveSet, record: DiveRecord, path: Path) -> Clip:
    """Return the clip of a dive: from its video file, or from a video that its images are written into.

    Args:
        path: of the video to write, where the dive has none.

    Raises:
        AnnotationError: its images cannot be read. The text is the reason alone.
        VideoError: its video cannot be read.
    """
    if isinstance(data, VideoDives):
        first, length = record.start_frame or 0, data.length(record)
        return make_clip(data.dives[record.key].video, first, first + length - 1)
    frames, fps = data.frames(record), data.fps(record)
    first_frame = next(frames)
    height, width = first_frame.shape[:2]
    with VideoWriter(path, width_px=width, height_px=height, fps=fps) as writer:
        writer.write(first_frame, 0.0)
        for number, frame in enumerate(frames, start=1):
            writer.write(frame, number / fps)
    return make_clip(path)
