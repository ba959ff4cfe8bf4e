"""Tool that asks for a point in the picture, by mouse or keyboard."""

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from fineparser_gui.player.drawing_marks import paint_crosshair, paint_hint
from fineparser_gui.player.video_canvas import CanvasLayer, VideoCanvas
from fineparser_gui.support.key_filter import ENTER, arrow_of, moved_within


class PointTool(QObject):
    """Tool that asks for a point; it lies over the other layer of a canvas while it is in use.

    Signals:
        pointed: (int, float, float) frame, x and y in pixels of the file; the tool ends.
    """

    pointed = Signal(int, float, float)

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._below: CanvasLayer | None = None
        self._pointer = QPointF()
        self._by_keyboard = False  # shows a crosshair

    @property
    def active(self) -> bool:
        """True if it takes the mouse."""
        return self._canvas.layer is self

    def begin(self) -> None:
        """Take the mouse, and some keys."""
        self._by_keyboard = not self._canvas.underMouse()
        self._below, self._canvas.layer = self._canvas.layer, self
        self._pointer = QPointF(self._canvas.rect().center())
        self._canvas.setFocus()
        self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        self._canvas.setAccessibleDescription(self._hint())
        self._canvas.update()

    def end(self) -> None:
        """Give the mouse back."""
        if self.active:
            self._canvas.layer, self._below = self._below, None
            self._canvas.setAccessibleDescription("")
            self._canvas.show_cursor()
            self._canvas.update()

    def _hint(self) -> str:
        return self.tr("Click on the diver, in the air if you can  ·  or arrow keys and Enter  ·  Esc cancels")

    def _take(self, at: QPointF) -> None:
        frame = self._canvas.shown_frame
        if frame is not None and self._canvas.picture_rect().contains(at):
            self.end()
            x, y = (max(value, 0.0) for value in self._canvas.to_source(at))
            self.pointed.emit(frame, x, y)

    def paint(self, painter: QPainter, frame: int) -> None:
        """Paint the other layer, the hint and the crosshair."""
        if self._below is not None:
            self._below.paint(painter, frame)
        paint_hint(painter, self._canvas.rect(), self._hint())
        if self._by_keyboard and self._canvas.hasFocus():
            paint_crosshair(painter, self._canvas.rect(), self._pointer)

    def press(self, event: QMouseEvent) -> bool:
        """Take the point; other buttons pan."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._take(event.position())
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Follow the pointer, so that the arrow keys continue from there."""
        self._by_keyboard = False
        self._pointer = event.position()
        self._canvas.update()
        return True

    def release(self, event: QMouseEvent) -> bool:
        """Take the release of a button."""
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """Take a double click, whose first click has been handled."""
        return True

    def wants_key(self, event: QKeyEvent) -> bool:
        """Return True if `key` handles a key."""
        return event.key() in (*ENTER, Qt.Key.Key_Escape) or arrow_of(event) is not None

    def key(self, event: QKeyEvent) -> bool:
        """Move the crosshair, take its point, or cancel; whether the key was handled."""
        arrow = arrow_of(event)
        if arrow is not None:
            self._by_keyboard = True
            self._pointer = moved_within(self._canvas.rect(), self._pointer, arrow)
            self._canvas.update()
        elif event.key() in ENTER:
            self._take(self._pointer)
        elif event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            return False
        return True

    def tab(self, direction: int) -> bool:
        """Return False, so that Tab leaves the picture."""
        return False
