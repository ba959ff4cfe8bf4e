"""Bands of the timeline over ranges of frames: phases, found dives, trimmed ends, and the thumbnails."""

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from fineparser_core.records import VideoInfo
from fineparser_gui.timeline.thumbnails import Thumbnails

_PADDING_PX = 5
#: Half the width of a mark that a text leaves free.
_MARK_PX = 7


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
