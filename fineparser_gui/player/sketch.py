"""A drawing that is begun: its tool, the points set so far, and what to do next."""

from fineparser_core.language import text
from fineparser_gui.player.drawings import (
    ANGLE,
    ARROW,
    ELLIPSE,
    FREEHAND,
    LINE,
    MOST_POINTS,
    N_POINTS,
    NOTE,
    RULER,
    STOPWATCH,
    Drawing,
    Point,
    simplified,
)

_MOST_TRACED = 2000


class Sketch:
    """Drawing that is begun.

    Attributes:
        tool: its kind.
        points: those that are set.
    """

    def __init__(self, tool: str) -> None:
        self.tool = tool
        self.points: list[Point] = []

    def trace(self, at: Point) -> None:
        """Follow the pointer, if the line is freehand."""
        if self.tool == FREEHAND and 0 < len(self.points) < _MOST_TRACED:
            self.points.append(at)

    def set(self, at: Point) -> bool:
        """Set the next point; return True if it was the last."""
        self.points.append(at)
        return len(self.points) >= N_POINTS[self.tool]

    def finished(self, frame: int, tolerance: float) -> Drawing:
        """Return the drawing; a freehand line is simplified within a distance in pixels."""
        points = simplified(self.points, tolerance) if self.tool == FREEHAND else tuple(self.points)
        return Drawing(kind=self.tool, frame=frame, points=points)

    def unfinished(self, frame: int, at: Point) -> Drawing | None:
        """Return what is to be seen of it with the pointer at a point; None before the first."""
        if not self.points:
            return None
        points = (*self.points, at)
        kind = LINE if self.tool == ANGLE and len(points) < N_POINTS[ANGLE] else self.tool
        if kind == FREEHAND:  # simplified once it is done
            points = (*points[:: len(points) // (MOST_POINTS - 1) + 1], points[-1])
        return Drawing(kind=kind, frame=frame, points=points)

    def hint(self) -> str:
        """Return a hint on the next click or key."""
        hints = {
            LINE: (text("Line: first end"), text("Line: other end")),
            ANGLE: (text("Angle: end of the first side"), text("Angle: vertex"), text("Angle: end of the second side")),
            NOTE: (text("Note: position"),),
            ARROW: (text("Arrow: end"), text("Arrow: tip")),
            ELLIPSE: (text("Ellipse: one corner"), text("Ellipse: opposite corner")),
            RULER: (text("Ruler: first end"), text("Ruler: other end")),
            STOPWATCH: (text("Stopwatch: begins at this frame; where is the time to stand?"),),
            FREEHAND: (text("Freehand: drag the line"), text("Freehand: end of the line")),
        }[self.tool]
        return hints[min(len(self.points), len(hints) - 1)] + text(
            "  ·  click, or arrow keys and Enter  ·  Esc cancels"
        )

    def done_text(self) -> str:
        """Return the text of the undo command."""
        return {
            LINE: text("drawing a line"),
            ANGLE: text("drawing an angle"),
            ARROW: text("drawing an arrow"),
            ELLIPSE: text("drawing an ellipse"),
            FREEHAND: text("drawing freehand"),
            RULER: text("drawing a ruler"),
            STOPWATCH: text("taking a time"),
        }[self.tool]


def selection_hint(drawing: Drawing, moved_point: int | None) -> str:
    """Return the keys of a selected drawing, or of the point of it that the arrow keys move."""
    if drawing.kind == NOTE:
        return text("Arrow keys move it  ·  Enter edits it  ·  Del deletes it  ·  Esc deselects")
    if not drawing.grips:
        return text("Arrow keys move it  ·  Del deletes it  ·  Esc deselects")
    if moved_point is None:
        return text("Arrow keys move it  ·  Enter selects a point  ·  Del deletes it  ·  Esc deselects")
    return text(
        "Arrow keys move point {0} of {1}  ·  Enter selects the next  ·  Esc deselects",
        moved_point + 1,
        len(drawing.points),
    )
