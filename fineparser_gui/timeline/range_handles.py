"""Draggable brackets at In and Out point of the dive; moving them starts a new analysis."""

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen

from fineparser_core.constants import MIN_FRAMES
from fineparser_gui.timeline.handle_drawing import ToX, draw_text, nearest

translate = QCoreApplication.translate

_HOOK_PX = 6


class RangeHandles:
    """State and drawing of the two brackets; during a drag, the range is provisional.

    Attributes:
        frames: first and last frame of the dive, both included, with a provisional change; empty without a video.
        held, hovered, chosen: 0 for In, 1 for Out, or None: dragged, under the mouse, selected for the keys.
    """

    def __init__(self) -> None:
        self.frames: tuple[int, ...] = ()
        self.held: int | None = None
        self.hovered: int | None = None
        self.chosen: int | None = None
        self._fixed = False
        self._committed: tuple[int, ...] = ()
        self._n_frames = 0
        self._offset = 0.0

    def set_range(self, first: int, last: int, n_frames: int, *, fixed: bool = False) -> None:
        """Set the range of the dive, unless it is being dragged; `fixed`: it cannot be moved."""
        self._fixed = fixed
        self._committed, self._n_frames = (first, last), n_frames
        if self.held is None:
            self.frames = self._committed

    def clear(self) -> None:
        """Remove the range."""
        self.frames = self._committed = ()
        self.held = self.hovered = self.chosen = None

    @property
    def movable(self) -> tuple[int, ...]:
        """`frames`, or empty where they cannot be moved."""
        return () if self._fixed else self.frames

    def edges(self) -> list[int]:
        """First frame of the dive, and first frame after it."""
        return [self.frames[0], self.frames[1] + 1] if self.frames else []

    def grab(self, x: float, to_x: ToX) -> int | None:
        """Start to drag the handle near x; returns its index, None where there is none."""
        self.held = self._near(x, to_x)
        if self.held is not None:
            self._offset = x - to_x(self.edges()[self.held])
        return self.held

    def drag(self, x: float, to_edge: ToX) -> int:
        """Move the dragged handle, keeping at least `MIN_FRAMES` frames; returns its frame."""
        first, last = self.frames
        edge = int(to_edge(x - self._offset))
        if self.held == 0:
            first = max(min(edge, last - MIN_FRAMES + 1), 0)
        else:
            last = min(max(edge - 1, first + MIN_FRAMES - 1), self._n_frames - 1)
        self.frames = (first, last)
        return self.frames[self.held or 0]

    def release(self) -> tuple[int, int] | None:
        """End the drag; returns the range where it was moved, None otherwise."""
        moved = self.held is not None and self.frames != self._committed
        self.held = None
        return (self.frames[0], self.frames[1]) if moved else None

    def hover(self, x: float | None, to_x: ToX) -> bool:
        """Update the hovered handle; returns whether it changed. x is None outside of the widget."""
        before, self.hovered = self.hovered, None if x is None else self._near(x, to_x)
        return self.hovered != before

    def accessible_text(self) -> str:
        """Accessible description; "" without a range."""
        return translate("RangeHandles", "dive from frame {0} to {1}").format(*self.frames) if self.frames else ""

    def draw(self, painter: QPainter, area: QRectF, lane: QRectF, to_x: ToX, palette: QPalette) -> None:
        """Dim the trimmed parts, draw the brackets, and a text at the active one.

        Args:
            area: of all lanes but legend and axis.
            lane: of the brackets.
        """
        if not self.frames:
            return
        places = [to_x(edge) for edge in self.edges()]
        veil = palette.window().color()
        veil.setAlpha(170)
        for left, right in ((area.left(), places[0]), (places[1], area.right())):
            if right > left:
                painter.fillRect(QRectF(left, lane.top(), right - left, area.bottom() - lane.top()), veil)
        labelled = next((one for one in (self.held, self.hovered, self.chosen) if one is not None), None)
        for place, x in enumerate(places):
            _draw_bracket(painter, lane, x, 1 if place == 0 else -1, palette, active=place == labelled)
        if labelled is not None:
            draw_text(painter, area, places[labelled], self.text(labelled), palette)

    def _near(self, x: float, to_x: ToX) -> int | None:
        return nearest(x, [to_x(edge) for edge in self.edges()] if self.movable else [])

    def text(self, place: int) -> str:
        """Description of a handle with its frame and the effect of a change."""
        text = (
            translate("RangeHandles", "Out point: frame {0}")
            if place
            else translate("RangeHandles", "In point: frame {0}")
        ).format(self.frames[place])
        if self.frames != self._committed:
            text += " · " + translate("RangeHandles", "analysed again on release")
        return text


def _draw_bracket(
    painter: QPainter, lane: QRectF, x: float, direction: int, palette: QPalette, *, active: bool
) -> None:
    """Draw a square bracket that opens towards the dive."""
    for color, width in ((palette.base().color(), 6 if active else 5), (palette.text().color(), 3 if active else 2)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin))
        inner = x + direction * _HOOK_PX
        top, bottom = lane.top() + 1, lane.bottom() - 1
        corners = [QPointF(inner, top), QPointF(x, top), QPointF(x, bottom), QPointF(inner, bottom)]
        painter.drawPolyline(corners)
