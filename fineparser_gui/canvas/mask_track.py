"""What is known of the athlete over a dive, masks, joints and path, and images of the masks."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from fineparser_core.constants import MASK_SIZE
from fineparser_core.export.mask_overlay import mask_opacity
from fineparser_core.measures.centre_path import CentrePath


@dataclass(frozen=True, kw_only=True)
class MaskTrack:
    """Masks and joints at the 96 sampled frames, as in `fineparser_core.types.DiveParse`.

    Attributes:
        sampled_frames: (96,) int64, ascending.
        mask_probability: (96, 112, 112) float16.
        crop_xyxy: (96, 4) float32, source pixels that the mask of a sample covers.
        joints: (96, 16, 3) float32, x and y in source pixels and the confidence; None without any.
        path: of the body's centre in the air; None where it is not known.
    """

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)
    joints: np.ndarray | None = field(default=None, repr=False)
    path: CentrePath | None = field(default=None, repr=False)

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Mask and crop at a source frame, interpolated linearly between samples.

        Returns:
            Probability (112, 112) float32 and crop (4,) float32; None outside of the dive.
        """
        if not self.sampled_frames[0] <= frame <= self.sampled_frames[-1]:
            return None
        after = int(np.searchsorted(self.sampled_frames, frame))
        if self.sampled_frames[after] == frame:
            return self.mask_probability[after].astype(np.float32), self.crop_xyxy[after]
        before = after - 1
        span = self.sampled_frames[after] - self.sampled_frames[before]
        weight = np.float32((frame - self.sampled_frames[before]) / span)
        probability = (1 - weight) * self.mask_probability[before] + weight * self.mask_probability[after]
        crop = (1 - weight) * self.crop_xyxy[before] + weight * self.crop_xyxy[after]
        return probability.astype(np.float32), crop


def mask_image(probability: np.ndarray, color: QColor, *, outline: bool = False) -> tuple[QImage, QRectF]:
    """Premultiplied ARGB image of a mask in a colour, cropped to its covered cells, with alpha by probability.

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
