"""Writes what a coach showed of a video, with the coach's voice, as a clip."""

from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core.export.composition import MAX_SIDE_PX, Box, Pane, even
from fineparser_core.export.options import MaskStyle, RenderOptions, VoiceOver
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.planes import frame_color_matrix, to_video_frame
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sound import Voice
from fineparser_core.video.writer import VideoWriter, keep_apart

#: Frames a second, which every phone plays; a pause repeats its frame.
FPS = 30


def write_voice_over(
    recorded: VoiceOver, path: Path, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
) -> tuple[str, ...]:
    """Write a clip of the picture alone, drawn as an annotated clip is; see `write_annotated_clip`."""
    keep_apart(path, recorded.video)
    times_s, n_frames = [one.time_s for one in recorded.shown], max(1, round(recorded.duration_s * FPS))
    sound = Voice(recorded.samples, recorded.rate_hz) if len(recorded.samples) else None
    parse, drawn = recorded.parse, None
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(recorded.video))
        matrix = frame_color_matrix(reader.decoded(recorded.shown[0].frame))
        sides = reader.info.width_px, reader.info.height_px
        width, height = (even(side * min(1.0, MAX_SIDE_PX / max(sides))) for side in sides)
        canvas = matrix.planes(np.zeros((height, width, 3), np.uint8))
        writer = stack.enter_context(
            VideoWriter(
                path, width_px=width, height_px=height, fps=FPS, matrix=matrix, title=recorded.title, sound=sound
            )
        )
        for number in range(n_frames):
            if cancel is not None:
                cancel.raise_if_cancelled()
            now = recorded.shown[max(bisect_right(times_s, number / FPS) - 1, 0)]
            if drawn is None or now != replace(drawn, time_s=now.time_s, frame=now.frame):
                style, marks = now.mask_style or MaskStyle(), [recorded.marks[mark] for mark in now.marks]
                options = RenderOptions(mask=now.mask_style is not None, mask_style=style, skeleton=now.skeleton)
                pane = Pane(reader, parse.steps if parse else (), parse, options, marks)
                pane.place(Box(0, 0, width, height), 1.0, now.zoom, now.center)
            if now is not drawn:
                pane.draw(canvas, now.frame, matrix)
                picture, drawn = to_video_frame(canvas), now
            writer.write_picture(picture, number / FPS)
            progress(Progress("write", number + 1, n_frames))
    return (writer.note,) if writer.note else ()
