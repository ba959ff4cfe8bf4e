"""A single frame of a dive as it looks in an annotated clip; of a video that was not analysed, the frame alone."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.coach_marks_overlay import MarkPainter
from fineparser_core.export.composition import Composition
from fineparser_core.export.images import write_image
from fineparser_core.export.options import Look
from fineparser_core.types import Analysis
from fineparser_core.video.planes import to_rgb
from fineparser_core.video.reader import VideoReader


def write_still(analysis: Analysis, frame: int, path: Path, look: Look | None = None) -> None:
    """Write frame `frame` of the dive's file as a PNG or JPEG.

    Raises:
        ConfigError: for another ending of the name.
        ExportError: the file cannot be written.
        VideoError: no such frame, or a clip can no longer be read.
    """
    look = look or Look()
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(analysis.parse.clip.path))
        other = stack.enter_context(VideoReader(look.beside.path)) if look.beside else None
        composition = Composition(analysis, look, reader, other)
        write_image(to_rgb(composition.compose(frame), composition.matrix), path)


def write_bare_still(video: Path, frame: int, path: Path, marks: Sequence[Mark] = ()) -> None:
    """Write frame `frame` of a video at its own size, with what was drawn on it, as a PNG or JPEG.

    Raises:
        ConfigError: for another ending of the name.
        ExportError: the file cannot be written.
        VideoError: no such frame, or the video cannot be read.
    """
    with VideoReader(video) as reader:
        image = reader.frame(frame).copy()
        size_px = (reader.info.width_px, reader.info.height_px)
        unit = max(1.0, min(size_px) / 450)
        MarkPainter(marks, reader.info.pts_s, size_px, unit, lambda point: point).paint_image(image, frame)
    write_image(image, path)
