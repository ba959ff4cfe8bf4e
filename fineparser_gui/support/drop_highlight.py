"""Highlight over the window, on each of its pages, while files that can be dropped are dragged."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

_TEXT_AT = 0.16


class DropHighlight(QWidget):
    """A border and a sentence over its parent; hidden until something is dragged in."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        parent.installEventFilter(self)

    def show_over(self, area: QWidget) -> None:
        """Cover an area of the window."""
        self.setGeometry(area.rect())
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.parentWidget().rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        wash = palette.highlight().color()
        wash.setAlpha(40)
        painter.setBrush(wash)
        painter.setPen(QPen(palette.highlight().color(), 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(6, 6, -6, -6), 10, 10)
        text = self.tr("Drop videos, folders or a session to open them")
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        painter.setFont(font)
        box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-18, -10, 18, 10)
        # Above the middle, where the start page has its words.
        box.moveCenter(QPointF(self.rect().center().x(), self.height() * _TEXT_AT))
        painter.setPen(QPen(palette.highlight().color(), 2))
        painter.setBrush(palette.base())
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(palette.text().color())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
