"""The dive, or the whole file, as a video to show, every frame at its own time: see `composition`."""

from contextlib import ExitStack
from pathlib import Path

from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.export.composition import Composition
from fineparser_core.export.options import SLOWEST, ClipOptions
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Analysis
from fineparser_core.video.planes import to_video_frame
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter


def write_annotated_clip(
    analysis: Analysis,
    path: Path,
    options: ClipOptions | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[str, ...]:
    """Write every frame, upright and in its aspect; slowed down, each is shown for longer and none is added.

    Progress is told as stage "write", a unit a frame.

    Returns:
        Sentences that whoever asked for the file must be told.

    Raises:
        ConfigError: for a speed that is not slower than the dive.
        ExportError: the file cannot be written, or would replace a clip that is shown.
        VideoError: a clip can no longer be read.
        Cancelled: through `cancel`; no file is left.
    """
    options = options or ClipOptions()
    look, clip = options.look, analysis.parse.clip
    if not SLOWEST <= look.speed <= 1:
        raise ConfigError(f"Speed {look.speed:g} cannot be written: choose one from {SLOWEST:g} to 1.")
    for shown in (clip.path, *([look.beside.path] if look.beside else [])):
        if path.resolve() == shown.resolve():
            raise ExportError(f"{path} is the clip itself: give the annotated clip another name.")
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(clip.path))
        other = stack.enter_context(VideoReader(look.beside.path)) if look.beside else None
        composition = Composition(analysis, look, reader, other)
        first, last = (0, reader.info.n_frames - 1) if options.whole_file else (clip.in_frame, clip.out_frame)
        width_px, height_px = composition.size_px
        writer = stack.enter_context(
            VideoWriter(
                path, width_px=width_px, height_px=height_px, fps=clip.fps * look.speed, matrix=composition.matrix
            )
        )
        start_s = reader.info.pts_s[first]
        for frame in range(first, last + 1):
            if cancel is not None:
                cancel.raise_if_cancelled()
            picture = to_video_frame(composition.compose(frame))
            writer.write_picture(picture, float(reader.info.pts_s[frame] - start_s) / look.speed)
            progress(Progress("write", frame + 1 - first, last + 1 - first))
    return (writer.note,) if writer.note else ()
