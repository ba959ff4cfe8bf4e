"""Writes what a coach showed of a video, with the coach's voice, as a clip of constant frame rate."""

from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core.export.annotated_clip import keep_apart
from fineparser_core.export.composition import MAX_SIDE_PX, Box, Pane, even
from fineparser_core.export.options import MaskStyle, RenderOptions, VoiceOver
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import DiveParse
from fineparser_core.video.planes import frame_color_matrix, to_video_frame
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sound import Voice
from fineparser_core.video.writer import VideoWriter

#: Frames a second: a pause repeats its frame, as phones and chats play no other rate reliably.
FPS = 30


def write_voice_over(
    video: Path,
    parse: DiveParse | None,
    recorded: VoiceOver,
    path: Path,
    *,
    title: str = "",
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[str, ...]:
    """Write a clip of the picture alone, drawn as an annotated clip is.

    Args:
        parse: of the dive, for its overlays; None: only the marks are drawn.
        title: in the clip's metadata.
        progress: receives the stage "write", counted in frames.

    Returns:
        Sentences to show to the user.

    Raises:
        ExportError: the file cannot be written, or would overwrite the video.
        VideoError: the video cannot be read.
        Cancelled: `cancel` was set; no file is left.
    """
    keep_apart(path, video)
    shown, n_frames = recorded.shown, max(1, round(recorded.duration_s * FPS))
    times_s = [one.time_s for one in shown]
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(video))
        info = reader.info
        matrix = frame_color_matrix(reader.decoded(shown[0].frame))
        scale = min(1.0, MAX_SIDE_PX / max(info.width_px, info.height_px))
        box = Box(0, 0, even(info.width_px * scale), even(info.height_px * scale))
        canvas = matrix.planes(np.zeros((box.height, box.width, 3), np.uint8))
        sound = Voice(recorded.samples, recorded.rate_hz) if len(recorded.samples) else None
        writer = stack.enter_context(
            VideoWriter(
                path, width_px=box.width, height_px=box.height, fps=FPS, matrix=matrix, title=title, sound=sound
            )
        )
        drawn = None
        for number in range(n_frames):
            if cancel is not None:
                cancel.raise_if_cancelled()
            now = shown[max(bisect_right(times_s, number / FPS) - 1, 0)]
            if drawn is None or replace(now, time_s=0, frame=0) != replace(drawn, time_s=0, frame=0):
                style = now.mask_style or MaskStyle()
                options = RenderOptions(mask=now.mask_style is not None, mask_style=style, skeleton=now.skeleton)
                marks = [recorded.marks[mark] for mark in now.marks]
                pane = Pane(reader, parse.steps if parse else (), parse, options, marks)
                pane.place(box, 1.0, now.zoom, now.center)
            if now is not drawn:
                pane.draw(canvas, now.frame, matrix)
                picture, drawn = to_video_frame(canvas), now
            writer.write_picture(picture, number / FPS)
            progress(Progress("write", number + 1, n_frames))
    return (writer.note,) if writer.note else ()
