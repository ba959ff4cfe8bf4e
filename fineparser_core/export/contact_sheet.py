"""One picture of a dive: its three steps, three moments each, beside those of another dive.

Every cell is cut around the athlete, equally large for all moments of a dive, as an athlete covers little of a frame.
A moment is the middle of its part of the step, or the frame nearest to it that the coach drew on.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fineparser_core.export import panel
from fineparser_core.export.coach_marks import Mark, shown_at
from fineparser_core.export.coach_marks_overlay import MarkPainter
from fineparser_core.export.drawing import BOLD, Colour, draw_text, fill_box, fit_text, text_width
from fineparser_core.export.images import write_image
from fineparser_core.export.mask_overlay import draw_mask_on_image, mask_at
from fineparser_core.export.options import Look, MaskStyle
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Analysis, DiveParse, MaskTrack, StepSpan
from fineparser_core.video.reader import VideoReader

# Shares of a step's time: the middle of each third.
_MOMENTS = (1 / 6, 1 / 2, 5 / 6)
_AFTERWARDS = 0.15
_CELL_PX = 280
_GAP_PX = 6
_BETWEEN_PX = 28
_MARGIN_PX = 20
_TITLE_PX = 56
_HEADING_PX = 46
_CAPTION_PX = 28
_UNIT = 1.3
# A cell shows this many times the athlete's largest extent, and at least this share of the frame.
_AROUND, _LEAST_SHARE = 1.7, 0.45
_BLOCK_PX = 3 * _CELL_PX + 2 * _GAP_PX


def write_contact_sheet(
    analysis: Analysis,
    path: Path,
    look: Look | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write the sheet as a PNG or JPEG; progress is told as stage "write", a unit a cell.

    Args:
        look: its panels and speed do not count; beside may stand the best exemplar, or any other dive.

    Raises:
        ConfigError: for another ending of the name.
        ExportError: the file cannot be written.
        VideoError: a clip can no longer be read.
        Cancelled: through `cancel`; no file is left.
    """
    look, parse = look or Look(), analysis.parse
    shown = [_Shown(parse.clip.path, look.title or parse.clip.path.stem, parse.steps, parse, look.marks)]
    if look.beside is not None:
        other = look.beside
        shown.append(_Shown(other.path, other.title, other.steps, other.masks, look.beside_marks))
    mask_style, colours = look.mask_style if look.mask else None, panel.step_colours(look.step_colours)
    width = 2 * _MARGIN_PX + len(shown) * _BLOCK_PX + (len(shown) - 1) * _BETWEEN_PX
    rows_px = 3 * (_HEADING_PX + _CELL_PX + _CAPTION_PX)
    image = np.full((_TITLE_PX + rows_px + _GAP_PX, width // 2 * 2, 3), panel.BACKGROUND, np.uint8)
    done = 0
    with ExitStack() as stack:
        readers = [stack.enter_context(VideoReader(one.path)) for one in shown]
        for column, (reader, dive) in enumerate(zip(readers, shown, strict=True)):
            left = _MARGIN_PX + column * (_BLOCK_PX + _BETWEEN_PX)
            text = fit_text(dive.title, 14 * _UNIT, _BLOCK_PX)
            draw_text(image, (left, _TITLE_PX - 16), text, 14 * _UNIT, panel.TEXT, weight=BOLD)
            moments = [_moments(step, dive, reader.info.pts_s) for step in dive.steps]
            windows = _windows([frame for row in moments for frame in row], dive, reader)
            for row, frames in enumerate(moments):
                top = _TITLE_PX + row * (_HEADING_PX + _CELL_PX + _CAPTION_PX)
                heading = _heading(dive.steps[row], reader, analysis if column == 0 else None)
                _draw_heading(image, (left, top), heading, colours[dive.steps[row].name])
                for place, frame in enumerate(frames):
                    if cancel is not None:
                        cancel.raise_if_cancelled()
                    at = (left + place * (_CELL_PX + _GAP_PX), top + _HEADING_PX)
                    cell = _cell(reader, frame, windows[frame], dive, mask_style)
                    _put_cell(image, at, cell, f"frame {frame}   {reader.info.pts_s[frame]:.2f} s")
                    done += 1
                    progress(Progress("write", done, 9 * len(shown)))
        below = panel.draw_panel(analysis, readers[0].info, colours, image.shape[1], _UNIT)
    write_image(np.concatenate([image, below]), path)


@dataclass(frozen=True)
class _Shown:
    """A dive of the sheet."""

    path: Path
    title: str
    steps: tuple[StepSpan, StepSpan, StepSpan]
    masks: DiveParse | MaskTrack | None
    marks: Sequence[Mark]


_Window = tuple[float, float, float]  # left, top and side, in pixels of the frame


def _moments(step: StepSpan, dive: _Shown, pts_s: np.ndarray) -> list[int]:
    """Source frames at the moments of a step, by time: of the part in which an athlete is seen, where one is."""
    masks = dive.masks
    seen = [frame for frame in range(step.start_frame, step.end_frame) if masks and _athlete_box(masks, frame)]
    start_s, end_s = pts_s[seen[0] if seen else step.start_frame], pts_s[step.end_frame - 1]
    if seen:  # and a moment longer, for the splash
        end_s = min(end_s, pts_s[seen[-1]] + _AFTERWARDS * (end_s - start_s))
    times_s = [start_s + share * (end_s - start_s) for share in _MOMENTS]
    middles = [int(np.searchsorted(pts_s, time_s + 1e-9, side="right")) - 1 for time_s in times_s]
    # A drawn frame belongs to the moment it is nearest to, and may be before or after the athlete was seen.
    drawn = {mark.frame for mark in dive.marks if step.start_frame <= mark.frame < step.end_frame}
    nearest = {frame: min(middles, key=lambda middle: abs(pts_s[middle] - pts_s[frame])) for frame in drawn}
    return [
        min((frame for frame in drawn if nearest[frame] == middle), key=lambda one: abs(one - middle), default=middle)
        for middle in middles
    ]


def _windows(frames: Sequence[int], dive: _Shown, reader: VideoReader) -> dict[int, _Window]:
    """The square around athlete and marks in each frame, all of one size; where there are none, where they were last.

    Args: frames: those of the cells.
    """
    info = reader.info
    shorter = min(info.width_px, info.height_px)
    boxes = {frame: _box(dive, frame, info.pts_s) for frame in frames}
    found = [box for box in boxes.values() if box is not None]
    largest = max((max(box[2] - box[0], box[3] - box[1]) for box in found), default=shorter)
    side = min(max(_AROUND * largest, _LEAST_SHARE * shorter), shorter)
    whole = (0.0, 0.0, float(info.width_px), float(info.height_px))
    last = found[0] if found else whole
    windows = {}
    for frame in sorted(boxes):
        last = boxes[frame] or last
        left = min(max((last[0] + last[2] - side) / 2, 0.0), info.width_px - side)
        top = min(max((last[1] + last[3] - side) / 2, 0.0), info.height_px - side)
        windows[frame] = (left, top, side)
    return windows


def _box(dive: _Shown, frame: int, pts_s: np.ndarray) -> tuple[float, float, float, float] | None:
    """x0, y0, x1, y1 around the mask and the marks of a frame, in its pixels."""
    athlete = _athlete_box(dive.masks, frame) if dive.masks is not None else None
    points = [point for mark in shown_at(dive.marks, frame, pts_s) for point in mark.points]
    if not points:
        return athlete
    points += [athlete[:2], athlete[2:]] if athlete is not None else []
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _athlete_box(masks: DiveParse | MaskTrack, frame: int) -> tuple[float, float, float, float] | None:
    """x0, y0, x1, y1 of the mask in pixels of the frame."""
    probability, crop_xyxy = mask_at(masks, frame)
    cells = np.argwhere(probability > 0.5)
    if not len(cells):
        return None
    (top, left), (bottom, right) = cells.min(axis=0), cells.max(axis=0) + 1
    x0, y0, x1, y1 = (float(edge) for edge in crop_xyxy)
    across, down = (x1 - x0) / probability.shape[1], (y1 - y0) / probability.shape[0]
    return x0 + left * across, y0 + top * down, x0 + right * across, y0 + bottom * down


def _heading(step: StepSpan, reader: VideoReader, analysis: Analysis | None) -> tuple[str, str]:
    """Name and duration of a step; of the dive itself what it contributes too."""
    ends_s = np.append(reader.info.pts_s, reader.info.duration_s)
    name = f"{step.name}  {ends_s[step.end_frame] - ends_s[step.start_frame]:.2f} s"
    parts = analysis.scoring.contributions if analysis is not None and analysis.scoring is not None else ()
    points = [f"{part.points:+.1f} points against the exemplars" for part in parts if part.step == step.name]
    return name, "".join(points)


def _draw_heading(image: np.ndarray, at: tuple[int, int], heading: tuple[str, str], colour: Colour) -> None:
    (x, y), (name, points), size = at, heading, 13 * _UNIT
    right = x + text_width(name, size, weight=BOLD) + 24
    fill_box(image, (x, y + 8, right, y + 36), colour, radius_px=14)
    draw_text(image, (x + 12, y + 28), name, size, panel.ink_on(colour), weight=BOLD)
    draw_text(image, (right + 14, y + 28), points, size, panel.TEXT)


def _cell(reader: VideoReader, frame: int, window: _Window, dive: _Shown, mask_style: MaskStyle | None) -> np.ndarray:
    """The part of a frame in a window, with what lies over it: a square (S, S, 3) uint8 RGB image."""
    import cv2

    left, top, side = window
    scale = _CELL_PX / side
    # Reduced first, as a warp that reduces would skip pixels; then pixel centres to pixel centres, as resizing does.
    small = min(1.0, scale)
    source = cv2.resize(reader.frame(frame), None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    zoom = scale / small
    to_cell = np.array([[zoom, 0, (zoom - 1) / 2 - left * scale], [0, zoom, (zoom - 1) / 2 - top * scale]])
    cell = cv2.warpAffine(source, to_cell, (_CELL_PX,) * 2, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if mask_style is not None and dive.masks is not None:
        probability, crop_xyxy = mask_at(dive.masks, frame)
        crop = (crop_xyxy - np.array([left, top, left, top])) * scale
        draw_mask_on_image(cell, probability, crop, mask_style)
    size_px = (_CELL_PX, _CELL_PX)
    painter = MarkPainter(
        dive.marks, reader.info.pts_s, size_px, 1.0, lambda point: ((point[0] - left) * scale, (point[1] - top) * scale)
    )
    painter.paint_image(cell, frame)
    return cell


def _put_cell(image: np.ndarray, at: tuple[int, int], cell: np.ndarray, caption: str) -> None:
    x, y = at
    image[y : y + _CELL_PX, x : x + _CELL_PX] = cell
    draw_text(image, (x + 2, y + _CELL_PX + 18), caption, 11 * _UNIT, panel.MUTED)
