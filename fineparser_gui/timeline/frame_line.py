"""Vertical lines of the timeline that stand between two frames, and can be dragged from frame to frame."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

#: Width of a line, and of the line that is dragged, under the mouse or selected, in pixels.
_WIDTH_PX, _ACTIVE_PX = 2.0, 3.5
#: Width of the border that sets a line off from thumbnails and curves, on both sides, in pixels.
_HALO_PX = 2.0
#: Half the size of the mark of a dotted line.
_DIAMOND_PX = 5


class FrameLine(pg.InfiniteLine):
    """A line at the start of a frame; its owner moves it, so that it never shows a frame that the session refuses.

    Signals:
        grabbed: a drag begins.
        dragged: (int) nearest start of a frame under the mouse, less what it was grabbed beside the line.
        released: the drag has ended.
        hover_changed: the mouse enters or leaves the line.
    """

    grabbed = Signal()
    dragged = Signal(int)
    released = Signal()
    hover_changed = Signal()

    def __init__(self, *, movable: bool, marker: tuple[str, float] | None = None, dashed: bool = False) -> None:
        super().__init__(angle=90, movable=movable, pen=pg.mkPen("k"), hoverPen=pg.mkPen("k"))
        self._style = Qt.PenStyle.DotLine if dashed else Qt.PenStyle.SolidLine
        self._halo = QPen()
        self._offset = 0.0
        if dashed:
            self._maxMarkerSize = _DIAMOND_PX  # room beside the line
        if marker is not None:
            self.set_grip(*marker)
        if movable:
            self.setCursor(Qt.CursorShape.SplitHCursor)

    def set_grip(self, shape: str, place: float) -> None:
        """Draw a grip of a shape of pyqtgraph's at a share of the line's height."""
        self.clearMarkers()
        self.addMarker(shape, place, 11)

    def set_colors(self, color: QColor, halo: QColor, *, active: bool = False) -> None:
        """Set the color of the line and that of its border; `active` draws it wider."""
        width = _ACTIVE_PX if active else _WIDTH_PX
        self._halo = pg.mkPen(halo, width=width + 2 * _HALO_PX)
        self.setPen(pg.mkPen(color, width=width, style=self._style))
        self.setHoverPen(pg.mkPen(color, width=_ACTIVE_PX, style=self._style))

    def paint(self, painter: QPainter, *arguments: Any) -> None:
        bounds = self.boundingRect()
        painter.setPen(self._halo)
        painter.drawLine(QPointF(bounds.left(), 0), QPointF(bounds.right(), 0))
        super().paint(painter, *arguments)
        if self._style == Qt.PenStyle.DotLine:
            self._draw_diamond(painter, painter.transform().map(QPointF(bounds.right(), 0)))

    def _draw_diamond(self, painter: QPainter, end: QPointF) -> None:
        """Draw a hollow diamond near the upper end, which differs from a grip without color."""
        painter.resetTransform()
        painter.setPen(pg.mkPen(self.pen.color(), width=1.5))
        painter.setBrush(self._halo.color())
        x, y = end.x(), end.y() + 2 * _DIAMOND_PX
        ends = ((0, -_DIAMOND_PX), (_DIAMOND_PX, 0), (0, _DIAMOND_PX), (-_DIAMOND_PX, 0))
        painter.drawPolygon([QPointF(x + right, y + down) for right, down in ends])

    def mouseDragEvent(self, event: Any) -> None:
        if not self.movable or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        if event.isStart():
            self._offset = self.value() - self.mapToParent(event.buttonDownPos()).x()
            self.grabbed.emit()
        self.dragged.emit(round(self.mapToParent(event.pos()).x() + self._offset))
        if event.isFinish():
            self.released.emit()

    def setMouseHover(self, hover: bool) -> None:
        changed = hover != self.mouseHovering
        super().setMouseHover(hover)
        if changed:
            self.hover_changed.emit()
