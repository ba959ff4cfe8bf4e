"""Drawings of the coach on frames (lines, angles, notes): geometry in pixels of the file's upright frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees
from typing import Annotated, Any, TypeVar

import numpy as np
from msgspec import Meta

from fineparser_core.types import Frame

_Pixels = Annotated[float, Meta(ge=-1e6, le=1e6)]
Point = tuple[_Pixels, _Pixels]
#: Of a note on a frame, characters.
LONGEST_NOTE = 500

LINE, ANGLE, NOTE = "line", "angle", "note"
#: Largest distance in time at which a mark is visible on other frames than its own.
VISIBLE_WITHIN_S = 0.1
#: Opacity of a mark on other frames than its own.
NEARBY_OPACITY = 0.45
_TOLERANCE_S = 1e-6


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark on a frame.

    Attributes:
        kind: LINE, ANGLE or NOTE.
        frame: 0-based source frame on which it was drawn.
        points: (x, y) pixels: both ends of a line; end, vertex and end of an angle; position of a note.
        text: text of a note.
    """

    kind: str
    frame: Frame
    points: tuple[Point, ...]
    text: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""

    @property
    def degrees(self) -> float:
        """The size of an angle, 0 to 180, or the deviation of a line from the vertical, 0 to 90."""
        if self.kind == ANGLE:
            return angle_deg(*self.points)
        (x0, y0), (x1, y1) = self.points
        return degrees(atan2(abs(x1 - x0), abs(y1 - y0)))


AnyMark = TypeVar("AnyMark", bound=Mark)


def angle_deg(first: Point, vertex: Point, second: Point) -> float:
    """The angle at a vertex between two other points, 0 to 180 degrees; 0 if points coincide."""
    ax, ay = first[0] - vertex[0], first[1] - vertex[1]
    bx, by = second[0] - vertex[0], second[1] - vertex[1]
    return degrees(abs(atan2(ax * by - ay * bx, ax * bx + ay * by)))


def visible_marks(marks: Sequence[AnyMark], frame: int, times_s: np.ndarray) -> list[AnyMark]:
    """The marks that are visible on a frame: its own, and those of frames next to it or within `VISIBLE_WITHIN_S`.

    Args:
        times_s: (n_frames,) presentation times of the file.
    """
    last = len(times_s) - 1
    return [
        mark
        for mark in marks
        if abs(mark.frame - frame) <= 1
        or abs(times_s[min(mark.frame, last)] - times_s[min(frame, last)]) <= VISIBLE_WITHIN_S + _TOLERANCE_S
    ]


def to_dict(mark: Mark) -> dict[str, Any]:
    """The JSON object {kind, frame, points, text} of a mark, with points rounded to 0.01 pixels."""
    points = [[round(x, 2), round(y, 2)] for x, y in mark.points]
    return {"kind": mark.kind, "frame": mark.frame, "points": points, "text": mark.text}
