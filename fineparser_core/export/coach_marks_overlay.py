"""Draws a coach's marks as the window does: light with a dark outline, for contrast on any background.

An overlay is drawn once for all frames on which the same marks are visible, and composited with each frame.
"""

from collections.abc import Callable, Sequence
from math import atan2, cos, degrees, pi, sin

import numpy as np

from fineparser_core.export.coach_marks import (
    ANGLE,
    MARK_COLORS,
    MEASURED,
    NEARBY_OPACITY,
    NOTE,
    Mark,
    Point,
    strokes,
    visible_marks,
)
from fineparser_core.export.drawing import Color, wrap_text
from fineparser_core.export.measured_angles import followed_angle
from fineparser_core.export.overlay import (
    LIGHT,
    OUTLINE,
    OUTLINE_OPACITY,
    TEXT_SIZE,
    WHITE,
    Overlay,
    OverlayCanvas,
    draw_label,
    label_size,
)
from fineparser_core.export.palette import rgb
from fineparser_core.language import number, text
from fineparser_core.records import MaskTrack
from fineparser_core.video.planes import ColorMatrix, Planes

#: Maps pixels of the file's frames to pixels of the output image.
PointTransform = Callable[[Point], Point]

_MAX_LINE_WIDTH = 320.0
_ARC_RADIUS = 26.0
_HEAD = 14.0


class MarkPainter:
    """Draws the marks of a dive on output images of equal size.

    Args:
        times_s: (n_frames,) presentation times of the dive's file.
        size_px: (width, height) of the output images.
        unit: length unit of the drawing in pixels, 1 for small images.
        transform: from the file's pixels to those of the output image.
        track: the dive's joints, which angles follow.
    """

    def __init__(
        self,
        marks: Sequence[Mark],
        times_s: np.ndarray,
        size_px: tuple[int, int],
        unit: float,
        transform: PointTransform,
        track: MaskTrack | None = None,
    ) -> None:
        self._marks, self._times_s, self._track = marks, times_s, track
        self._size_px, self._unit, self._transform = size_px, unit, transform
        self._drawn: tuple[list[tuple[Mark, float]], Overlay | None] = ([], None)

    def paint_image(self, image: np.ndarray, frame: int) -> None:
        """Draw the visible marks of a frame on its image (H, W, 3) uint8 RGB, in place."""
        if (overlay := self.overlay(frame)) is not None:
            overlay.paint_image(image)

    def paint_planes(self, planes: Planes, frame: int, matrix: ColorMatrix) -> None:
        """Draw the visible marks of a frame on its planes, in place."""
        if (overlay := self.overlay(frame)) is not None:
            overlay.paint_planes(planes, matrix)

    def overlay(self, frame: int) -> Overlay | None:
        """Return the visible marks of a frame; None where there are none."""
        visible = visible_marks(self._marks, frame, self._times_s) if self._marks else []
        followed = {at: followed_angle(mark, self._track, frame) for at, mark in enumerate(self._marks)}
        marks = [
            (followed[at] or mark, 1.0 if followed[at] or mark.nearest_frame(frame) == frame else NEARBY_OPACITY)
            for at, mark in enumerate(self._marks)
            if followed[at] or mark in visible
        ]
        if marks != self._drawn[0]:
            self._drawn = marks, self._draw(marks)
        return self._drawn[1]

    def _draw(self, marks: Sequence[tuple[Mark, float]]) -> Overlay | None:
        canvas = OverlayCanvas(self._size_px)
        for mark, opacity in marks:
            canvas.opacity = opacity
            points = [self._transform(point) for point in mark.points]
            if not _overlap(points, self._size_px):  # in a magnified picture
                continue
            if mark.kind == NOTE:
                _draw_note(canvas, mark, points[0], self._unit)
            else:
                _draw_lines(canvas, mark, points, self._unit)
        return canvas.to_overlay()


def _overlap(points: Sequence[Point], size_px: tuple[int, int]) -> bool:
    """Return True if the upright box around points overlaps the picture."""
    return all(
        min(values) < side and max(values) >= 0 for values, side in zip(zip(*points, strict=True), size_px, strict=True)
    )


def _draw_lines(canvas: OverlayCanvas, mark: Mark, points: list[Point], unit: float) -> None:
    """Draw what is no text; a line and an angle are labeled with their degrees."""
    light = rgb(MARK_COLORS[mark.color])
    for width, color, opacity in ((4.5, OUTLINE, OUTLINE_OPACITY), (2.0, light, 1.0)):
        for stroke in strokes(mark, points, _HEAD * unit):
            canvas.lines(stroke, (width + 2 * (mark.thickness - 1)) * unit, color, opacity)
    if mark.kind not in MEASURED:
        return
    if mark.kind == ANGLE:
        draw_arc(canvas, points, f"{mark.degrees:.0f}°", unit, light)
    else:
        (x0, y0), (x1, y1) = points
        at = ((x0 + x1) / 2 + 12 * unit, (y0 + y1) / 2 - 6 * unit)
        draw_label(canvas, [text("{0}° off vertical", number(mark.degrees, 0))], at, unit, light)
    for point in points:
        _draw_handle(canvas, point, 2.5 * unit, unit, light)


def draw_arc(canvas: OverlayCanvas, points: Sequence[Point], label: str, unit: float, light: Color = LIGHT) -> None:
    """Draw the arc between the sides of an angle (end, vertex, end), and its label outside the arc."""
    x, y = points[1]
    first, second = (atan2(end[1] - y, end[0] - x) for end in (points[0], points[2]))
    span = (second - first + pi) % (2 * pi) - pi
    turns = np.linspace(first, first + span, max(3, round(abs(degrees(span)) / 5)))
    arc = [(x + _ARC_RADIUS * unit * cos(turn), y + _ARC_RADIUS * unit * sin(turn)) for turn in turns]
    for width, color, opacity in ((4.0, OUTLINE, OUTLINE_OPACITY), (1.6, light, 1.0)):
        canvas.lines(arc, width * unit, color, opacity)
    width_px, height_px = label_size([label], unit)
    middle, away = first + span / 2, _ARC_RADIUS * unit + 8 * unit + max(width_px, height_px) / 2
    at = (x + away * cos(middle) - width_px / 2, y + away * sin(middle) - height_px / 2)
    draw_label(canvas, [label], at, unit, light)


def _draw_note(canvas: OverlayCanvas, note: Mark, at: Point, unit: float) -> None:
    """Draw a dot at the position of a note, and its text below right of it or, without enough space, elsewhere."""
    light = rgb(MARK_COLORS[note.color])
    _draw_handle(canvas, at, 4.5 * unit, unit, light)
    lines = wrap_text(note.text, TEXT_SIZE * unit, min(_MAX_LINE_WIDTH * unit, canvas.width - 20 * unit))
    width_px, height_px = label_size(lines, unit)
    x, y = at[0] + 10 * unit, at[1] + 14 * unit
    if x + width_px > canvas.width and at[0] - 10 * unit - width_px >= 0:
        x = at[0] - 10 * unit - width_px
    if y + height_px > canvas.height:
        y = at[1] - 14 * unit - height_px
    draw_label(canvas, lines, (x, y), unit, WHITE, border=light)


def _draw_handle(canvas: OverlayCanvas, at: Point, radius_px: float, unit: float, light: Color) -> None:
    canvas.dot(at, radius_px + 0.75 * unit, OUTLINE, OUTLINE_OPACITY)
    canvas.dot(at, radius_px - 0.25 * unit, light)
