"""Widgets that the panels and dialogs share: cards, labels, and keys that a focused control keeps."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget


def card(title: str | None = None) -> tuple[QFrame, QVBoxLayout]:
    """A framed block of the side column with its layout, under a title."""
    frame = QFrame()
    frame.setProperty("card", True)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(14, 10, 14, 12)
    layout.setSpacing(6)
    if title:
        layout.addWidget(label(title, "title"))
    return frame, layout


def label(text: str = "", role: str | None = None, *, wrap: bool = False) -> QLabel:
    """A label; role is "title", "muted" or "error" of the style sheet."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


class ElidedLabel(QLabel):
    """A line that gives way: its middle is left out where it does not fit, and a tool tip has all of it."""

    def __init__(self, role: str | None = None) -> None:
        super().__init__()
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._full = ""

    def set_text(self, text: str) -> None:
        """Replace the line."""
        self._full = text
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.updateGeometry()
        self._elide()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 4, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, self.width()))


class _KeptKeys(QObject):
    """Gives a focused control the keys that it lives by before the player's shortcuts take them."""

    def __init__(self, keys: tuple[Qt.Key, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._keys = keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in self._keys:
            event.accept()
            return True
        return False


def keyboard_friendly(control: QWidget) -> None:
    """Reached by Tab alone, so that a click does not take the keys from the player; then it keeps its own keys."""
    control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    keys: tuple[Qt.Key, ...] = ()
    if isinstance(control, QAbstractButton):
        keys = (Qt.Key.Key_Space,)
    elif isinstance(control, QSlider):
        keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
    control.installEventFilter(_KeptKeys(keys, control))
