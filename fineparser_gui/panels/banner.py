"""A message bar above the panels: what went wrong, or an offer with buttons."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from fineparser_gui.icons import icon, pixmap
from fineparser_gui.panels.widgets import keyboard_friendly, label

#: (text, slot) of each button.
Actions = Sequence[tuple[str, Callable[[], object]]]


class Banner(QFrame):
    """Hidden until `show_message` or `offer`. An offer is shown again when a message over it is closed.

    Signals:
        offer_closed: the user has closed the offer without pressing one of its buttons.

    Attributes:
        buttons: of the present offer.
    """

    offer_closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.buttons: list[QPushButton] = []
        self._offer: tuple[str, Actions] | None = None
        self._sign = QLabel()
        self._text = label(wrap=True)
        self._close = QToolButton()
        self._close.setAccessibleName(self.tr("Close the message"))
        self._close.clicked.connect(self._on_closed)
        keyboard_friendly(self._close)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 6, 8, 6)
        self._row.setSpacing(10)
        self._row.addWidget(self._sign)
        self._row.addWidget(self._text, 1)
        self._row.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_message(self, message: str) -> None:
        """Show a message in place of the present one."""
        self._show(message, ())

    def offer(self, message: str, actions: Actions) -> None:
        """Show a message with buttons until it is closed or withdrawn."""
        self._offer = message, actions
        self._show(message, actions)

    def withdraw(self) -> None:
        """Remove the offer, for example because it is obsolete."""
        self._offer = None
        if self.buttons:
            self._set_buttons(())
            self.hide()

    def _on_closed(self) -> None:
        if self._offer is not None and not self.buttons:
            self._show(*self._offer)
            return
        offered = self._offer is not None
        self.withdraw()
        self.hide()
        if offered:
            self.offer_closed.emit()

    def _show(self, message: str, actions: Actions) -> None:
        self._text.setText(message)
        self.setAccessibleDescription(message)
        self._set_buttons(actions)
        self.show()
        self._color_icons()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and self.isVisible():
            self._color_icons()

    def _color_icons(self) -> None:
        """Draw the icons in the colour of the text, which the style sheet of the theme sets."""
        self._text.ensurePolished()
        color = self._text.palette().windowText().color().name()
        self._sign.setPixmap(pixmap("warning", color, 20))
        self._close.setIcon(icon("close", color))

    def _set_buttons(self, actions: Actions) -> None:
        for button in self.buttons:
            button.hide()
            button.deleteLater()  # not deleted now: the call may come from its own clicked signal
        self.buttons = []
        for text, act in actions:
            button = QPushButton(text)
            button.clicked.connect(lambda _, act=act: act())
            keyboard_friendly(button)
            self._row.insertWidget(self._row.count() - 1, button)
            self.buttons.append(button)
