"""What transition handles and range handles share: the box with their text, and hit testing."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen

#: A handle within this distance of the mouse, in pixels, can be dragged.
REACH_PX = 7

ToX = Callable[[float], float]


def draw_text(painter: QPainter, area: QRectF, x: float, text: str, palette: QPalette) -> None:
    """Draw a boxed text right of x, or left of it where there is no room."""
    width = painter.fontMetrics().horizontalAdvance(text) + 14
    left = x + 10 if x + 10 + width <= area.right() else max(x - 10 - width, area.left())
    box = QRectF(left, area.top() + 3, width, painter.fontMetrics().height() + 6)
    painter.setPen(QPen(palette.mid().color(), 1))
    painter.setBrush(palette.base())
    painter.drawRoundedRect(box, 5, 5)
    painter.setPen(palette.text().color())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def nearest(x: float, places: list[float]) -> int | None:
    """Index of the place nearest to x; None where none is within `REACH_PX`."""
    distance, place = min(((abs(x - at), place) for place, at in enumerate(places)), default=(REACH_PX + 1.0, 0))
    return place if distance <= REACH_PX else None
