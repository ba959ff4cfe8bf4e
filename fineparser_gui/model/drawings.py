"""Lines, angles and notes that the coach draws on frames: plain geometry, in pixels of the file's upright frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Annotated

import numpy as np
from msgspec import Meta

from fineparser_core.export.coach_marks import ANGLE, LINE, NOTE, Mark, Point

# Exports use the same marks; the app imports them from here.
from fineparser_core.export.coach_marks import LONGEST_NOTE as LONGEST_NOTE
from fineparser_core.export.coach_marks import angle_deg as angle_deg
from fineparser_core.export.coach_marks import to_dict as to_dict
from fineparser_core.export.coach_marks import visible_marks as visible_marks

N_POINTS = {LINE: 2, ANGLE: 3, NOTE: 1}
#: On one dive: painting each frame looks through all of them.
MOST_DRAWINGS = 1000


@dataclass(frozen=True, kw_only=True)
class Drawing(Mark):
    """A mark that can be moved. Raises: ValueError for an unknown kind, or another number of points."""

    def __post_init__(self) -> None:
        if len(self.points) != N_POINTS.get(self.kind):
            raise ValueError(f"{self.kind:.80} of {len(self.points)} points where a drawing belongs")

    def moved(self, dx: float, dy: float) -> "Drawing":
        """A copy, shifted by (dx, dy) pixels."""
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))

    def with_point(self, place: int, point: Point) -> "Drawing":
        """A copy with another end or corner."""
        return replace(self, points=(*self.points[:place], point, *self.points[place + 1 :]))

    def point_near(self, at: Point, reach: float) -> int | None:
        """Index of the nearest end or corner within `reach` pixels of a point; None: there is none."""
        distances = [hypot(x - at[0], y - at[1]) for x, y in self.points]
        nearest = int(np.argmin(distances))
        return nearest if distances[nearest] <= reach else None

    def distance(self, at: Point) -> float:
        """Distance from a point to the mark, in pixels."""
        if self.kind == NOTE:
            return hypot(self.points[0][0] - at[0], self.points[0][1] - at[1])
        return min(_to_segment(at, start, end) for start, end in zip(self.points[:-1], self.points[1:], strict=True))


Drawings = Annotated[tuple[Drawing, ...], Meta(max_length=MOST_DRAWINGS)]


def next_frame(drawings: Sequence[Drawing], frame: int, direction: int) -> int | None:
    """The frame of the next mark in a direction (1 or -1); None where there is none."""
    beyond = [drawing.frame for drawing in drawings if (drawing.frame - frame) * direction > 0]
    return min(beyond, key=lambda one: abs(one - frame), default=None)


def _to_segment(at: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length_2 = dx * dx + dy * dy
    along = ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length_2 if length_2 else 0.0
    along = min(max(along, 0.0), 1.0)
    return hypot(at[0] - start[0] - along * dx, at[1] - start[1] - along * dy)
