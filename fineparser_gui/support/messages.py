"""Stack of messages: problems, which disappear after a while, and an offer with buttons, which stays."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QMargins, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fineparser_gui.support.icons import icon, pixmap
from fineparser_gui.support.widgets import icon_button, keyboard_friendly, label, lay_out

#: (text, slot) of each button.
Actions = Sequence[tuple[str, Callable[[], object]]]

#: Time that a message stays, unless the mouse is over it or the focus in it, in milliseconds: long enough to finish a
#: dive and read it.
SHOWN_MS = 40_000
#: Maximum number of messages; the oldest is removed, as more of them do not help.
_MOST = 4


class Message(QFrame):
    """A message of the stack.

    Signals:
        over: it was closed, or its time is over.

    Attributes:
        buttons: buttons of an offer.
        close_button: closes it.
    """

    over = Signal()

    def __init__(self, text: str, actions: Actions = ()) -> None:
        super().__init__()
        self.setObjectName("offer" if actions else "banner")
        self._text = label(text, wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sign = QLabel()
        self.close_button = icon_button(self.tr("Close the message"), self.over)
        top = Qt.AlignmentFlag.AlignTop
        row = lay_out(QHBoxLayout(spacing=10), (self._sign, 0, top), (self._text, 1), (self.close_button, 0, top))
        column = lay_out(QVBoxLayout(self, contentsMargins=QMargins(12, 8, 6, 8)), row)
        self.buttons: list[QPushButton] = []
        choices = QHBoxLayout()
        choices.addStretch(1)
        for name, act in actions:
            button = QPushButton(name, clicked=lambda _, act=act: act())
            keyboard_friendly(button)
            choices.addWidget(button)
            self.buttons.append(button)
        if actions:
            column.addLayout(choices)
        self.setAccessibleName(text)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS, timeout=self._on_time)
        if not actions:
            self._timer.start()

    @property
    def text(self) -> str:
        return self._text.text()

    def again(self) -> None:
        """Restart the timer, as the same message came again."""
        self._timer.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.buttons:
            self._timer.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.color_icons()

    def color_icons(self) -> None:
        """Draw the icons in the color of the text, which the style sheet of the theme sets."""
        self._text.ensurePolished()
        color = self._text.palette().windowText().color().name()
        self._sign.setPixmap(pixmap("warning", color, 20))
        self.close_button.setIcon(icon("close", color))

    def _on_time(self) -> None:
        if self.close_button.hasFocus() or self._text.hasSelectedText():
            self._timer.start()
        else:
            self.over.emit()


class MessageStack(QWidget):
    """Messages, the latest at the bottom, with at most a single offer; hidden while empty.

    Signals:
        offer_closed: the user has closed the offer without pressing a button of it.
    """

    offer_closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []
        self._offer: Message | None = None
        self._column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        self.hide()

    @property
    def text(self) -> str:
        """Text of the latest message, or ""."""
        return self.messages[-1].text if self.messages else ""

    @property
    def buttons(self) -> list[QPushButton]:
        """Buttons of the present offer."""
        return self._offer.buttons if self._offer else []

    def show_message(self, text: str) -> None:
        """Show a message below the others; a message that is shown already stays longer."""
        same = next((one for one in self.messages if one.text == text), None)
        if same is not None:
            self.messages.remove(same)
            self.messages.append(same)
            self._column.removeWidget(same)
            self._column.addWidget(same)
            same.again()
            return
        for one in [one for one in self.messages if one is not self._offer][: 1 - _MOST]:
            self._remove(one)
        self._add(Message(text))

    def offer(self, text: str, actions: Actions) -> None:
        """Show a message with buttons until it is closed or withdrawn."""
        self.withdraw()
        self._offer = Message(text, actions)
        self._add(self._offer)

    def withdraw(self) -> None:
        """Remove the offer, for example because it is obsolete."""
        offer, self._offer = self._offer, None
        if offer is not None:
            self._remove(offer)

    def _add(self, message: Message) -> None:
        self.messages.append(message)
        self._column.addWidget(message)
        message.over.connect(lambda: self._on_over(message))
        message.show()
        message.color_icons()
        self.show()
        self.updateGeometry()

    def _on_over(self, message: Message) -> None:
        offered = message is self._offer
        if offered:
            self._offer = None
        self._remove(message)
        if offered:
            self.offer_closed.emit()

    def _remove(self, message: Message) -> None:
        self.messages.remove(message)
        self._column.removeWidget(message)
        message.blockSignals(True)
        message.hide()
        message.deleteLater()  # not deleted now: the call may come from its own button
        self.setVisible(bool(self.messages))
        self.updateGeometry()
