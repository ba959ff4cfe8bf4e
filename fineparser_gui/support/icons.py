"""Icons from SVG files, drawn in a given color."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fineparser_core.resources import resource

_DRAWN_PX = 64
#: Name of the file by which a Linux desktop knows the app, see packaging/linux.
_DESKTOP_FILE = "fineparser-studio"


def show_icon(app: QGuiApplication) -> None:
    """Set the app's icon, in its windows and in the desktop's list of running programs."""
    app.setDesktopFileName(_DESKTOP_FILE)
    app.setWindowIcon(QIcon(str(resource("icons", "app.svg"))))


@lru_cache(maxsize=128)
def icon(name: str, color: str) -> QIcon:
    """Return the icon resources/icons/NAME.svg in a color (#rrggbb)."""
    return QIcon(pixmap(name, color, _DRAWN_PX))


def pixmap(name: str, color: str, size_px: int) -> QPixmap:
    """Return the icon as a square pixmap."""
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", QColor(color).name())
    image = QPixmap(size_px, size_px)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return image
