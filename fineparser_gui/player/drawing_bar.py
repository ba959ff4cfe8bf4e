"""Bar with the drawing tools beside the picture, at every width."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.widgets import lay_out, tool_button

#: Tools from the top; where the picture is low, the last of the seldom ones are in the menu alone.
_FIRST = ("draw_line", "draw_angle", "draw_arrow", "draw_freehand", "draw_note", "color", "thickness", "undo")
_SELDOM = ("draw_ellipse",)


class DrawingBar(QFrame):
    """Column of drawing tools, with what undoes the last edit."""

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        self._seldom = [tool_button(actions[name]) for name in _SELDOM]
        first = [tool_button(actions[name]) for name in _FIRST]
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 3, 3, 3)
        column.setSpacing(0)
        lay_out(column, *first, *self._seldom).addStretch(1)
        self.setMinimumHeight(len(first) * first[0].sizeHint().height() + 6)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        button_px = self._seldom[0].sizeHint().height()
        room = (self.height() - self.minimumHeight()) // button_px
        for place, button in enumerate(self._seldom):
            button.setVisible(place < room)
