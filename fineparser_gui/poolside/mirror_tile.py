"""A picture of the mirror: a source at a delay, with the coach's drawings over it."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QPainter, QPaintEvent, QPen

from fineparser_gui.player.skeleton_painting import paint_label
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.poolside.mirror_feed import MirrorFeed, MirrorSource
from fineparser_gui.support.formatting import decimal, speed_text

_TEXT, _GROUND = QColor("#ffffff"), QColor(0, 0, 0, 150)
_CORNER_PX = 15
#: Time after which a missing picture is reported, in seconds: a busy network or computer takes up to two.
_SILENT_S = 3.0


class MirrorCamera(NamedTuple):
    """Camera of a tile.

    Attributes:
        name: name for people.
        place: place of its recorder; the first is 0.
    """

    name: str
    place: int
    pictures: MirrorSource


class MirrorTile(VideoCanvas):
    """Canvas that paints each picture once, and reports it; a click or Tab gives it the keys.

    Signals:
        chosen: it has got the focus.

    Attributes:
        feed: player of the source.
        shown: number of pictures that were painted.
    """

    chosen = Signal()

    def __init__(self, camera: MirrorCamera, *, named: bool) -> None:
        super().__init__()
        self.camera = camera
        self.named, self.active, self.shown = named, False, 0
        self._new = False
        self.feed = MirrorFeed(camera.pictures, self)
        self.feed.pictured.connect(self._on_picture)
        self.view_changed.connect(self._tell_size)
        self.setAccessibleName(self.tr("Mirror: {0}").format(camera.name))
        self.feed.start()

    def close_feed(self) -> None:
        """End its thread."""
        self.feed.pictured.disconnect(self._on_picture)
        self.feed.close()

    def words(self) -> str:
        """Return a text on the state of the feed and the delay of the picture."""
        feed = self.feed
        if feed.looped:
            state = self.tr("Loop")
        elif feed.overdue_s > _SILENT_S:
            state = self.tr("No picture for {0} s").format(decimal(feed.overdue_s, 0))
        elif feed.following:
            state = self.tr("{0} s ago").format(decimal(feed.delay_s, 0)) if feed.delay_s else self.tr("Live")
        else:
            state = ""
        paused = self.tr("Paused") if feed.paused else ""
        slow = speed_text(feed.rate) if feed.rate != 1 else ""
        dropped = self.tr("computer too slow: {0} pictures not shown").format(feed.dropped) if feed.dropped else ""
        return "  ".join(filter(None, (self.camera.name if self.named else "", state, paused, slow, dropped)))

    def _tell_size(self) -> None:
        self.feed.size_px = self.magnified_px()

    def _on_picture(self, image: QImage, source_size: QSize) -> None:
        if source_size != self.source_size:
            self.set_source(source_size, None)
        self._new = True
        self.set_frame(0, image)
        if self.window().isMinimized() or not self.isVisible():  # it will not be painted
            self.feed.painted()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._new:
            self._new = False
            self.shown += 1
            self.feed.painted()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(_CORNER_PX)
        painter.setFont(font)
        text = self.words() if self.shown_frame is not None else self.tr("Waiting for pictures…")
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideLeft, self.width() - 40)
        box = QRectF(painter.fontMetrics().boundingRect(text).adjusted(-8, -4, 8, 4))
        box.moveTopLeft(QPointF(10, 10))
        paint_label(painter, box, text, _TEXT, _GROUND, 5)
        if self.active:
            painter.setPen(QPen(self.palette().highlight().color(), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.chosen.emit()
