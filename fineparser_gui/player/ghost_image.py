"""Images of other dives' bodies, to be laid over a picture."""

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QTransform

from fineparser_core.export.ghost import Ghost, cut_out


class GhostImage(NamedTuple):
    """A body.

    Attributes:
        place: rectangle that the image covers, in pixels of its file's frames.
        to_source: from those to pixels of the shown file's frames.
    """

    image: QImage
    place: QRectF
    to_source: QTransform


def ghost_image(
    ghost: Ghost, frames: tuple[int, int], picture: QImage, source_px: tuple[int, int], color: QColor
) -> GhostImage | None:
    """Return the body that a picture of the other dive shows, or None.

    Args:
        frames: frames of the shown dive and of the other dive.
        picture: picture of the other dive, RGB32 of any size.
        source_px: (width, height) of its file's frames.
    """
    height, width = picture.height(), picture.width()
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(height, picture.bytesPerLine())
    pixels = rows[:, : 4 * width].reshape(height, width, 4)
    masks, bgr = ghost.there.masks, (color.blue(), color.green(), color.red())
    cut = cut_out(pixels, source_px, masks, frames[1], bgr) if masks is not None else None
    if cut is None:
        return None
    body, (x0, y0, x1, y1) = cut
    image = QImage(body.tobytes(), body.shape[1], body.shape[0], QImage.Format.Format_ARGB32_Premultiplied).copy()
    (a, b, x), (c, d, y) = ghost.matrix(*frames)[:2].tolist()
    return GhostImage(image, QRectF(x0, y0, x1 - x0, y1 - y0), QTransform(a, c, b, d, x, y))
