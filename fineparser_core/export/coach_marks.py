"""Drawings of the coach on frames (lines, arrows, notes …): geometry in pixels of the file's upright frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, sin
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from msgspec import Meta

from fineparser_core.records import Frame

_Pixels = Annotated[float, Meta(ge=-1e6, le=1e6)]
Point = tuple[_Pixels, _Pixels]
#: Longest note on a frame, in characters.
LONGEST_NOTE = 500

LINE, ANGLE, NOTE, ARROW, FREEHAND = "line", "angle", "note", "arrow", "freehand"
#: Kinds that show what they measure at their lines, and have handles at their points.
MEASURED = (LINE, ANGLE)
#: Largest thickness of a mark, as a multiple of the usual.
MOST_THICK = 3
#: #rrggbb of each color of a mark, the usual first: light, unlike water, and told apart with any color vision.
MARK_COLORS = {"yellow": "#ffd84d", "red": "#ff6f61", "green": "#7be495", "blue": "#7cc4ff"}
#: Maximum number of points of a freehand line; longer lines are simplified.
MOST_POINTS = 300
#: Largest distance in time at which a mark is visible on other frames than its own.
VISIBLE_WITHIN_S = 0.1
#: Opacity of a mark on other frames than its own.
NEARBY_OPACITY = 0.45
_TOLERANCE_S = 1e-6


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark on a frame or a range of frames.

    Attributes:
        kind: LINE, ANGLE, NOTE, ARROW or FREEHAND.
        frame: 0-based source frame on which it was drawn, the first that shows it.
        points: (x, y) pixels: both ends of a line; end, vertex and end of an angle; position of a note; end and tip of
            an arrow; those that a freehand line passes.
        text: text of a note.
        last_frame: the last that shows it; None: its own alone.
        thickness: of its lines, as a multiple of the usual.
        color: of its lines, see `MARK_COLORS`.
    """

    kind: str
    frame: Frame
    points: Annotated[tuple[Point, ...], Meta(max_length=MOST_POINTS)]
    text: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""
    last_frame: Frame | None = None
    thickness: Annotated[int, Meta(ge=1, le=MOST_THICK)] = 1
    color: Literal["yellow", "red", "green", "blue"] = "yellow"

    @property
    def end_frame(self) -> int:
        """The last frame that shows it."""
        return self.frame if self.last_frame is None else self.last_frame

    def nearest_frame(self, frame: int) -> int:
        """Return the frame nearest to another among those that show the mark."""
        return min(max(frame, self.frame), self.end_frame)

    @property
    def degrees(self) -> float:
        """The size of an angle, 0 to 180, or the deviation of a line from the vertical, 0 to 90."""
        if self.kind == ANGLE:
            return angle_deg(*self.points)
        (x0, y0), (x1, y1) = self.points
        return degrees(atan2(abs(x1 - x0), abs(y1 - y0)))


AnyMark = TypeVar("AnyMark", bound=Mark)


def angle_deg(first: Point, vertex: Point, second: Point) -> float:
    """Return the angle at a vertex between two other points, 0 to 180 degrees; 0 if points coincide."""
    ax, ay = first[0] - vertex[0], first[1] - vertex[1]
    bx, by = second[0] - vertex[0], second[1] - vertex[1]
    return degrees(abs(atan2(ax * by - ay * bx, ax * bx + ay * by)))


def strokes(mark: Mark, points: Sequence[Point], head_px: float) -> list[list[Point]]:
    """Return the polylines of a mark that is no note.

    Args:
        points: of the mark, on the picture that is drawn on.
        head_px: length of the head of an arrow on that picture.
    """
    (x0, y0), (x1, y1) = points[0], points[-1]
    if mark.kind == ARROW:
        back = atan2(y0 - y1, x0 - x1)
        sides = [(x1 + head_px * cos(back + turn), y1 + head_px * sin(back + turn)) for turn in (-0.45, 0.45)]
        return [list(points), [sides[0], points[-1], sides[1]]]
    return [list(points)]


def visible_marks(marks: Sequence[AnyMark], frame: int, times_s: np.ndarray) -> list[AnyMark]:
    """Return the marks visible on a frame: those of it, of a neighboring frame or within `VISIBLE_WITHIN_S`.

    Args:
        times_s: (n_frames,) presentation times of the file.
    """
    last = len(times_s) - 1
    return [
        mark
        for mark in marks
        if abs((nearest := mark.nearest_frame(frame)) - frame) <= 1
        or abs(times_s[min(nearest, last)] - times_s[min(frame, last)]) <= VISIBLE_WITHIN_S + _TOLERANCE_S
    ]


def to_dict(mark: Mark) -> dict[str, Any]:
    """Return the JSON object {kind, frame, points, text, last_frame, thickness, color}, points to 0.01 pixels.

    `last_frame` is absent for a mark on a single frame, `thickness` and `color` for the usual ones.
    """
    points = [[round(x, 2), round(y, 2)] for x, y in mark.points]
    thick = {} if mark.thickness == 1 else {"thickness": mark.thickness}
    colored = {} if mark.color == next(iter(MARK_COLORS)) else {"color": mark.color}
    span = {} if mark.last_frame is None else {"last_frame": mark.last_frame}
    return {"kind": mark.kind, "frame": mark.frame, "points": points, "text": mark.text} | span | thick | colored
