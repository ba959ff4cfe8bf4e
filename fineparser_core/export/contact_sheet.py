"""Contact sheets: three frames of each phase of a dive, optionally beside those of another dive.

Every cell is a crop around the athlete, of equal size in all cells of a dive. A cell shows the middle frame of a third
of the phase, or the frame nearest to it on which the coach has drawn.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fineparser_core.export import panel
from fineparser_core.export.coach_marks import Mark, Point, visible_marks
from fineparser_core.export.coach_marks_overlay import MarkPainter
from fineparser_core.export.crops import Window, athlete_box, cropped, windows_around
from fineparser_core.export.drawing import BOLD, Box, Color, draw_text, fill_box, fit_text, text_width
from fineparser_core.export.images import write_image
from fineparser_core.export.mask_overlay import draw_mask_on_image, mask_at
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.skeleton_overlay import paint_skeleton
from fineparser_core.language import number, text
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import Analysis, MaskTrack, StepSpan, VideoInfo
from fineparser_core.video.reader import VideoReader

# Shares of a step's duration: the middle of each third.
_MOMENTS = (1 / 6, 1 / 2, 5 / 6)
#: Smallest visible part of the body, as a share of the dive's median mask: less is a leg above the water, or splash.
_SHOWN_SHARE = 0.25
_COVERED = 0.5  # least probability of a cell of the body
_CELL_PX = 280
_GAP_PX = 6
_BETWEEN_PX = 28
_MARGIN_PX = 20
_TITLE_PX = 56
_HEADING_PX = 46
_CAPTION_PX = 28
_UNIT = 1.3
_BLOCK_PX = 3 * _CELL_PX + 2 * _GAP_PX


def write_contact_sheet(
    analysis: Analysis,
    path: Path,
    options: RenderOptions | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write a contact sheet as PNG or JPEG.

    Args:
        options: `panels` and `speed` are ignored.
        progress: receives the stage "write", counted in cells.

    Raises:
        ConfigError: the suffix of the path is not supported.
        ExportError: the file cannot be written.
        VideoError: a source video cannot be read.
        Cancelled: `cancel` was set; no file is left.
    """
    options, parse = options or RenderOptions(), analysis.parse
    dives = [_SheetDive(parse.clip.path, options.title or parse.clip.path.stem, parse.steps, parse, options.marks)]
    if options.comparison is not None:
        other = options.comparison
        beside = (other.path, other.title, other.steps, other.masks, options.comparison_marks)
        dives.append(_SheetDive(*beside, mirrored=other.mirrored))
    colors = panel.step_colors(options.step_colors)
    width = 2 * _MARGIN_PX + len(dives) * _BLOCK_PX + (len(dives) - 1) * _BETWEEN_PX
    rows_px = 3 * (_HEADING_PX + _CELL_PX + _CAPTION_PX)
    image = np.full((_TITLE_PX + rows_px + _GAP_PX, width // 2 * 2, 3), panel.BACKGROUND, np.uint8)
    done = 0
    with ExitStack() as stack:
        readers = [stack.enter_context(VideoReader(dive.path)) for dive in dives]
        for column, (reader, dive) in enumerate(zip(readers, dives, strict=True)):
            left = _MARGIN_PX + column * (_BLOCK_PX + _BETWEEN_PX)
            title = fit_text(dive.title, 14 * _UNIT, _BLOCK_PX)
            draw_text(image, (left, _TITLE_PX - 16), title, 14 * _UNIT, panel.TEXT, weight=BOLD)
            moments = [_moments(step, dive, reader.info.pts_s) for step in dive.steps]
            windows = windows_around({f: _box(dive, f, reader.info.pts_s) for row in moments for f in row}, reader.info)
            for row, frames in enumerate(moments):
                top = _TITLE_PX + row * (_HEADING_PX + _CELL_PX + _CAPTION_PX)
                heading = _heading(dive.steps[row], reader, analysis if column == 0 else None)
                _draw_heading(image, (left, top), heading, colors[dive.steps[row].name])
                for place, frame in enumerate(frames):
                    if cancel is not None:
                        cancel.raise_if_cancelled()
                    at = (left + place * (_CELL_PX + _GAP_PX), top + _HEADING_PX)
                    cell = _draw_cell(reader, frame, windows[frame], dive, options)
                    _put_cell(image, at, cell, _caption(frame, reader.info))
                    done += 1
                    progress(Progress("write", done, 9 * len(dives)))
        below = panel.draw_panel(analysis, colors, image.shape[1], _UNIT)
    write_image(np.concatenate([image, below]), path)


@dataclass(frozen=True)
class _SheetDive:
    """A dive of the sheet."""

    path: Path
    title: str
    steps: tuple[StepSpan, StepSpan, StepSpan]
    masks: MaskTrack | None
    marks: Sequence[Mark]
    mirrored: bool = False


def _moments(step: StepSpan, dive: _SheetDive, pts_s: np.ndarray) -> list[int]:
    """Return source frames of the cells of a step, from its part that shows the athlete, or from all of it."""
    frames = _frames_with_body(dive.masks, step) or list(range(step.start_frame, step.end_frame))
    start_s, end_s = pts_s[frames[0]], pts_s[frames[-1]]
    times_s = [start_s + share * (end_s - start_s) for share in _MOMENTS]
    middles = [min(frames, key=lambda frame: abs(pts_s[frame] - time_s)) for time_s in times_s]
    # A frame with marks replaces the nearest moment, even if the athlete is not visible in it.
    drawn = {mark.frame for mark in dive.marks if step.start_frame <= mark.frame < step.end_frame}
    nearest = {frame: min(middles, key=lambda middle: abs(pts_s[middle] - pts_s[frame])) for frame in drawn}
    return [
        min((frame for frame in drawn if nearest[frame] == middle), key=lambda one: abs(one - middle), default=middle)
        for middle in middles
    ]


def _frames_with_body(masks: MaskTrack | None, step: StepSpan) -> list[int]:
    """Return the frames of a step in which enough of the athlete is visible."""
    if masks is None:
        return []
    areas = (masks.mask_probability > _COVERED).sum(axis=(1, 2))
    least = _SHOWN_SHARE * np.median(areas[areas > 0]) if areas.any() else np.inf
    return [
        frame
        for frame in range(step.start_frame, step.end_frame)
        if (mask_at(masks, frame)[0] > _COVERED).sum() >= least
    ]


def _box(dive: _SheetDive, frame: int, pts_s: np.ndarray) -> Box | None:
    """Return the box around the mask and the marks of a frame, pixels; None without either."""
    points = [point for mark in visible_marks(dive.marks, frame, pts_s) for point in mark.points]
    return athlete_box(dive.masks, frame, points)


def _heading(step: StepSpan, reader: VideoReader, analysis: Analysis | None) -> tuple[str, str]:
    """Name and duration of a step, and the points that it contributes if the dive is scored."""
    ends_s = np.append(reader.info.pts_s, reader.info.duration_s)
    name = f"{text(step.name)}  {number(float(ends_s[step.end_frame] - ends_s[step.start_frame]), 2)} s"
    parts = analysis.scoring.contributions if analysis is not None and analysis.scoring is not None else ()
    points = [
        text("{0} points against the exemplars", number(part.points, 1, signed=True))
        for part in parts
        if part.step == step.name
    ]
    return name, "".join(points)


def _caption(frame: int, info: VideoInfo) -> str:
    return f"{text('frame {0}', frame)}   {number(float(info.pts_s[frame]), 2)} s"


def _draw_heading(image: np.ndarray, at: tuple[int, int], heading: tuple[str, str], color: Color) -> None:
    (x, y), (name, points), size = at, heading, 13 * _UNIT
    right = x + text_width(name, size, weight=BOLD) + 24
    fill_box(image, (x, y + 8, right, y + 36), color, radius_px=14)
    draw_text(image, (x + 12, y + 28), name, size, panel.text_color_on(color), weight=BOLD)
    draw_text(image, (right + 14, y + 28), points, size, panel.TEXT)


def _draw_cell(reader: VideoReader, frame: int, window: Window, dive: _SheetDive, options: RenderOptions) -> np.ndarray:
    """Draw a crop of a frame with mask, skeleton and marks: (S, S, 3) uint8 RGB."""
    cell = cropped(reader.frame(frame), window, _CELL_PX)
    left, top, side = window
    scale = _CELL_PX / side
    size_px = (_CELL_PX, _CELL_PX)

    def to_cell(point: Point) -> Point:
        x, y = (point[0] - left) * scale, (point[1] - top) * scale
        return (_CELL_PX - x if dive.mirrored else x), y

    if dive.masks is not None and options.mask:
        probability, crop_xyxy = mask_at(dive.masks, frame)
        draw_mask_on_image(cell, probability, (crop_xyxy - [left, top, left, top]) * scale, options.mask_style)
    if dive.mirrored:
        cell = np.ascontiguousarray(cell[:, ::-1])
    if dive.masks is not None and options.skeleton:
        paint_skeleton(cell, dive.masks, frame, 1.0, to_cell)
    MarkPainter(dive.marks, reader.info.pts_s, size_px, 1.0, to_cell).paint_image(cell, frame)
    return cell


def _put_cell(image: np.ndarray, at: tuple[int, int], cell: np.ndarray, caption: str) -> None:
    x, y = at
    image[y : y + _CELL_PX, x : x + _CELL_PX] = cell
    draw_text(image, (x + 2, y + _CELL_PX + 18), caption, 11 * _UNIT, panel.MUTED)
