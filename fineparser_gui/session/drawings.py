"""Lines, angles and notes that the coach draws on frames: plain geometry, in pixels of the file's upright frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import atan2, degrees, hypot, isfinite
from typing import Any

import numpy as np

Point = tuple[float, float]

LINE, ANGLE, NOTE = "line", "angle", "note"
N_POINTS = {LINE: 2, ANGLE: 3, NOTE: 1}
SHOWN_S = 0.1
_TINY_S = 1e-6
LONGEST_NOTE = 500


@dataclass(frozen=True, kw_only=True)
class Drawing:
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

    def moved(self, dx: float, dy: float) -> "Drawing":
        """The same elsewhere on the frame."""
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))

    def with_point(self, place: int, point: Point) -> "Drawing":
        """The same with another end or corner."""
        return replace(self, points=(*self.points[:place], point, *self.points[place + 1 :]))

    @property
    def degrees(self) -> float:
        """Of an angle, 0 to 180; of a line, how far it leans from the vertical, 0 to 90."""
        if self.kind == ANGLE:
            return angle_deg(*self.points)
        (x0, y0), (x1, y1) = self.points
        return degrees(atan2(abs(x1 - x0), abs(y1 - y0)))

    def point_near(self, at: Point, reach: float) -> int | None:
        """The end or corner within reach of a point, the nearest one."""
        distances = [hypot(x - at[0], y - at[1]) for x, y in self.points]
        nearest = int(np.argmin(distances))
        return nearest if distances[nearest] <= reach else None

    def distance(self, at: Point) -> float:
        """From a point to the mark."""
        if self.kind == NOTE:
            return hypot(self.points[0][0] - at[0], self.points[0][1] - at[1])
        return min(_to_segment(at, start, end) for start, end in zip(self.points[:-1], self.points[1:], strict=True))


def angle_deg(first: Point, corner: Point, second: Point) -> float:
    """The angle at a corner between two other points, 0 to 180 degrees; 0 where they coincide."""
    ax, ay = first[0] - corner[0], first[1] - corner[1]
    bx, by = second[0] - corner[0], second[1] - corner[1]
    return degrees(abs(atan2(ax * by - ay * bx, ax * bx + ay * by)))


def shown_at(drawings: Sequence[Drawing], frame: int, times_s: np.ndarray) -> list[Drawing]:
    """The marks of a frame and of those within a tenth of a second, at least the two beside it.

    Args:
        times_s: (n_frames,) presentation times.
    """
    last = len(times_s) - 1
    return [
        drawing
        for drawing in drawings
        if abs(drawing.frame - frame) <= 1
        or abs(times_s[min(drawing.frame, last)] - times_s[min(frame, last)]) <= SHOWN_S + _TINY_S
    ]


def next_frame(drawings: Sequence[Drawing], frame: int, direction: int) -> int | None:
    """The frame of the next mark in a direction (1 or -1); None where there is none."""
    beyond = [drawing.frame for drawing in drawings if (drawing.frame - frame) * direction > 0]
    return min(beyond, key=lambda one: abs(one - frame), default=None)


def to_dict(drawing: Drawing) -> dict[str, Any]:
    """For a session file."""
    points = [[round(x, 2), round(y, 2)] for x, y in drawing.points]
    return {"kind": drawing.kind, "frame": drawing.frame, "points": points, "text": drawing.text}


def from_dict(values: dict[str, Any]) -> Drawing:
    """The inverse of `to_dict`.

    Raises:
        ValueError: it is none.
    """
    try:
        kind, frame, text = values["kind"], values["frame"], values["text"]
        points = tuple((float(x), float(y)) for x, y in values["points"])
        fits = len(points) == N_POINTS[kind] and isinstance(frame, int) and frame >= 0 and isinstance(text, str)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"drawing {values!r:.80}") from error
    if not fits or not all(isfinite(value) for point in points for value in point):
        raise ValueError(f"drawing {values!r:.80}")
    return Drawing(kind=kind, frame=frame, points=points, text=text[:LONGEST_NOTE])


def _to_segment(at: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length_2 = dx * dx + dy * dy
    along = ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length_2 if length_2 else 0.0
    along = min(max(along, 0.0), 1.0)
    return hypot(at[0] - start[0] - along * dx, at[1] - start[1] - along * dy)
