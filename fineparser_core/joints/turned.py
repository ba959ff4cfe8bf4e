"""Pictures of the diver, turned: networks that learned from people who stand see others best upright."""

from typing import NamedTuple

import cv2
import numpy as np

from fineparser_core.constants import MASK_SIZE

#: Side of the pictures that BlazePose sees, in pixels.
PICTURE_PX = 256
#: A wide crop's side, in sides of the athlete crop that it lies around, and in pixels.
WIDE, WIDE_PX = 1.5, 288
# A turned picture's side, in sides of the athlete crop.
_SIDE = 1.2


class Turn(NamedTuple):
    """Placement of a picture over the athlete crop.

    Places count from the corner of the first pixel; those that OpenCV warps by, from its middle.

    Attributes:
        radians: by which its upright is turned from the crop's.
        mirrored: left to right.
    """

    radians: float
    mirrored: bool

    def picture(self, wide: np.ndarray) -> np.ndarray:
        """Return a picture (256, 256, 3) of a wide crop (288, 288, 3) uint8; black where that ends."""
        to_wide = self._to_crop() * (WIDE_PX / WIDE)
        to_wide[:, 2] += WIDE_PX * (1 - 1 / WIDE) / 2 + to_wide[:, :2].sum(axis=1) / 2 - 0.5
        size = (PICTURE_PX, PICTURE_PX)
        return np.asarray(cv2.warpAffine(wide, to_wide, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))

    def mask_in_crop(self, mask: np.ndarray) -> np.ndarray:
        """Map a mask (256, 256) float32 of the picture to (112, 112) of the athlete crop; NaN where that ends."""
        to_crop = self._to_crop() * MASK_SIZE
        to_crop[:, 2] += to_crop[:, :2].sum(axis=1) / 2 - 0.5
        size = (MASK_SIZE, MASK_SIZE)
        return np.asarray(cv2.warpAffine(mask, to_crop, size, flags=cv2.INTER_LINEAR, borderValue=float("nan")))

    def in_crop(self, points: np.ndarray) -> np.ndarray:
        """Map points (..., 2) from pixels of the picture to shares of the athlete crop."""
        to_crop = self._to_crop()
        return np.asarray(points @ to_crop[:, :2].T + to_crop[:, 2])

    def _to_crop(self) -> np.ndarray:
        """Return the matrix (2, 3) from pixels of the picture to shares of the athlete crop."""
        cos, sin = np.cos(self.radians), np.sin(self.radians)
        turned = np.array([[cos, -sin], [sin, cos]]) * (_SIDE / PICTURE_PX)
        if self.mirrored:
            turned[:, 0] *= -1
        return np.column_stack([turned, 0.5 - turned @ np.full(2, PICTURE_PX / 2)])
