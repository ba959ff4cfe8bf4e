"""The delayed picture of a camera, and the actions of the keys on it."""

from PySide6.QtCore import QMargins, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fineparser_gui.player.skeleton_painting import paint_label
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.poolside.mirror_feed import MirrorFeed, MirrorSource
from fineparser_gui.support.formatting import decimal, speed_text
from fineparser_gui.support.widgets import label

MOST_DELAY_S = 120
_WORDS_MS, _HINT_W = 500, 620
_TEXT, _GROUND = QColor("#ffffff"), QColor(0, 0, 0, 150)
_CORNER_PX = 15
#: Time after which a missing picture is reported, in seconds: a busy network or computer takes up to two.
_SILENT_S = 3.0


class MirrorTile(VideoCanvas):
    """Canvas that paints each picture of a source once, and reports it.

    Args:
        name: name of the camera.

    Attributes:
        feed: player of the source.
        shown: number of pictures that were painted.
    """

    def __init__(self, name: str, pictures: MirrorSource) -> None:
        super().__init__()
        self.shown, self._new = 0, False
        self.feed = MirrorFeed(pictures, self)
        self.feed.pictured.connect(self._on_picture)
        self.view_changed.connect(self._tell_size)
        self.setAccessibleName(self.tr("Mirror: {0}").format(name))
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
        return "  ".join(filter(None, (state, paused, slow, dropped)))

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


class MirrorStage(QWidget):
    """Place of the picture, with a hint while there is none.

    Signals:
        changed: the picture does something else.

    Attributes:
        tile: the picture; None: no camera is shown.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tile: MirrorTile | None = None
        self._column = QVBoxLayout(self, contentsMargins=QMargins())
        self.hint = label(self.hint_text(), "muted", wrap=True)
        self.hint.setMaximumWidth(_HINT_W)
        self._column.addWidget(self.hint, 0, Qt.AlignmentFlag.AlignCenter)
        self._timer = QTimer(self, interval=_WORDS_MS, timeout=self._show_words)

    def show_camera(self, name: str, pictures: MirrorSource) -> None:
        """Show a camera in place of what is shown."""
        self.clear()
        self.tile = MirrorTile(name, pictures)
        self._column.addWidget(self.tile)
        self.hint.hide()
        self._timer.start()
        self.changed.emit()

    def clear(self) -> None:
        """Show nothing."""
        tile, self.tile = self.tile, None
        self._timer.stop()
        self.hint.show()
        if tile is not None:
            tile.close_feed()
            self._column.removeWidget(tile)
            tile.hide()
            tile.deleteLater()

    def delay(self, delay_s: float) -> None:
        """Set the delay."""
        if self.tile is not None:
            self.tile.feed.live(min(max(delay_s, 0.0), MOST_DELAY_S))
            self.changed.emit()

    def change_delay(self, by_s: float) -> None:
        """Make the delay longer or shorter by some seconds."""
        if self.tile is not None:
            self.delay(self.tile.feed.delay_s + by_s)

    def pause(self) -> None:
        """Stop at a picture, or go on from it."""
        if self.tile is not None:
            self.tile.feed.pause(not self.tile.feed.paused)
            self.changed.emit()

    def slower(self) -> None:
        """Play at ½, ¼, ⅛ of the speed, then at that of the pictures again."""
        if self.tile is not None:
            self.tile.feed.play_at(self.tile.feed.rate / 2 if self.tile.feed.rate > 1 / 8 else 1.0)
            self.changed.emit()

    def loop(self, from_s: float, to_s: float) -> None:
        """Play a part again and again."""
        if self.tile is not None:
            self.tile.feed.loop(from_s, to_s)
            self.changed.emit()

    def live(self) -> None:
        """Return to the delay."""
        if self.tile is not None:
            self.tile.feed.live()
            self.changed.emit()

    def hint_text(self) -> str:
        """Return the hint on setting up the camera."""
        return "\n\n".join(
            (
                self.tr(
                    "A USB camera or capture card is in the list. A phone becomes a camera with an app for that: type "
                    "the address that the app shows. A folder of files works as well."
                ),
                self.tr(
                    "The slider sets the delay. Last dive repeats it, Take 8 s keeps one "
                    "that was missed, Live goes back. With a second screen, Full puts the mirror there. The "
                    "buttons' tips name their keys. Balk and Repeat mark a dive."
                ),
                self.tr(
                    "Nothing leaves the computer. The recording, without sound, keeps the minutes and "
                    "gigabytes that you set, the oldest goes first; Delete it removes it. Clips stay in the folder "
                    "until you delete them."
                ),
            )
        )

    def _show_words(self) -> None:
        if self.tile is not None:
            self.tile.update()  # where no pictures come
