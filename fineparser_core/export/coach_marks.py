"""Lines, angles and notes that a coach drew on frames: plain geometry, in pixels of the file's upright frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees
from typing import Any, TypeVar

import numpy as np

Point = tuple[float, float]

LINE, ANGLE, NOTE = "line", "angle", "note"
SHOWN_S = 0.1
#: How opaque a mark is on the frames beside its own.
NEAR_OPACITY = 0.45
_TINY_S = 1e-6


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark on one frame.

    Attributes:
        kind: LINE, ANGLE or NOTE.
        frame: 0-based source frame that it was drawn on.
        points: ends of a line; end, corner and end of an angle; place of a note.
        text: of a note.
    """

    kind: str
    frame: int
    points: tuple[Point, ...]
    text: str = ""

    @property
    def degrees(self) -> float:
        """Of an angle, 0 to 180; of a line, how far it leans from the vertical, 0 to 90."""
        if self.kind == ANGLE:
            return angle_deg(*self.points)
        (x0, y0), (x1, y1) = self.points
        return degrees(atan2(abs(x1 - x0), abs(y1 - y0)))


AnyMark = TypeVar("AnyMark", bound=Mark)


def angle_deg(first: Point, corner: Point, second: Point) -> float:
    """The angle at a corner between two other points, 0 to 180 degrees; 0 where they coincide."""
    ax, ay = first[0] - corner[0], first[1] - corner[1]
    bx, by = second[0] - corner[0], second[1] - corner[1]
    return degrees(abs(atan2(ax * by - ay * bx, ax * bx + ay * by)))


def shown_at(marks: Sequence[AnyMark], frame: int, times_s: np.ndarray) -> list[AnyMark]:
    """The marks of a frame and of those within a tenth of a second, at least the two beside it.

    Args:
        times_s: (n_frames,) presentation times.
    """
    last = len(times_s) - 1
    return [
        mark
        for mark in marks
        if abs(mark.frame - frame) <= 1
        or abs(times_s[min(mark.frame, last)] - times_s[min(frame, last)]) <= SHOWN_S + _TINY_S
    ]


def to_dict(mark: Mark) -> dict[str, Any]:
    """Of plain JSON types: {kind, frame, points, text}, points to a hundredth of a pixel."""
    points = [[round(x, 2), round(y, 2)] for x, y in mark.points]
    return {"kind": mark.kind, "frame": mark.frame, "points": points, "text": mark.text}
