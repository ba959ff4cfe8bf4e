"""The athlete's masks of one dive over time, and the image that shows one of them."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from fineparser_core.export.palette import MASK_COLOUR
from fineparser_core.types import MASK_SIZE

# Probabilities between these fade in: a mask of 112 x 112 must not look like an exact outline.
_FADE_FROM, _FADE_TO = 0.3, 0.7


@dataclass(frozen=True, kw_only=True)
class MaskTrack:
    """Masks at the 96 sampled frames, as in `fineparser_core.types.DiveParse`.

    Attributes:
        sampled_frames: (96,) int64, ascending.
        mask_probability: (96, 112, 112) float16.
        crop_xyxy: (96, 4) float32, source pixels that the mask of a sample covers.
    """

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Probability (112, 112) float32 and crop (4,) at a source frame; None outside of the dive.

        Between two samples both are interpolated.
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


@dataclass(frozen=True, kw_only=True)
class MaskStyle:
    """How masks are drawn.

    Attributes:
        opacity: 0 is invisible, 1 hides the athlete.
        outline: the edge alone, so that the athlete stays in sight.
    """

    color: str = MASK_COLOUR
    opacity: float = 0.6
    outline: bool = False


def mask_image(probability: np.ndarray, color: QColor, *, outline: bool = False) -> tuple[QImage, QRectF]:
    """The colour, as opaque as the mask is sure, as an ARGB image of no more cells than are covered.

    Args:
        probability: (112, 112).

    Returns:
        The image, null where nothing is covered, and its place within the mask, whose sides are 1.
    """
    alpha = np.clip((probability - _FADE_FROM) / (_FADE_TO - _FADE_FROM), 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha)
    if outline:
        alpha = alpha - _eroded(alpha)
    covered = [np.flatnonzero(alpha.any(axis)) for axis in (1, 0)]
    if not len(covered[0]):
        return QImage(), QRectF()
    # A clear cell around it, so that it fades out as the whole would.
    (top, left), (bottom, right) = zip(*((max(c[0] - 1, 0), min(c[-1] + 2, MASK_SIZE)) for c in covered), strict=True)
    values = np.array([color.blue(), color.green(), color.red(), 255], np.float32)
    pixels = np.rint(alpha[top:bottom, left:right, None] * values).astype(np.uint8)
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy(), QRectF(*(float(side) / MASK_SIZE for side in (left, top, width, height)))


def _eroded(alpha: np.ndarray) -> np.ndarray:
    """Least of each cell and its four neighbours: the mask without its edge, one cell wide."""
    around = np.pad(alpha, 1)
    shifted = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    return np.minimum(alpha, np.minimum.reduce(shifted))
