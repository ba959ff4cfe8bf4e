"""Full-screen mode of the player."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow, QWidget


class FullScreen(QObject):
    """Full-screen mode, which hides everything but the player; Esc leaves it.

    Args:
        others: widgets to hide in addition to the menu bar.

    Signals:
        changed: (bool) whether full-screen mode is on.
    """

    changed = Signal(bool)

    def __init__(self, window: QMainWindow, others: tuple[QWidget, ...]) -> None:
        super().__init__(window)
        self._window = window
        self._others = others
        self._on = False
        self._was_maximized = False
        self._were_shown: list[QWidget] = []
        window.installEventFilter(self)

    @property
    def on(self) -> bool:
        return self._on

    def use(self, on: bool) -> None:
        """Enter or leave full-screen mode."""
        if on == self._on:
            return
        self._on = on
        if on:
            self._was_maximized = self._window.isMaximized()
            self._were_shown = [one for one in (*self._others, self._window.menuBar()) if not one.isHidden()]
            for one in self._were_shown:
                one.hide()
            self._window.showFullScreen()
        else:
            for one in self._were_shown:
                one.show()
            self._window.showMaximized() if self._was_maximized else self._window.showNormal()
        self.changed.emit(on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._on and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:  # before a command that was given this key
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.use(False)
                return True
        return False
