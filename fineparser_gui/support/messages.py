"""Stack of messages: problems, which leave after a while and are kept in a list, and an offer with buttons."""

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QLocale, QMargins, Qt, QTime, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from fineparser_gui.support.images import icon, pixmap
from fineparser_gui.support.widgets import follow_palette, icon_button, keyboard_friendly, label, lay_out, literal

#: (text, slot) of each button.
Actions = Sequence[tuple[str, Callable[[], object]]]

#: Time that a message stays, unless the mouse is over it or the focus in it, in milliseconds: two long sentences are
#: read in it, and the list keeps them.
SHOWN_MS = 15_000
#: Maximum number of messages in the list.
_MOST_KEPT = 30
_ENTRY_W = 420
#: Maximum number of messages; the oldest is removed, as more of them do not help.
_MOST = 4


class MessageCard(QFrame):
    """A message of the stack.

    Signals:
        over: it was closed, or its time is over.

    Attributes:
        buttons: buttons of an offer.
        close_button: closes it.
    """

    over = Signal()

    def __init__(self, text: str, actions: Actions = (), *, problem: bool = False) -> None:
        super().__init__()
        self.setObjectName("banner" if problem else "offer")
        self._text = label(text, wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sign = QLabel()
        self.close_button = icon_button(self.tr("Close the message"), self.over.emit)
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
        if self.objectName() == "banner":  # what went well needs no sign
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
        kept_changed: another message is kept, or all are read.

    Attributes:
        kept: the latest messages, the newest first: time of the day, text, and what choosing it does.
        n_unread: number of problems that have come since the list was opened.
    """

    offer_closed = Signal()
    kept_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[MessageCard] = []
        self.kept: deque[tuple[str, str, Callable[[], object]]] = deque(maxlen=_MOST_KEPT)
        self.n_unread = 0
        self._offer: MessageCard | None = None
        self._told: MessageCard | None = None
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
        """Show a message below the others and keep it in the list.

        A message that is shown already stays longer. One that was closed, and still comes, is only kept.
        """
        self.n_unread += 1
        self.keep(text, lambda: self._show(text))
        self._show(text)

    def tell(self, text: str) -> None:
        """Show a message in place of the last one that was told; the list does not keep it."""
        told, self._told = self._told, None
        if told in self.messages:
            self._remove(told)
        self._show(text, problem=False)
        self._told = self.messages[-1]

    def read(self) -> None:
        """Count all messages of the list as read."""
        self.n_unread = 0
        self.kept_changed.emit()

    def keep(self, text: str, act: Callable[[], object]) -> None:
        """Add a message to the list alone; `act` is called when it is chosen there."""
        at = QLocale().toString(QTime.currentTime(), QLocale.FormatType.ShortFormat)
        self.kept.appendleft((at, text, act))
        self.kept_changed.emit()

    def _show(self, text: str, *, problem: bool = True) -> None:
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
        self._add(MessageCard(text, problem=problem))

    def offer(self, text: str, actions: Actions) -> None:
        """Show a message with buttons until it is closed or withdrawn."""
        self.withdraw()
        self._offer = MessageCard(text, actions)
        self._add(self._offer)

    def withdraw(self) -> None:
        """Remove the offer, for example because it is obsolete."""
        offer, self._offer = self._offer, None
        if offer is not None:
            self._remove(offer)

    def _add(self, message: MessageCard) -> None:
        self.messages.append(message)
        self._column.addWidget(message)
        message.over.connect(lambda: self._on_over(message))
        message.show()
        message.color_icons()
        self.show()
        self.updateGeometry()

    def _on_over(self, message: MessageCard) -> None:
        offered = message is self._offer
        if offered:
            self._offer = None
        self._remove(message)
        if offered:
            self.offer_closed.emit()

    def _remove(self, message: MessageCard) -> None:
        self.messages.remove(message)
        self._column.removeWidget(message)
        message.blockSignals(True)
        message.hide()
        message.deleteLater()  # not deleted now: the call may come from its own button
        self.setVisible(bool(self.messages))
        self.updateGeometry()


class MessageBell(QToolButton):
    """Button with the list of the messages that were shown; it counts those that came since it was opened last."""

    def __init__(self, stack: MessageStack) -> None:
        super().__init__(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self._stack = stack
        self._list = QMenu(self)
        self._list.aboutToShow.connect(self._fill)
        self.setMenu(self._list)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        keyboard_friendly(self)
        stack.kept_changed.connect(self._refresh)
        follow_palette(self, self._refresh)
        self.ensurePolished()
        self._refresh()  # the icon is part of the width
        self.setText("88")
        self.setFixedWidth(self.sizeHint().width())  # a corner does not follow its widget
        self._refresh()

    def _fill(self) -> None:
        self._list.clear()
        for at, full, act in self._stack.kept:
            text = self.fontMetrics().elidedText(full.replace("\n", " "), Qt.TextElideMode.ElideRight, _ENTRY_W)
            entry = self._list.addAction(f"{at}  {text}".replace("&", "&&"))
            entry.setEnabled(all(one.text != full for one in self._stack.messages))
            entry.triggered.connect(lambda _=False, act=act: act())
        self._stack.read()

    def _refresh(self) -> None:
        n_unread = self._stack.n_unread
        self.setEnabled(bool(self._stack.kept))
        self.setText(str(n_unread or ""))
        name = self.tr("Messages: {0} new").format(n_unread) if n_unread else self.tr("Messages")
        self.setAccessibleName(name)
        self.setToolTip(literal(name))
        color = self.palette().highlight() if n_unread else self.palette().windowText()
        self.setIcon(icon("bell", color.color().name()))
