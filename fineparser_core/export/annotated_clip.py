"""Writes a dive, the whole file or single frames with annotations; `composition` draws the frames."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fineparser_core.errors import ConfigError
from fineparser_core.export.brief_cut import brief_frames
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.coach_marks_overlay import MarkPainter
from fineparser_core.export.composition import Composition
from fineparser_core.export.dive_words import DiveWords
from fineparser_core.export.images import write_image
from fineparser_core.export.options import MIN_SPEED, RenderOptions
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import Analysis
from fineparser_core.video.planes import to_rgb, to_video_frame
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter, keep_apart


def write_annotated_clip(
    analysis: Analysis,
    path: Path,
    options: RenderOptions | None = None,
    *,
    whole_file: bool = False,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[str, ...]:
    """Write a silent annotated clip with the frames and time stamps of the source; slow motion stretches the times.

    Args:
        options: defaults to `RenderOptions()`.
        whole_file: write the file from its first to its last frame instead of the dive.
        progress: receives the stage "write", counted in frames.

    Returns:
        Sentences to show to the user.

    Raises:
        ConfigError: the speed is out of range.
        ExportError: the file cannot be written, or would overwrite a source video.
        VideoError: a source video cannot be read.
        Cancelled: `cancel` was set; no file is left.
    """
    options, clip = options or RenderOptions(), analysis.parse.clip
    if not MIN_SPEED <= options.speed <= 1:
        raise ConfigError("Speed {0:g} cannot be written: choose one from {1:g} to 1.", options.speed, MIN_SPEED)
    keep_apart(path, clip.path, *([options.comparison.path] if options.comparison else []))
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(clip.path))
        other = stack.enter_context(VideoReader(options.comparison.path)) if options.comparison else None
        composition = Composition(analysis, options, reader, other)
        first, last = (0, reader.info.n_frames - 1) if whole_file else (clip.in_frame, clip.out_frame)
        width_px, height_px = composition.size_px
        frames: Sequence[int] = range(first, last + 1)
        times_s: Sequence[float] = (reader.info.pts_s[first : last + 1] - reader.info.pts_s[first]) / options.speed
        if options.brief:
            frames, times_s = brief_frames(
                analysis.parse, options.words or DiveWords(), reader.info.pts_s, options.marks
            )
        writer = stack.enter_context(
            VideoWriter(
                path,
                width_px=width_px,
                height_px=height_px,
                fps=clip.fps * options.speed,
                matrix=composition.matrix,
                title=options.title or "",
            )
        )
        for done, (frame, time_s) in enumerate(zip(frames, times_s, strict=True), start=1):
            if cancel is not None:
                cancel.raise_if_cancelled()
            writer.write_picture(to_video_frame(composition.compose(frame)), float(time_s))
            progress(Progress("write", done, len(frames)))
    return (writer.note,) if writer.note else ()


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
