"""The dive as a video to show: mask on the diver, steps above, timeline and contributions below.

Nothing but the mask is drawn on the picture itself.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.export import panel
from fineparser_core.export.mask_overlay import draw_mask, mask_at
from fineparser_core.export.palette import MASK_COLOUR, rgb
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Analysis, VideoInfo
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

# Text under small pictures needs room; larger ones than this make files nobody can send.
MIN_WIDTH_PX = 640
MAX_SIDE_PX = 1920


def write_annotated_clip(
    analysis: Analysis,
    path: Path,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write every frame of the clip, at its own time, upright and in its aspect, with what was found.

    Progress is told as stage "write", a unit a frame.

    Raises:
        ExportError: the file cannot be written, or would replace the clip itself.
        VideoError: the clip can no longer be read.
        Cancelled: through `cancel`; no file is left.
    """
    clip = analysis.parse.clip
    if path.resolve() == clip.path.resolve():
        raise ExportError(f"{path} is the clip itself: give the annotated clip another name.")
    total = clip.out_frame - clip.in_frame + 1
    with VideoReader(clip.path) as reader:
        layout = _lay_out(analysis, reader.info)
        with VideoWriter(path, width_px=layout.width, height_px=layout.height, fps=clip.fps) as writer:
            pts_s = reader.info.pts_s
            for done, (frame, picture) in enumerate(reader.frames(range(clip.in_frame, clip.out_frame + 1)), 1):
                if cancel is not None:
                    cancel.raise_if_cancelled()
                image = _compose(analysis, layout, frame, float(pts_s[frame]), picture)
                writer.write(image, float(pts_s[frame] - pts_s[clip.in_frame]))
                progress(Progress("write", done, total))


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Sizes in output pixels, `unit` of the drawing included. From top to bottom: banner, picture, panel."""

    unit: float
    scale: float
    width: int
    picture_height: int
    banner_height: int
    panel: np.ndarray

    @property
    def height(self) -> int:
        return self.banner_height + self.picture_height + len(self.panel)


def _lay_out(analysis: Analysis, info: VideoInfo) -> _Layout:
    scale = max(MIN_WIDTH_PX / info.width_px, min(1.0, MAX_SIDE_PX / max(info.width_px, info.height_px)))
    width, height = (round(side * scale / 2) * 2 for side in (info.width_px, info.height_px))
    unit = max(1.0, min(width / 800, height / 450))
    return _Layout(
        unit=unit,
        scale=scale,
        width=width,
        picture_height=height,
        banner_height=round(panel.BANNER_UNITS * unit),
        panel=panel.draw_panel(analysis, info, width, unit),
    )


def _compose(analysis: Analysis, layout: _Layout, frame: int, time_s: float, picture: np.ndarray) -> np.ndarray:
    import cv2

    parse = analysis.parse
    size = (layout.width, layout.picture_height)
    if picture.shape[1::-1] != size:
        smaller = layout.scale < 1
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    probability, crop_xyxy = mask_at(parse, frame)
    draw_mask(picture, probability, crop_xyxy * layout.scale, rgb(MASK_COLOUR), line_px=1.4 * layout.unit)
    banner = panel.draw_banner(analysis, frame, time_s, (layout.width, layout.banner_height), layout.unit)
    below = layout.panel.copy()
    panel.draw_playhead(below, parse, frame, layout.unit)
    return np.concatenate([banner, picture, below])
