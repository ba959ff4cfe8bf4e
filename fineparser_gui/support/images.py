"""Decoded pictures as Qt paints them."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter

if TYPE_CHECKING:
    from fineparser_core.video.picture import Picture
    from fineparser_core.video.reader import VideoReader

_JPEG_QUALITY = 80


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
