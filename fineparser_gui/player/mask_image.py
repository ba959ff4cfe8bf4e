"""Images of the athlete's masks."""

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from fineparser_core.constants import MASK_SIZE
from fineparser_core.export.mask_overlay import mask_opacity


def mask_image(probability: np.ndarray, color: QColor, *, outline: bool = False) -> tuple[QImage, QRectF]:
    """Return a premultiplied ARGB image of a mask in a color, cropped to its covered cells, with alpha by probability.

    Args:
        probability: (112, 112).

    Returns:
        The image, null for an empty mask, and its rectangle in the unit square of the mask.
    """
    alpha = mask_opacity(probability, outline=outline)
    covered = [np.flatnonzero(alpha.any(axis)) for axis in (1, 0)]
    if not len(covered[0]):
        return QImage(), QRectF()
    # One empty cell on each side, so that smooth scaling fades out.
    (top, left), (bottom, right) = zip(*((max(c[0] - 1, 0), min(c[-1] + 2, MASK_SIZE)) for c in covered), strict=True)
    values = np.array([color.blue(), color.green(), color.red(), 255], np.float32)
    pixels = np.rint(alpha[top:bottom, left:right, None] * values).astype(np.uint8)
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy(), QRectF(*(float(side) / MASK_SIZE for side in (left, top, width, height)))
