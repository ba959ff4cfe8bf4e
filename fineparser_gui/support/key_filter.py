"""Who gets a key: the command that it is a shortcut of, or the control with the focus; and what arrow keys move."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QEvent, QKeyCombination, QObject, QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_CURSOR_KEYS = {
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
}
_COMMAND_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier
_FAR_PX = 10.0
_DIRECTIONS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def arrow_of(event: QKeyEvent) -> QPointF | None:
    """Return the movement of an arrow key in widget pixels: 1, with Shift 10; None for other keys."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    direction = _DIRECTIONS.get(Qt.Key(event.key()))
    if direction is None or modifiers not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
        return None
    return direction * _FAR_PX if modifiers else QPointF(direction)


def moved_within(area: QRect, at: QPointF, arrow: QPointF) -> QPointF:
    """Return a point after a movement that does not leave an area."""
    moved = at + arrow
    return QPointF(min(max(moved.x(), 0), area.right()), min(max(moved.y(), 0), area.bottom()))


def belongs_to_controls(combination: QKeyCombination) -> bool:
    """Return True if a control may have a use for a key: letters, Space, arrows …, but not F5 or Ctrl+S.

    Esc belongs to no control: a tool, a search or the full screen takes it itself.
    """
    key, modifiers = combination.key(), combination.keyboardModifiers()
    if key in _CURSOR_KEYS:
        return True
    return key != Qt.Key.Key_Escape and not (modifiers & _COMMAND_MODIFIERS or Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35)


class KeyFilter(QObject):
    """Filter that leaves each control of a window its keys, and the player's commands theirs.

    A key that controls have a use for runs a command only while the picture or the timeline has the focus, or nothing
    has it; in a list, it runs the commands of that list as well. Other windows are not concerned.

    Args:
        window: window whose shortcuts are filtered.
        runs: returns whether a widget of the window leaves a key to the commands.
    """

    def __init__(self, window: QWidget, runs: Callable[[QWidget, QKeySequence], bool]) -> None:
        super().__init__(window)
        self._window, self._runs = window, runs
        self._focused: QWidget | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    def _follow(self, _before: QWidget | None, now: QWidget | None) -> None:
        # Filter the widget with the focus alone, as a filter of the application is called for every event.
        if not isValid(self._window):  # the focus moves while Qt takes a closed window apart
            return
        if self._focused is not None and isValid(self._focused):
            self._focused.removeEventFilter(self)
        inside = now is not None and now is not self._window and self._window.isAncestorOf(now)
        self._focused = now if inside else None
        if self._focused is not None:
            self._focused.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(watched, QWidget) or not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            pressed = _combination(event)
            if belongs_to_controls(pressed) and not self._runs(watched, QKeySequence(pressed)):
                event.accept()  # comes back as a key press for the control
                return True
        return False


def _combination(event: QKeyEvent) -> QKeyCombination:
    """Return the key and its modifiers, without the mark of the keypad."""
    return QKeyCombination(event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, Qt.Key(event.key()))


def shortcuts_in(keys: QKeySequence, actions: Collection) -> bool:
    """Return True if a key is a shortcut of any of the actions."""
    return any(keys in action.shortcuts() for action in actions)
