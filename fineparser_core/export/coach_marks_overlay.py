"""Marks of a coach as the window draws them: light on a dark rim, so that they show on water, sky and tiles alike.

They are drawn once for all frames on which they look the same, and then laid over each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, pi, sin

import numpy as np

from fineparser_core.export.coach_marks import ANGLE, NEAR_OPACITY, NOTE, Mark, Point, shown_at
from fineparser_core.export.drawing import Colour, draw_text, fill_box, lay_over, text_width, wrap_text
from fineparser_core.video.planes import ColorMatrix, Planes

#: From pixels of the file's frames to those of the picture.
Place = Callable[[Point], Point]

_LIGHT: Colour = (255, 216, 77)
_WHITE: Colour = (255, 255, 255)
_RIM: Colour = (0, 0, 0)
_RIM_OPACITY = 0.67
_BOX: Colour = (12, 16, 20)
_BOX_OPACITY = 0.8
# Lengths in units: pixels of a small picture.
_TEXT, _LINE = 13.0, 17.0
_LONGEST_LINE = 320.0
_ARC = 26.0
# Fixed-point digits of OpenCV's coordinates.
_SHIFT = 4


@dataclass(frozen=True)
class Overlay:
    """What is drawn, cut out; sides and corner are even, so that it lies on chroma as on luma.

    Attributes:
        left, top: pixels of the picture where it begins.
        ink: (H, W, 3) uint8 RGB, multiplied by the opacity.
        opacity: (H, W) uint8.
    """

    left: int
    top: int
    ink: np.ndarray
    opacity: np.ndarray


class MarkPainter:
    """Draws the marks of one dive on picture after picture of one size.

    Args:
        times_s: (n_frames,) presentation times of its file.
        size_px: (width, height) of the pictures.
        unit: pixels that a pixel of a small picture takes.
    """

    def __init__(
        self, marks: Sequence[Mark], times_s: np.ndarray, size_px: tuple[int, int], unit: float, place: Place
    ) -> None:
        self._marks, self._times_s = marks, times_s
        self._size_px, self._unit, self._place = size_px, unit, place
        self._drawn: tuple[list[tuple[Mark, float]], Overlay | None] = ([], None)
        self._on_planes: tuple[Overlay, list[tuple[np.ndarray, np.ndarray]]] | None = None

    def paint_image(self, image: np.ndarray, frame: int) -> None:
        """Draw what belongs to a frame on its (H, W, 3) uint8 RGB picture, changed in place."""
        overlay = self._overlay(frame)
        if overlay is not None:
            height, width = overlay.opacity.shape
            part = image[overlay.top : overlay.top + height, overlay.left : overlay.left + width]
            lay_over(part, *(each[: part.shape[0], : part.shape[1]] for each in (overlay.ink, overlay.opacity)))

    def paint_planes(self, planes: Planes, frame: int, matrix: ColorMatrix) -> None:
        """The same on planes, whose sides are even."""
        overlay = self._overlay(frame)
        if overlay is None:
            return
        if self._on_planes is None or self._on_planes[0] is not overlay:
            self._on_planes = overlay, _as_planes(overlay, matrix)
        for plane, (ink, opacity), by in zip(planes, self._on_planes[1], (1, 2, 2), strict=True):
            left, top = overlay.left // by, overlay.top // by
            lay_over(plane[top : top + len(ink), left : left + ink.shape[1]], ink, opacity)

    def _overlay(self, frame: int) -> Overlay | None:
        shown = shown_at(self._marks, frame, self._times_s) if self._marks else []
        wanted = [(mark, 1.0 if mark.frame == frame else NEAR_OPACITY) for mark in shown]
        if wanted != self._drawn[0]:
            self._drawn = wanted, self._draw(wanted)
        return self._drawn[1]

    def _draw(self, marks: Sequence[tuple[Mark, float]]) -> Overlay | None:
        sheet = _Sheet(self._size_px)
        for mark, opacity in marks:
            sheet.opacity = opacity
            points = [self._place(point) for point in mark.points]
            if mark.kind == NOTE:
                _draw_note(sheet, mark.text, points[0], self._unit)
            else:
                _draw_lines(sheet, mark, points, self._unit)
        return sheet.cut_out()


class _Sheet:
    """A clear picture to draw on.

    Attributes:
        opacity: of what is drawn next.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.width, self.height = (side + side % 2 for side in size_px)
        self.opacity = 1.0
        self._ink = np.zeros((self.height, self.width, 3), np.uint8)
        self._covered = np.zeros((self.height, self.width), np.uint8)

    def lines(self, points: Sequence[Point], width_px: float, colour: Colour, opacity: float = 1.0) -> None:
        """An open line through points."""
        import cv2

        def draw(part: np.ndarray, left: int, top: int) -> None:
            fixed = np.rint((np.array(points) - (left, top) - 0.5) * 2**_SHIFT).astype(np.int32)
            cv2.polylines(part, [fixed[:, None]], False, 255, max(1, round(width_px)), cv2.LINE_AA, _SHIFT)

        xs, ys = zip(*points, strict=True)
        self._lay((min(xs), min(ys), max(xs), max(ys)), width_px, draw, colour, opacity)

    def dot(self, at: Point, radius_px: float, colour: Colour, opacity: float = 1.0) -> None:
        """A disc."""
        x, y = at
        self.box((x - radius_px, y - radius_px, x + radius_px, y + radius_px), radius_px, colour, opacity)

    def box(
        self,
        box: tuple[float, float, float, float],
        radius_px: float,
        colour: Colour,
        opacity: float = 1.0,
        *,
        border_px: float | None = None,
    ) -> None:
        """A box with round corners, or its border alone."""

        def draw(part: np.ndarray, left: int, top: int) -> None:
            x0, y0, x1, y1 = box[0] - left, box[1] - top, box[2] - left, box[3] - top
            fill_box(part, (x0, y0, x1, y1), (255,), radius_px=radius_px)
            if border_px is not None:
                inner = (x0 + border_px, y0 + border_px, x1 - border_px, y1 - border_px)
                fill_box(part, inner, (0,), radius_px=max(radius_px - border_px, 0.0))

        self._lay(box, 1, draw, colour, opacity)

    def text(self, at: Point, text: str, size_px: float, colour: Colour) -> None:
        """A line of text, at its baseline's left end."""
        x, y = at

        def draw(part: np.ndarray, left: int, top: int) -> None:
            draw_text(part, (x - left, y - top), text, size_px, (255,))

        self._lay((x, y - size_px, x + text_width(text, size_px), y), size_px, draw, colour, 1.0)

    def cut_out(self) -> Overlay | None:
        """What was drawn; None for nothing."""
        rows, columns = (np.flatnonzero(self._covered.any(axis)) for axis in (1, 0))
        if not len(rows):
            return None
        top, left = rows[0] // 2 * 2, columns[0] // 2 * 2
        bottom, right = rows[-1] // 2 * 2 + 2, columns[-1] // 2 * 2 + 2
        part = np.s_[top:bottom, left:right]
        return Overlay(int(left), int(top), self._ink[part].copy(), self._covered[part].copy())

    def _lay(
        self,
        around: tuple[float, float, float, float],
        margin_px: float,
        draw: Callable[[np.ndarray, int, int], None],
        colour: Colour,
        opacity: float,
    ) -> None:
        """Lay a colour over what `draw` covers of the part of the sheet around a box."""
        import cv2

        margin = margin_px + 2
        left, top = max(int(around[0] - margin), 0), max(int(around[1] - margin), 0)
        right, bottom = min(int(around[2] + margin) + 1, self.width), min(int(around[3] + margin) + 1, self.height)
        if right <= left or bottom <= top:
            return
        covered = np.zeros((bottom - top, right - left), np.uint8)
        draw(covered, left, top)
        where = cv2.convertScaleAbs(covered, alpha=opacity * self.opacity)
        ink = cv2.merge([cv2.convertScaleAbs(where, alpha=value / 255) for value in colour])
        lay_over(self._ink[top:bottom, left:right], ink, where)
        lay_over(self._covered[top:bottom, left:right], where, where)


