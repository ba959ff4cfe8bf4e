"""A corner over the work, whose content appears without moving anything."""

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint
from PySide6.QtWidgets import QVBoxLayout, QWidget

_MARGIN_PX = 14
_WIDEST_PX = 330


class Corner(QWidget):
    """Column over the lower right corner of its parent, as high as its visible widgets.

    Args:
        parent: widget over which it lies.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        parent.installEventFilter(self)
        self.hide()

    def add(self, widget: QWidget) -> None:
        """Add a widget below the others; the corner shows while any of them is shown."""
        self._column.addWidget(widget)
        widget.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = QEvent.Type
        resized = watched is self.parent() and event.type() == kinds.Resize
        if resized or event.type() in (kinds.ShowToParent, kinds.HideToParent, kinds.LayoutRequest):
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _place(self) -> None:
        parent = self.parentWidget()
        widgets = [item.widget() for at in range(self._column.count()) if (item := self._column.itemAt(at))]
        shown = [widget for widget in widgets if widget is not None and not widget.isHidden()]
        self.setVisible(bool(shown))
        if not shown:
            return
        width = min(_WIDEST_PX, parent.width() - 2 * _MARGIN_PX)
        wanted = sum(
            max(one.heightForWidth(width) if one.hasHeightForWidth() else one.sizeHint().height(), 1) for one in shown
        )
        height = min(wanted + self._column.spacing() * (len(shown) - 1), parent.height() - 2 * _MARGIN_PX)
        self.resize(width, height)
        self.move(QPoint(parent.width() - width - _MARGIN_PX, parent.height() - height - _MARGIN_PX))
        self.raise_()
