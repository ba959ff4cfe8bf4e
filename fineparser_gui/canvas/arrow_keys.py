"""The keys that move something on a picture."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

_FAR_PX = 10.0
_DIRECTIONS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def arrow_of(event: QKeyEvent) -> QPointF | None:
    """How far an arrow key moves, in pixels of the widget: one, with Shift ten; None for other keys."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    direction = _DIRECTIONS.get(Qt.Key(event.key()))
    if direction is None or modifiers not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
        return None
    return direction * _FAR_PX if modifiers else QPointF(direction)