def _draw_lines(sheet: _Sheet, mark: Mark, points: list[Point], unit: float) -> None:
    """A line or an angle, and how many degrees it is."""
    for width, colour, opacity in ((4.5, _RIM, _RIM_OPACITY), (2.0, _LIGHT, 1.0)):
        sheet.lines(points, width * unit, colour, opacity)
    if mark.kind == ANGLE:
        _draw_angle(sheet, mark, points, unit)
    else:
        (x0, y0), (x1, y1) = points
        at = ((x0 + x1) / 2 + 12 * unit, (y0 + y1) / 2 - 6 * unit)
        _draw_label(sheet, [f"{mark.degrees:.0f}° off vertical"], at, unit, _LIGHT)
    for point in points:
        _draw_handle(sheet, point, 2.5 * unit, unit)


def _draw_angle(sheet: _Sheet, mark: Mark, points: list[Point], unit: float) -> None:
    """The arc between its sides, and its degrees beyond the arc."""
    x, y = points[1]
    first, second = (atan2(end[1] - y, end[0] - x) for end in (points[0], points[2]))
    span = (second - first + pi) % (2 * pi) - pi
    turns = np.linspace(first, first + span, max(3, round(abs(degrees(span)) / 5)))
    arc = [(x + _ARC * unit * cos(turn), y + _ARC * unit * sin(turn)) for turn in turns]
    for width, colour, opacity in ((4.0, _RIM, _RIM_OPACITY), (1.6, _LIGHT, 1.0)):
        sheet.lines(arc, width * unit, colour, opacity)
    lines = [f"{mark.degrees:.0f}°"]
    width_px, height_px = _label_size(lines, unit)
    middle, away = first + span / 2, _ARC * unit + 8 * unit + max(width_px, height_px) / 2
    at = (x + away * cos(middle) - width_px / 2, y + away * sin(middle) - height_px / 2)
    _draw_label(sheet, lines, at, unit, _LIGHT)


