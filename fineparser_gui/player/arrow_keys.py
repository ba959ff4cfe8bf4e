"""Arrow keys that move a crosshair or a drawing."""

from PySide6.QtCore import QPointF, QRect, Qt
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
