"""Draws a coach's marks as the window does: light with a dark outline, for contrast on any background.

An overlay is drawn once for all frames on which the same marks are visible, and composited with each frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, pi, sin

import numpy as np

from fineparser_core.export.coach_marks import ANGLE, NEARBY_OPACITY, NOTE, Mark, Point, visible_marks
from fineparser_core.export.drawing import Colour, composite, draw_text, fill_box, text_width, wrap_text
from fineparser_core.video.planes import ColorMatrix, Planes

#: Maps pixels of the file's frames to pixels of the output image.
PointTransform = Callable[[Point], Point]

_LIGHT: Colour = (255, 216, 77)
_WHITE: Colour = (255, 255, 255)
_OUTLINE: Colour = (0, 0, 0)
_OUTLINE_OPACITY = 0.67
_BOX: Colour = (12, 16, 20)
_BOX_OPACITY = 0.8
# Lengths in units, see `MarkPainter`.
_TEXT_SIZE, _LINE_HEIGHT = 13.0, 17.0
_MAX_LINE_WIDTH = 320.0
_ARC_RADIUS = 26.0
# Fractional bits of OpenCV's fixed-point coordinates.
_SHIFT = 4


@dataclass(frozen=True)
class Overlay:
    """The bounding box of the drawn marks; position and size are even, as chroma planes need it.

    Attributes:
        left, top: position in the output image, pixels.
        colour: (H, W, 3) uint8 RGB, premultiplied by the opacity.
        opacity: (H, W) uint8.
    """

    left: int
    top: int
    colour: np.ndarray
    opacity: np.ndarray


class MarkPainter:
    """Draws the marks of a dive on output images of one size.

    Args:
        times_s: (n_frames,) presentation times of the dive's file.
        size_px: (width, height) of the output images.
        unit: length unit of the drawing in pixels, 1 for small images.
        transform: from the file's pixels to those of the output image.
    """

    def __init__(
        self,
        marks: Sequence[Mark],
        times_s: np.ndarray,
        size_px: tuple[int, int],
        unit: float,
        transform: PointTransform,
    ) -> None:
        self._marks, self._times_s = marks, times_s
        self._size_px, self._unit, self._transform = size_px, unit, transform
        self._drawn: tuple[list[tuple[Mark, float]], Overlay | None] = ([], None)
        self._on_planes: tuple[Overlay, list[tuple[np.ndarray, np.ndarray]]] | None = None

    def paint_image(self, image: np.ndarray, frame: int) -> None:
        """Draw the visible marks of a frame on its image (H, W, 3) uint8 RGB, in place."""
        overlay = self._overlay(frame)
        if overlay is not None:
            height, width = overlay.opacity.shape
            part = image[overlay.top : overlay.top + height, overlay.left : overlay.left + width]
            composite(part, *(each[: part.shape[0], : part.shape[1]] for each in (overlay.colour, overlay.opacity)))

    def paint_planes(self, planes: Planes, frame: int, matrix: ColorMatrix) -> None:
        """Draw the visible marks of a frame on its planes, in place."""
        overlay = self._overlay(frame)
        if overlay is None:
            return
        if self._on_planes is None or self._on_planes[0] is not overlay:
            self._on_planes = overlay, _as_planes(overlay, matrix)
        for plane, (value, opacity), by in zip(planes, self._on_planes[1], (1, 2, 2), strict=True):
            left, top = overlay.left // by, overlay.top // by
            composite(plane[top : top + len(value), left : left + value.shape[1]], value, opacity)

    def _overlay(self, frame: int) -> Overlay | None:
        visible = visible_marks(self._marks, frame, self._times_s) if self._marks else []
        marks = [(mark, 1.0 if mark.frame == frame else NEARBY_OPACITY) for mark in visible]
        if marks != self._drawn[0]:
            self._drawn = marks, self._draw(marks)
        return self._drawn[1]

    def _draw(self, marks: Sequence[tuple[Mark, float]]) -> Overlay | None:
        canvas = _Canvas(self._size_px)
        for mark, opacity in marks:
            canvas.opacity = opacity
            points = [self._transform(point) for point in mark.points]
            if mark.kind == NOTE:
                _draw_note(canvas, mark.text, points[0], self._unit)
            else:
                _draw_lines(canvas, mark, points, self._unit)
        return canvas.to_overlay()


class _Canvas:
    """A transparent image to draw on.

    Attributes:
        opacity: factor on the opacity of what is drawn next.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.width, self.height = (side + side % 2 for side in size_px)
        self.opacity = 1.0
        self._colour = np.zeros((self.height, self.width, 3), np.uint8)
        self._coverage = np.zeros((self.height, self.width), np.uint8)

    def lines(self, points: Sequence[Point], width_px: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw an open polyline."""
        import cv2

        def draw(part: np.ndarray, left: int, top: int) -> None:
            fixed = np.rint((np.array(points) - (left, top) - 0.5) * 2**_SHIFT).astype(np.int32)
            cv2.polylines(part, [fixed[:, None]], False, 255, max(1, round(width_px)), cv2.LINE_AA, _SHIFT)

        xs, ys = zip(*points, strict=True)
        self._composite((min(xs), min(ys), max(xs), max(ys)), width_px, draw, colour, opacity)

    def dot(self, at: Point, radius_px: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw a disc."""
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
        """Draw a filled box with round corners, or only its border of width `border_px`."""

        def draw(part: np.ndarray, left: int, top: int) -> None:
            x0, y0, x1, y1 = box[0] - left, box[1] - top, box[2] - left, box[3] - top
            fill_box(part, (x0, y0, x1, y1), (255,), radius_px=radius_px)
            if border_px is not None:
                inner = (x0 + border_px, y0 + border_px, x1 - border_px, y1 - border_px)
                fill_box(part, inner, (0,), radius_px=max(radius_px - border_px, 0.0))

        self._composite(box, 1, draw, colour, opacity)

    def text(self, at: Point, text: str, size_px: float, colour: Colour) -> None:
        """Draw a line of text; `at` is the left end of its baseline."""
        x, y = at

        def draw(part: np.ndarray, left: int, top: int) -> None:
            draw_text(part, (x - left, y - top), text, size_px, (255,))

        self._composite((x, y - size_px, x + text_width(text, size_px), y), size_px, draw, colour, 1.0)

    def to_overlay(self) -> Overlay | None:
        """The part that was drawn on; None if nothing was drawn."""
        rows, columns = (np.flatnonzero(self._coverage.any(axis)) for axis in (1, 0))
        if not len(rows):
            return None
        top, left = rows[0] // 2 * 2, columns[0] // 2 * 2
        bottom, right = rows[-1] // 2 * 2 + 2, columns[-1] // 2 * 2 + 2
        part = np.s_[top:bottom, left:right]
        return Overlay(int(left), int(top), self._colour[part].copy(), self._coverage[part].copy())

    def _composite(
        self,
        box: tuple[float, float, float, float],
        margin_px: float,
        draw: Callable[[np.ndarray, int, int], None],
        colour: Colour,
        opacity: float,
    ) -> None:
        """Composite a shape in one colour.

        Args:
            box: x0, y0, x1, y1 of the shape, pixels.
            margin_px: distance by which the shape may extend beyond the box.
            draw: draws the shape with value 255 into an array (h, w) whose pixel (0, 0) is (left, top) of the canvas.
        """
        import cv2

        margin = margin_px + 2
        left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
        right, bottom = min(int(box[2] + margin) + 1, self.width), min(int(box[3] + margin) + 1, self.height)
        if right <= left or bottom <= top:
            return
        shape = np.zeros((bottom - top, right - left), np.uint8)
        draw(shape, left, top)
        coverage = cv2.convertScaleAbs(shape, alpha=opacity * self.opacity)
        premultiplied = cv2.merge([cv2.convertScaleAbs(coverage, alpha=value / 255) for value in colour])
        composite(self._colour[top:bottom, left:right], premultiplied, coverage)
        composite(self._coverage[top:bottom, left:right], coverage, coverage)


def _draw_lines(canvas: _Canvas, mark: Mark, points: list[Point], unit: float) -> None:
    """Draw a line or an angle, labelled with its degrees."""
    for width, colour, opacity in ((4.5, _OUTLINE, _OUTLINE_OPACITY), (2.0, _LIGHT, 1.0)):
        canvas.lines(points, width * unit, colour, opacity)
    if mark.kind == ANGLE:
        _draw_angle(canvas, mark, points, unit)
    else:
        (x0, y0), (x1, y1) = points
        at = ((x0 + x1) / 2 + 12 * unit, (y0 + y1) / 2 - 6 * unit)
        _draw_label(canvas, [f"{mark.degrees:.0f}° off vertical"], at, unit, _LIGHT)
    for point in points:
        _draw_handle(canvas, point, 2.5 * unit, unit)


def _draw_angle(canvas: _Canvas, mark: Mark, points: list[Point], unit: float) -> None:
    """Draw the arc between the sides of an angle, and its label outside the arc."""
    x, y = points[1]
    first, second = (atan2(end[1] - y, end[0] - x) for end in (points[0], points[2]))
    span = (second - first + pi) % (2 * pi) - pi
    turns = np.linspace(first, first + span, max(3, round(abs(degrees(span)) / 5)))
    arc = [(x + _ARC_RADIUS * unit * cos(turn), y + _ARC_RADIUS * unit * sin(turn)) for turn in turns]
    for width, colour, opacity in ((4.0, _OUTLINE, _OUTLINE_OPACITY), (1.6, _LIGHT, 1.0)):
        canvas.lines(arc, width * unit, colour, opacity)
    lines = [f"{mark.degrees:.0f}°"]
    width_px, height_px = _label_size(lines, unit)
    middle, away = first + span / 2, _ARC_RADIUS * unit + 8 * unit + max(width_px, height_px) / 2
    at = (x + away * cos(middle) - width_px / 2, y + away * sin(middle) - height_px / 2)
    _draw_label(canvas, lines, at, unit, _LIGHT)


def _draw_note(canvas: _Canvas, text: str, at: Point, unit: float) -> None:
    """Draw a dot at the position of a note, and its text below right of it or, without enough room, elsewhere."""
    _draw_handle(canvas, at, 4.5 * unit, unit)
    lines = wrap_text(text, _TEXT_SIZE * unit, min(_MAX_LINE_WIDTH * unit, canvas.width - 20 * unit))
    width_px, height_px = _label_size(lines, unit)
    x, y = at[0] + 10 * unit, at[1] + 14 * unit
    if x + width_px > canvas.width and at[0] - 10 * unit - width_px >= 0:
        x = at[0] - 10 * unit - width_px
    if y + height_px > canvas.height:
        y = at[1] - 14 * unit - height_px
    _draw_label(canvas, lines, (x, y), unit, _WHITE, border=_LIGHT)


def _draw_handle(canvas: _Canvas, at: Point, radius_px: float, unit: float) -> None:
    canvas.dot(at, radius_px + 0.75 * unit, _OUTLINE, _OUTLINE_OPACITY)
    canvas.dot(at, radius_px - 0.25 * unit, _LIGHT)


def _draw_label(
    canvas: _Canvas, lines: Sequence[str], at: Point, unit: float, colour: Colour, *, border: Colour | None = None
) -> None:
    """Draw lines of text on a dark box, which is moved into the image if it would extend beyond it."""
    width_px, height_px = _label_size(lines, unit)
    x, y = max(min(at[0], canvas.width - width_px), 0.0), max(min(at[1], canvas.height - height_px), 0.0)
    box = (x, y, x + width_px, y + height_px)
    canvas.box(box, 5 * unit, _BOX, _BOX_OPACITY)
    if border is not None:
        canvas.box(box, 5 * unit, border, border_px=max(1.2 * unit, 1.0))
    for number, line in enumerate(lines):
        baseline = y + (4 + _LINE_HEIGHT * number + 0.77 * _LINE_HEIGHT) * unit
        canvas.text((x + 8 * unit, baseline), line, _TEXT_SIZE * unit, colour)


def _label_size(lines: Sequence[str], unit: float) -> tuple[float, float]:
    widest = max((text_width(line, _TEXT_SIZE * unit) for line in lines), default=0)
    return widest + 16 * unit, (_LINE_HEIGHT * max(len(lines), 1) + 8) * unit


def _as_planes(overlay: Overlay, matrix: ColorMatrix) -> list[tuple[np.ndarray, np.ndarray]]:
    """The premultiplied values and the opacity of each of the three planes."""
    import cv2

    small = cv2.resize(overlay.opacity, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    values = matrix.planes(overlay.colour)
    planes = []
    # Transparent black converts to the planes' zero points (16, 128, 128), which premultiplied values must not contain.
    for value, opacity, zero in zip(values, (overlay.opacity, small, small), (16, 128, 128), strict=True):
        offset = (255 - opacity.astype(np.float32)) * (zero / 255)
        planes.append((np.clip(np.rint(value - offset), 0, 255).astype(np.uint8), opacity))
    return planes
