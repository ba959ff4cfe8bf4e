"""Handle at the edge of the window that folds a column away and brings it back."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolButton

from fineparser_core.language import without_mnemonic
from fineparser_gui.support.widgets import keyboard_friendly

_WIDTH_PX = 12


class FoldStrip(QToolButton):
    """Button as high as the window that folds a column away; its arrow points where the column goes.

    Args:
        action: action that is checked while the column is shown.
        edge: edge of the window, Qt.ArrowType.LeftArrow or RightArrow.
    """

    def __init__(self, action: QAction, edge: Qt.ArrowType) -> None:
        super().__init__()
        self._edge = edge
        self.setDefaultAction(action)
        self.setAccessibleName(without_mnemonic(action.text()))
        self.setProperty("role", "fold")
        self.setFixedWidth(_WIDTH_PX)
        policy = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        policy.setRetainSizeWhenHidden(True)  # the margin of the window
        self.setSizePolicy(policy)
        keyboard_friendly(self)
        action.changed.connect(self._show_way)
        self._show_way()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH_PX, _WIDTH_PX)

    minimumSizeHint = sizeHint

    def _show_way(self) -> None:
        inwards = {Qt.ArrowType.LeftArrow: Qt.ArrowType.RightArrow, Qt.ArrowType.RightArrow: Qt.ArrowType.LeftArrow}
        self.setArrowType(self._edge if self.defaultAction().isChecked() else inwards[self._edge])
