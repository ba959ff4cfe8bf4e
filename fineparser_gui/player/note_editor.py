"""Editor of a note's text on the picture."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from fineparser_gui.player.arrow_keys import ENTER
from fineparser_gui.player.drawings import LONGEST_NOTE, Drawing
from fineparser_gui.player.video_canvas import VideoCanvas

_WIDTH_PX = 260


class NoteEditor(QLineEdit):
    """Editor beside a new or existing note: Esc discards; Enter, Tab and a click elsewhere accept.

    The window's shortcuts are disabled in it.

    Signals:
        written: (Drawing, str) the note and its new text; not if it was discarded.
    """

    written = Signal(object, str)

    def __init__(self, note: Drawing, canvas: VideoCanvas) -> None:
        super().__init__(note.text, canvas)
        self._note, self._canvas, self._over = note, canvas, False
        self.setMaxLength(LONGEST_NOTE)
        self.setPlaceholderText(self.tr("Note"))
        self.setAccessibleName(self.tr("Text of the note"))
        at = canvas.to_widget(*note.points[0])
        self.resize(_WIDTH_PX, self.sizeHint().height())
        right, bottom = canvas.width() - self.width(), canvas.height() - self.height()
        self.move(max(min(int(at.x()) + 8, right), 0), max(min(int(at.y()) + 8, bottom), 0))
        self.editingFinished.connect(self.accept)
        self.show()
        self.setFocus()

    def accept(self) -> None:
        """Close it, and tell the text."""
        if not self._over:
            self.discard()
            self.written.emit(self._note, self.text().strip())

    def discard(self) -> None:
        """Close it."""
        self._over = True
        self._canvas.setFocus()
        self.hide()
        self.deleteLater()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.discard()
                return True
            if event.key() in (*ENTER, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                self.accept()
                return True
        return super().event(event)
