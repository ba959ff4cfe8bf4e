"""One sentence about something that went wrong, above everything else, until it is closed or replaced."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from fineparser_gui.icons import icon, pixmap
from fineparser_gui.panels.parts import keyboard_friendly, label


class Banner(QFrame):
    """Hidden until `show_message`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._sign = QLabel()
        self._text = label(wrap=True)
        self._close = QToolButton()
        self._close.setAccessibleName(self.tr("Close the message"))
        self._close.clicked.connect(self.hide)
        keyboard_friendly(self._close)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(self._sign)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_message(self, message: str) -> None:
        """Replace whatever was shown."""
        self.ensurePolished()
        self._text.ensurePolished()
        color = self._text.palette().windowText().color().name()
        self._sign.setPixmap(pixmap("warning", color, 20))
        self._close.setIcon(icon("close", color))
        self._text.setText(message)
        self.setAccessibleDescription(message)
        self.show()
