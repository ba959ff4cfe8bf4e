"""Writes single frames: of an analyzed dive with annotations, of any other video with the coach's marks only."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.coach_marks_overlay import MarkPainter
from fineparser_core.export.composition import Composition
from fineparser_core.export.images import write_image
from fineparser_core.export.options import RenderOptions
from fineparser_core.records import Analysis
from fineparser_core.video.planes import to_rgb
from fineparser_core.video.reader import VideoReader


def write_still(analysis: Analysis, frame: int, path: Path, options: RenderOptions | None = None) -> None:
    """Write a frame of the dive's file as PNG or JPEG, as it appears in an annotated clip.

    Raises:
        ConfigError: the suffix of the path is not supported.
        ExportError: the file cannot be written.
        VideoError: the frame does not exist, or a source video cannot be read.
    """
    options = options or RenderOptions()
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(analysis.parse.clip.path))
        other = stack.enter_context(VideoReader(options.comparison.path)) if options.comparison else None
        composition = Composition(analysis, options, reader, other)
        write_image(to_rgb(composition.compose(frame), composition.matrix), path)


def write_plain_still(video: Path, frame: int, path: Path, marks: Sequence[Mark] = ()) -> None:
    """Write a frame of a video in its own size, with the coach's marks, as PNG or JPEG.

    Raises:
        ConfigError: the suffix of the path is not supported.
        ExportError: the file cannot be written.
        VideoError: the frame does not exist, or the video cannot be read.
    """
    with VideoReader(video) as reader:
        image = reader.frame(frame).copy()
        size_px = (reader.info.width_px, reader.info.height_px)
        unit = max(1.0, min(size_px) / 450)
        MarkPainter(marks, reader.info.pts_s, size_px, unit, lambda point: point).paint_image(image, frame)
    write_image(image, path)
