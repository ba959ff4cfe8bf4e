"""Highlight over the window, on each of its pages, while files that can be dropped are dragged."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

_TEXT_AT = 0.16


class DropHighlight(QWidget):
    """A border and a sentence over its parent; hidden until files are dragged over the window.

    Signals:
        dropped: (list[Path]) files were dropped.
    """

    dropped = Signal(list)

    def __init__(self, parent: QWidget, window: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        parent.installEventFilter(self)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent):  # or one that enters, or moves
            paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
            if event.type() == QEvent.Type.DragEnter and paths:
                event.acceptProposedAction()
                self.setGeometry(self.parentWidget().rect())
                self.raise_()
                self.show()
            elif event.type() == QEvent.Type.Drop:
                event.acceptProposedAction()
                self.hide()
                self.dropped.emit(paths)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hide()
        elif event.type() == QEvent.Type.Resize and self.isVisible():
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
