"""A transparent picture that is drawn once and composited with a frame, as RGB or as planes of a video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fineparser_core.export.coach_marks import Point
from fineparser_core.export.drawing import Color, composite, draw_text, fill_box, text_width
from fineparser_core.video.planes import ColorMatrix, Planes

LIGHT: Color = (255, 216, 77)
WHITE: Color = (255, 255, 255)
OUTLINE: Color = (0, 0, 0)
OUTLINE_OPACITY = 0.67
_BOX: Color = (12, 16, 20)
_BOX_OPACITY = 0.8
# Lengths in units of the drawing.
TEXT_SIZE, LINE_HEIGHT = 13.0, 17.0
# Fractional bits of OpenCV's fixed-point coordinates.
_SHIFT = 4


@dataclass(frozen=True, eq=False)
class Overlay:
    """A transparent picture; position and size are even where it is drawn on planes, as chroma needs it.

    Attributes:
        left, top: position in the output image, pixels.
        color: (H, W, 3) uint8 RGB, premultiplied by the opacity.
        opacity: (H, W) uint8.
    """

    left: int
    top: int
    color: np.ndarray
    opacity: np.ndarray

    def paint_image(self, image: np.ndarray) -> None:
        """Draw on an image (H, W, 3) uint8 RGB, in place."""
        height, width = self.opacity.shape
        part = image[self.top : self.top + height, self.left : self.left + width]
        composite(part, *(each[: part.shape[0], : part.shape[1]] for each in (self.color, self.opacity)))

    def paint_planes(self, planes: Planes, matrix: ColorMatrix) -> None:
        """Draw on planes, in place."""
        for plane, (value, opacity), by in zip(planes, _as_planes(self, matrix), (1, 2, 2), strict=True):
            left, top = self.left // by, self.top // by
            composite(plane[top : top + len(value), left : left + value.shape[1]], value, opacity)


class OverlayCanvas:
    """A transparent image to draw on.

    Attributes:
        opacity: factor on the opacity of what is drawn next.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.width, self.height = (side + side % 2 for side in size_px)
        self.opacity = 1.0
        self._color = np.zeros((self.height, self.width, 3), np.uint8)
        self._coverage = np.zeros((self.height, self.width), np.uint8)

    def lines(self, points: Sequence[Point], width_px: float, color: Color, opacity: float = 1.0) -> None:
        """Draw an open polyline."""
        import cv2

        def draw(part: np.ndarray, left: int, top: int) -> None:
            fixed = np.rint((np.array(points) - (left, top) - 0.5) * 2**_SHIFT).astype(np.int32)
            cv2.polylines(part, [fixed[:, None]], False, 255, max(1, round(width_px)), cv2.LINE_AA, _SHIFT)

        xs, ys = zip(*points, strict=True)
        self._composite((min(xs), min(ys), max(xs), max(ys)), width_px, draw, color, opacity)

    def dot(self, at: Point, radius_px: float, color: Color, opacity: float = 1.0) -> None:
        """Draw a disc."""
        x, y = at
        self.box((x - radius_px, y - radius_px, x + radius_px, y + radius_px), radius_px, color, opacity)

    def box(
        self,
        box: tuple[float, float, float, float],
        radius_px: float,
        color: Color,
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

        self._composite(box, 1, draw, color, opacity)

    def text(self, at: Point, text: str, size_px: float, color: Color) -> None:
        """Draw a line of text; `at` is the left end of its baseline."""
        x, y = at

        def draw(part: np.ndarray, left: int, top: int) -> None:
            draw_text(part, (x - left, y - top), text, size_px, (255,))

        self._composite((x, y - size_px, x + text_width(text, size_px), y), size_px, draw, color, 1.0)

    def keep(self, box: tuple[float, float, float, float]) -> None:
        """Erase what was drawn outside a box."""
        x0, y0, x1, y1 = (max(round(end), 0) for end in box)
        for drawn in (self._color, self._coverage):
            drawn[:y0] = drawn[y1:] = drawn[:, :x0] = drawn[:, x1:] = 0

    def to_overlay(self) -> Overlay | None:
        """Return the part that was drawn on; None if nothing was drawn."""
        rows, columns = (np.flatnonzero(self._coverage.any(axis)) for axis in (1, 0))
        if not len(rows):
            return None
        top, left = rows[0] // 2 * 2, columns[0] // 2 * 2
        bottom, right = rows[-1] // 2 * 2 + 2, columns[-1] // 2 * 2 + 2
        part = np.s_[top:bottom, left:right]
        return Overlay(int(left), int(top), self._color[part].copy(), self._coverage[part].copy())

    def _composite(
        self,
        box: tuple[float, float, float, float],
        margin_px: float,
        draw: Callable[[np.ndarray, int, int], None],
        color: Color,
        opacity: float,
    ) -> None:
        """Composite a shape in a single color.

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
        premultiplied = cv2.merge([cv2.convertScaleAbs(coverage, alpha=value / 255) for value in color])
        composite(self._color[top:bottom, left:right], premultiplied, coverage)
        composite(self._coverage[top:bottom, left:right], coverage, coverage)


def draw_label(
    canvas: OverlayCanvas, lines: Sequence[str], at: Point, unit: float, color: Color, *, border: Color | None = None
) -> None:
    """Draw lines of text on a dark box, which is moved into the image if needed."""
    width_px, height_px = label_size(lines, unit)
    x, y = max(min(at[0], canvas.width - width_px), 0.0), max(min(at[1], canvas.height - height_px), 0.0)
    box = (x, y, x + width_px, y + height_px)
    canvas.box(box, 5 * unit, _BOX, _BOX_OPACITY)
    if border is not None:
        canvas.box(box, 5 * unit, border, border_px=max(1.2 * unit, 1.0))
    for number, line in enumerate(lines):
        baseline = y + (4 + LINE_HEIGHT * number + 0.77 * LINE_HEIGHT) * unit
        canvas.text((x + 8 * unit, baseline), line, TEXT_SIZE * unit, color)


def label_size(lines: Sequence[str], unit: float) -> tuple[float, float]:
    """Return the width and height of the box of `draw_label`, pixels."""
    widest = max((text_width(line, TEXT_SIZE * unit) for line in lines), default=0)
    return widest + 16 * unit, (LINE_HEIGHT * max(len(lines), 1) + 8) * unit


@lru_cache(maxsize=4)
def _as_planes(overlay: Overlay, matrix: ColorMatrix) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the premultiplied values and the opacity of each of the three planes."""
    import cv2

    small = cv2.resize(overlay.opacity, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    values = matrix.planes(overlay.color)
    planes = []
    # Transparent black converts to the planes' zero points (16, 128, 128), which premultiplied values must not contain.
    for value, opacity, zero in zip(values, (overlay.opacity, small, small), (16, 128, 128), strict=True):
        offset = (255 - opacity.astype(np.float32)) * (zero / 255)
        planes.append((np.clip(np.rint(value - offset), 0, 255).astype(np.uint8), opacity))
    return planes
