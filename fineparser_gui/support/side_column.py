"""Column of panels, scrolled if it is too high, and never narrower than its widest panel."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, QObject, QSize, Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

_MOST_OF_THE_ROOM = 1000


class SideColumn(QScrollArea):
    """Column whose last panel takes the remaining room while it is shown.

    Args:
        least_px: least width, where the panels need less.
    """

    def __init__(self, panels: Sequence[QWidget], least_px: int) -> None:
        super().__init__()
        self._least_px = least_px
        side = QWidget()
        column = QVBoxLayout(side, contentsMargins=QMargins(), spacing=8)
        for panel in panels:
            column.addWidget(panel, _MOST_OF_THE_ROOM if panel is panels[-1] else 0)
        column.addStretch(1)
        self.setWidget(side)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its content has the focus
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        side.setAutoFillBackground(False)
        self.setStyleSheet("QScrollArea { background: transparent; }")

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest panel, by its font and language, with the scroll bar beside it."""
        needed = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(max(self._least_px, needed), super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
