"""Icons from SVG files, drawn in a given colour."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fineparser_core.resources import resource

_DRAWN_PX = 64


@lru_cache(maxsize=128)
def icon(name: str, color: str) -> QIcon:
    """The icon resources/icons/NAME.svg in a colour (#rrggbb)."""
    return QIcon(pixmap(name, color, _DRAWN_PX))


def pixmap(name: str, color: str, size_px: int) -> QPixmap:
    """The icon as a square pixmap."""
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", QColor(color).name())
    image = QPixmap(size_px, size_px)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return image