def _draw_note(sheet: _Sheet, text: str, at: Point, unit: float) -> None:
    """A dot where the note belongs, and its text below to the right, or where there is room."""
    _draw_handle(sheet, at, 4.5 * unit, unit)
    lines = wrap_text(text, _TEXT * unit, min(_LONGEST_LINE * unit, sheet.width - 20 * unit))
    width_px, height_px = _label_size(lines, unit)
    x, y = at[0] + 10 * unit, at[1] + 14 * unit
    if x + width_px > sheet.width and at[0] - 10 * unit - width_px >= 0:
        x = at[0] - 10 * unit - width_px
    if y + height_px > sheet.height:
        y = at[1] - 14 * unit - height_px
    _draw_label(sheet, lines, (x, y), unit, _WHITE, border=_LIGHT)


def _draw_handle(sheet: _Sheet, at: Point, radius_px: float, unit: float) -> None:
    sheet.dot(at, radius_px + 0.75 * unit, _RIM, _RIM_OPACITY)
    sheet.dot(at, radius_px - 0.25 * unit, _LIGHT)


def _draw_label(
    sheet: _Sheet, lines: Sequence[str], at: Point, unit: float, colour: Colour, *, border: Colour | None = None
) -> None:
    """Lines of text on a dark box, which stays on the picture as far as it fits."""
    width_px, height_px = _label_size(lines, unit)
    x, y = max(min(at[0], sheet.width - width_px), 0.0), max(min(at[1], sheet.height - height_px), 0.0)
    box = (x, y, x + width_px, y + height_px)
    sheet.box(box, 5 * unit, _BOX, _BOX_OPACITY)
    if border is not None:
        sheet.box(box, 5 * unit, border, border_px=max(1.2 * unit, 1.0))
    for number, line in enumerate(lines):
        baseline = y + (4 + _LINE * number + 0.77 * _LINE) * unit
        sheet.text((x + 8 * unit, baseline), line, _TEXT * unit, colour)


def _label_size(lines: Sequence[str], unit: float) -> tuple[float, float]:
    widest = max((text_width(line, _TEXT * unit) for line in lines), default=0)
    return widest + 16 * unit, (_LINE * max(len(lines), 1) + 8) * unit


def _as_planes(overlay: Overlay, matrix: ColorMatrix) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ink and opacity for each of the three planes."""
    import cv2

    small = cv2.resize(overlay.opacity, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    inks = matrix.planes(overlay.ink)
    shown = []
    # What black and grey are on a plane shows through as far as the overlay is clear: it is no ink.
    for ink, opacity, zero in zip(inks, (overlay.opacity, small, small), (16, 128, 128), strict=True):
        clear = (255 - opacity.astype(np.float32)) * (zero / 255)
        shown.append((np.clip(np.rint(ink - clear), 0, 255).astype(np.uint8), opacity))
    return shown
