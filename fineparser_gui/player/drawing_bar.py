"""Bar with the drawing tools beside the picture, at every width."""

from PySide6.QtWidgets import QFrame, QVBoxLayout

from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.widgets import lay_out, tool_button

_TOOLS = ("draw_line", "draw_angle", "draw_arrow", "draw_freehand", "draw_note", "color", "thickness", "undo")


class DrawingBar(QFrame):
    """Column of drawing tools, with what undoes the last edit."""

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 3, 3, 3)
        column.setSpacing(0)
        lay_out(column, *(tool_button(actions[name]) for name in _TOOLS), None)
