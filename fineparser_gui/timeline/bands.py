"""Bands of the timeline over ranges of frames: phases, found dives, trimmed ends, thumbnails, lines."""

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QGraphicsSceneWheelEvent

from fineparser_core.records import VideoInfo
from fineparser_gui.timeline.thumbnails import Thumbnails

_PADDING_PX = 5
#: Half the width of a mark that a text leaves free.
_MARK_PX = 7
#: Width of a line, and of the line that is dragged, under the mouse or selected, in pixels.
_WIDTH_PX, _ACTIVE_PX = 2.0, 3.5
#: Width of the border that sets a line off from thumbnails and curves, on both sides, in pixels.
_HALO_PX = 2.0
#: Half the size of the mark of a dotted line.
_DIAMOND_PX = 5
#: Zoom of a notch of the wheel, and of a step of the commands.
ZOOM_STEP = 1.25
_LEFT = Qt.MouseButton.LeftButton


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
            self._maxMarkerSize = _DIAMOND_PX  # space beside the line
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


class TimeBox(pg.ViewBox):
    """View that reacts to the mouse: left button seeks, middle button pans, the wheel zooms, with Shift it pans.

    Signals:
        sought: (float) place under the mouse, in frames.
        pressed_line: (object) the `FrameLine` that a press is about to drag.
        double_clicked: (float) place in frames.
    """

    sought = Signal(float)
    pressed_line = Signal(object)
    double_clicked = Signal(float)

    def __init__(self, *, from_top: bool = False) -> None:
        super().__init__(enableMenu=False, invertY=from_top)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == _LEFT:
            hovered = self.scene().lastHoverEvent
            item = hovered.dragItems().get(_LEFT) if hovered is not None else None
            if isinstance(item, FrameLine):
                self.pressed_line.emit(item)
            else:
                self.sought.emit(self.mapSceneToView(event.scenePos()).x())
        event.ignore()  # the scene turns ignored events into clicks and drags

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == _LEFT:
            self.double_clicked.emit(self.mapSceneToView(event.scenePos()).x())
        event.ignore()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() == _LEFT:
            event.accept()
            self.sought.emit(self.mapSceneToView(event.scenePos()).x())
        elif event.button() == Qt.MouseButton.MiddleButton:
            super().mouseDragEvent(event, axis)
        else:
            event.ignore()

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        notches = event.delta() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or event.orientation() == Qt.Orientation.Horizontal:
            left, right = self.viewRange()[0]
            self.translateBy(x=-notches * (right - left) / 10)
        else:
            self.scaleBy(x=ZOOM_STEP**-notches, center=self.mapSceneToView(event.scenePos()))
        event.accept()


class FrameBand(pg.LinearRegionItem):
    """A colored range that cannot be moved, with a text where it fits, and a tick before it if wished.

    Args:
        span: part of the lane's height, from the bottom.
    """

    def __init__(self, span: tuple[float, float] = (0, 1)) -> None:
        super().__init__(movable=False, span=span, pen=pg.mkPen(None))
        self._texts: Sequence[str] = ()
        self._font, self._ink, self._ticked = QFont(), QColor(), False
        self._border = QPen(Qt.PenStyle.NoPen)
        self._kept_free: float | None = None

    def keep_free(self, place: float | None) -> None:
        """Let the text stand on the wider side of a place in frames, at which there is a mark; None: in the middle."""
        if place != self._kept_free:
            self._kept_free = place
            self.update()

    def set_look(self, fill: QColor, border: QPen | None = None) -> None:
        """Set the color, and the pen of a border."""
        self.setBrush(fill)
        self.setHoverBrush(fill)
        self._border = border or QPen(Qt.PenStyle.NoPen)

    def set_texts(self, texts: Sequence[str], font: QFont, ink: QColor, *, ticked: bool = False) -> None:
        """Set texts from the longest to the shortest, of which the first that fits is shown."""
        self._texts, self._font, self._ink, self._ticked = texts, font, ink, ticked
        self.update()

    def paint(self, painter: QPainter, *arguments: Any) -> None:
        super().paint(painter, *arguments)
        shown = self.boundingRect().intersected(self.viewRect())
        transform = painter.worldTransform()
        box = place = transform.mapRect(shown)
        if self._kept_free is not None and shown.left() < self._kept_free < shown.right():
            mark_px = transform.map(QPointF(self._kept_free, 0)).x()
            left, right = QRectF(box), QRectF(box)
            left.setRight(mark_px - _MARK_PX)
            right.setLeft(mark_px + _MARK_PX)
            place = max(left, right, key=QRectF.width)
        painter.resetTransform()
        if self._border.style() != Qt.PenStyle.NoPen:
            painter.setPen(self._border)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        before = self._font.pointSizeF() * 1.4 if self._ticked else 0.0
        metrics, room = QFontMetricsF(self._font), place.width() - 2 * _PADDING_PX - before
        text = next((text for text in self._texts if metrics.horizontalAdvance(text) <= room), "")
        painter.setFont(self._font)
        painter.setPen(self._ink)
        painter.drawText(place.adjusted(before if text else 0, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, text)
        if self._ticked:
            x, y = box.left() + _PADDING_PX, box.center().y()
            painter.setPen(QPen(self._ink, 1.6))
            painter.drawPolyline([QPointF(x, y), QPointF(x + 3, y + 3), QPointF(x + 9, y - 4)])


class ThumbnailsItem(pg.GraphicsObject):
    """The thumbnails of a file along a lane that is 1 high, counted from the top."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._info: VideoInfo | None = None
        thumbnails.changed.connect(self.update)

    def set_file(self, info: VideoInfo) -> None:
        """Set the file that the thumbnails are of."""
        self.prepareGeometryChange()
        self._info = info

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._info.n_frames if self._info is not None else 1, 1)

    def paint(self, painter: QPainter, *_: Any) -> None:
        box = self.getViewBox()
        if self._info is not None and box is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            ratio = box.getViewWidget().devicePixelRatioF()
            (left, right), frame_px = box.viewRange()[0], 1 / box.viewPixelSize()[0]
            self._thumbnails.draw(painter, (left, right), frame_px, box.height(), self._info, ratio)
