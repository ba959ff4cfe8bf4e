"""Decoded pictures and icons as Qt paints them."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QImage, QImageWriter, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fineparser_core.resources import resource

if TYPE_CHECKING:
    from fineparser_core.video.picture import Picture
    from fineparser_core.video.reader import VideoReader

_JPEG_QUALITY = 80
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


@lru_cache(maxsize=16)
def swatch(color: str) -> QIcon:
    """Return a square of a color (#rrggbb)."""
    image = QPixmap(_DRAWN_PX, _DRAWN_PX)
    image.fill(QColor(color))
    return QIcon(image)


def pixmap(name: str, color: str, size_px: int) -> QPixmap:
    """Return the icon as a square pixmap."""
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", QColor(color).name())
    image = QPixmap(size_px, size_px)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return image


def image_of(pixels: np.ndarray) -> QImage:
    """Return an array (H, W, 4) uint8, BGRA, as an image that shares its memory: the array must outlive the image."""
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)


def jpeg_of(pixels: np.ndarray) -> bytes:
    """Return an array, see `image_of`, as JPEG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"jpg"))
    writer.setQuality(_JPEG_QUALITY)
    writer.write(image_of(pixels))
    return bytes(buffer.data().data())


def image_from(picture: "Picture") -> QImage:
    """Return a copy of a decoded picture, in the format that Qt paints fastest."""
    return image_of(picture.bgra()).copy()


def small_image(reader: "VideoReader", frame: int, size: QSize) -> QImage:
    """Return a frame at a size, decoded along the shortest path.

    Raises:
        VideoError: as for `VideoReader.seek`.
    """
    reader.seek(frame, needed_from=frame)
    image = image_from(reader.picture((size.width(), size.height())))
    # Frames that are smaller than `size` in the file.
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
