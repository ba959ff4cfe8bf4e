"""Lines, arrows, notes … that the coach draws on frames: plain geometry, in pixels of the file's upright frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot
from typing import Annotated

import numpy as np
from msgspec import Meta

from fineparser_core.export.coach_marks import ANGLE, ARROW, FREEHAND, LINE, MOST_POINTS, NOTE, Mark, Point, strokes

# Exports use the same marks; the app imports them from here.
from fineparser_core.export.coach_marks import LONGEST_NOTE as LONGEST_NOTE
from fineparser_core.export.coach_marks import MARK_COLORS as MARK_COLORS
from fineparser_core.export.coach_marks import MEASURED as MEASURED
from fineparser_core.export.coach_marks import MOST_THICK as MOST_THICK
from fineparser_core.export.coach_marks import angle_deg as angle_deg
from fineparser_core.export.coach_marks import to_dict as to_dict
from fineparser_core.export.coach_marks import visible_marks as visible_marks

#: Number of points of each kind of drawing; for a freehand line the minimum.
N_POINTS = {LINE: 2, ANGLE: 3, NOTE: 1, ARROW: 2, FREEHAND: 2}
#: Maximum number of drawings on a dive; all of them are searched when a frame is painted.
MOST_DRAWINGS = 1000


@dataclass(frozen=True, kw_only=True)
class Drawing(Mark):
    """A mark that can be moved. Raises: ValueError for an unknown kind, another number of points, an end before it."""

    def __post_init__(self) -> None:
        count, needed = len(self.points), N_POINTS.get(self.kind)
        if needed is None or (not needed <= count <= MOST_POINTS if self.kind == FREEHAND else count != needed):
            raise ValueError(f"{self.kind:.80} of {count} points where a drawing belongs")
        if self.end_frame < self.frame:
            raise ValueError(f"last_frame {self.last_frame} is before frame {self.frame} of a drawing")

    def moved(self, dx: float, dy: float) -> "Drawing":
        """Return a copy shifted by (dx, dy) pixels."""
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))

    def with_point(self, place: int, point: Point) -> "Drawing":
        """Return a copy with another end or corner."""
        return replace(self, points=(*self.points[:place], point, *self.points[place + 1 :]))

    def shown(self, first: int, last: int) -> "Drawing":
        """Return a copy shown on other frames; on the first alone if the last is not after it."""
        return replace(self, frame=first, last_frame=last if last > first else None)

    @property
    def grips(self) -> tuple[Point, ...]:
        """Ends and corners that can be moved separately; empty for a freehand line."""
        return () if self.kind == FREEHAND else self.points

    def point_near(self, at: Point, reach: float) -> int | None:
        """Return the index of the nearest end or corner within `reach` pixels of a point, or None."""
        if not self.grips:
            return None
        distances = [hypot(x - at[0], y - at[1]) for x, y in self.points]
        nearest = int(np.argmin(distances))
        return nearest if distances[nearest] <= reach else None

    def distance(self, at: Point) -> float:
        """Return the distance from a point to the mark, in pixels."""
        if self.kind == NOTE:
            return hypot(self.points[0][0] - at[0], self.points[0][1] - at[1])
        place = np.array([at])
        return min(
            float(_to_segment(place, start, end)[0])
            for stroke in strokes(self, self.points, 0.0)
            for start, end in pairwise(stroke)
        )


Drawings = Annotated[tuple[Drawing, ...], Meta(max_length=MOST_DRAWINGS)]


def marked_frames(drawings: Sequence[Drawing]) -> frozenset[int]:
    """Return the first and last frames of all drawings."""
    return frozenset(frame for drawing in drawings for frame in (drawing.frame, drawing.end_frame))


def next_frame(drawings: Sequence[Drawing], frame: int, direction: int) -> int | None:
    """Return the frame of the next mark in a direction (1 or -1), or None."""
    beyond = [drawing.frame for drawing in drawings if (drawing.frame - frame) * direction > 0]
    return min(beyond, key=lambda one: abs(one - frame), default=None)


def simplified(points: Sequence[Point], tolerance: float) -> tuple[Point, ...]:
    """Return the points that keep a line within a tolerance, in pixels, of the drawn points (Douglas and Peucker).

    The tolerance is doubled until there are at most `MOST_POINTS`.
    """
    drawn, kept, spans = np.array(points), {0, len(points) - 1}, [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        away = _to_segment(drawn[first : last + 1], points[first], points[last])
        farthest = first + int(np.argmax(away))
        if away.max() > tolerance:
            kept.add(farthest)
            spans += [(first, farthest), (farthest, last)]
    line = tuple(points[place] for place in sorted(kept))
    return line if len(line) <= MOST_POINTS else simplified(line, 2 * tolerance)


def _to_segment(places: np.ndarray, start: Point, end: Point) -> np.ndarray:
    """Return the distances of (n, 2) places to a segment."""
    along, beyond = np.subtract(end, start), places - start
    share = np.clip(beyond @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
    return np.hypot(*(beyond - share[:, None] * along).T)
