"""One picture of a dive: its three steps, three moments each, beside those of another dive.

Every cell is cut around the athlete, equally large for all moments of a dive, as an athlete covers little of a frame.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fineparser_core.export import panel
from fineparser_core.export.drawing import BOLD, draw_text, fill_box, fit_text, text_width
from fineparser_core.export.images import write_image
from fineparser_core.export.mask_overlay import draw_mask_on_image, mask_at
from fineparser_core.export.palette import MASK_COLOUR, STEP_COLOURS, rgb
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Analysis, ComparedDive, DiveParse, MaskTrack, StepSpan
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
    *,
    title: str | None = None,
    beside: ComparedDive | None = None,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write the sheet as a PNG or JPEG; progress is told as stage "write", a unit a cell.

    Args:
        title: what the dive is called; None: the name of its file.
        beside: its best exemplar, or any other dive.

    Raises:
        ConfigError: for another ending of the name.
        ExportError: the file cannot be written.
        VideoError: a clip can no longer be read.
        Cancelled: through `cancel`; no file is left.
    """
    parse = analysis.parse
    shown: list[_Shown] = [(parse.clip.path, title or parse.clip.path.stem, parse.steps, parse)]
    if beside is not None:
        shown.append((beside.path, beside.title, beside.steps, beside.masks))
    width = 2 * _MARGIN_PX + len(shown) * _BLOCK_PX + (len(shown) - 1) * _BETWEEN_PX
    rows_px = 3 * (_HEADING_PX + _CELL_PX + _CAPTION_PX)
    image = np.full((_TITLE_PX + rows_px + _GAP_PX, width // 2 * 2, 3), panel.BACKGROUND, np.uint8)
    done = 0
    with ExitStack() as stack:
        readers = [stack.enter_context(VideoReader(one[0])) for one in shown]
        for column, (reader, (_, name, steps, masks)) in enumerate(zip(readers, shown, strict=True)):
            left = _MARGIN_PX + column * (_BLOCK_PX + _BETWEEN_PX)
            text = fit_text(name, 14 * _UNIT, _BLOCK_PX)
            draw_text(image, (left, _TITLE_PX - 16), text, 14 * _UNIT, panel.TEXT, weight=BOLD)
            moments = [_moments(step, masks, reader.info.pts_s) for step in steps]
            windows = _windows([frame for row in moments for frame in row], masks, reader)
            for row, frames in enumerate(moments):
                top = _TITLE_PX + row * (_HEADING_PX + _CELL_PX + _CAPTION_PX)
                _draw_heading(image, (left, top), steps[row], reader, analysis if column == 0 else None)
                for place, frame in enumerate(frames):
                    if cancel is not None:
                        cancel.raise_if_cancelled()
                    at = (left + place * (_CELL_PX + _GAP_PX), top + _HEADING_PX)
                    _draw_cell(image, at, reader, frame, windows[frame], masks)
                    done += 1
                    progress(Progress("write", done, 9 * len(shown)))
        below = panel.draw_panel(analysis, readers[0].info, image.shape[1], _UNIT)
    write_image(np.concatenate([image, below]), path)


_Shown = tuple[Path, str, tuple[StepSpan, StepSpan, StepSpan], DiveParse | MaskTrack | None]
_Window = tuple[float, float, float]  # left, top and side, in pixels of the frame


def _moments(step: StepSpan, masks: DiveParse | MaskTrack | None, pts_s: np.ndarray) -> list[int]:
    """Source frames at the moments of a step, by time: of the part in which an athlete is seen, where one is."""
    seen = [frame for frame in range(step.start_frame, step.end_frame) if masks and _athlete_box(masks, frame)]
    start_s, end_s = pts_s[seen[0] if seen else step.start_frame], pts_s[step.end_frame - 1]
    if seen:  # and a moment longer, for the splash
        end_s = min(end_s, pts_s[seen[-1]] + _AFTERWARDS * (end_s - start_s))
    times_s = [start_s + share * (end_s - start_s) for share in _MOMENTS]
    return [int(np.searchsorted(pts_s, time_s + 1e-9, side="right")) - 1 for time_s in times_s]


def _windows(frames: Sequence[int], masks: DiveParse | MaskTrack | None, reader: VideoReader) -> dict[int, _Window]:
    """The square around the athlete in each frame, all of one size; where no athlete is found, where one was last."""
    info = reader.info
    shorter = min(info.width_px, info.height_px)
    boxes = {frame: _athlete_box(masks, frame) if masks is not None else None for frame in frames}
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


def _draw_heading(
    image: np.ndarray, at: tuple[int, int], step: StepSpan, reader: VideoReader, analysis: Analysis | None
) -> None:
    """Name and duration of a step; of the dive itself what it contributes too."""
    x, y = at
    ends_s = np.append(reader.info.pts_s, reader.info.duration_s)
    size = 13 * _UNIT
    name = f"{step.name}  {ends_s[step.end_frame] - ends_s[step.start_frame]:.2f} s"
    right = x + text_width(name, size, weight=BOLD) + 24
    fill_box(image, (x, y + 8, right, y + 36), rgb(STEP_COLOURS[step.name]), radius_px=14)
    draw_text(image, (x + 12, y + 28), name, size, panel.ON_STEP, weight=BOLD)
    scoring = analysis.scoring if analysis is not None else None
    for part in scoring.contributions if scoring is not None else ():
        if part.step == step.name:
            text = f"{part.points:+.1f} points against the exemplars"
            draw_text(image, (right + 14, y + 28), text, size, panel.TEXT)


def _draw_cell(
    image: np.ndarray,
    at: tuple[int, int],
    reader: VideoReader,
    frame: int,
    window: _Window,
    masks: DiveParse | MaskTrack | None,
) -> None:
    import cv2

    x, y = at
    left, top, side = window
    scale = _CELL_PX / side
    # Reduced first, as a warp that reduces would skip pixels; then pixel centres to pixel centres, as resizing does.
    small = min(1.0, scale)
    source = cv2.resize(reader.frame(frame), None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    zoom = scale / small
    to_cell = np.array([[zoom, 0, (zoom - 1) / 2 - left * scale], [0, zoom, (zoom - 1) / 2 - top * scale]])
    cell = cv2.warpAffine(source, to_cell, (_CELL_PX,) * 2, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if masks is not None:
        probability, crop_xyxy = mask_at(masks, frame)
        crop = (crop_xyxy - np.array([left, top, left, top])) * scale
        draw_mask_on_image(cell, probability, crop, rgb(MASK_COLOUR), line_px=2)
    image[y : y + _CELL_PX, x : x + _CELL_PX] = cell
    caption = f"frame {frame}   {reader.info.pts_s[frame]:.2f} s"
    draw_text(image, (x + 2, y + _CELL_PX + 18), caption, 11 * _UNIT, panel.MUTED)
