"""Draws the athlete's mask of any frame on planes of a video or on an RGB image.

The mask has soft edges, because its resolution of 112 x 112 cells gives no exact outline.
"""

from collections.abc import Sequence

import numpy as np

from fineparser_core.export.drawing import Color, composite
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.palette import rgb
from fineparser_core.records import MaskTrack

# The opacity rises from 0 to 1 between these probabilities.
_FADE_FROM, _FADE_TO = 0.3, 0.7
#: An image or plane (H, W) or (H, W, 3) uint8, changed in place; the color of the mask, a value a channel; and the size
#: relative to the image, e.g. 0.5 for chroma planes.
Layer = tuple[np.ndarray, Color, float]


def mask_at(masks: MaskTrack, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mask of a source frame, interpolated linearly between samples.

    Empty before the first and after the last.

    Returns:
        Probability (112, 112) float32, and the source pixels x0, y0, x1, y1 that it covers, (4,) float32.
    """
    sampled = masks.sampled_frames
    after = min(int(np.searchsorted(sampled, frame, side="left")), len(sampled) - 1)
    before = after if sampled[after] <= frame else max(after - 1, 0)
    gap = sampled[after] - sampled[before]
    share = (frame - sampled[before]) / gap if gap else 0.0
    probability = masks.mask_probability[[before, after]].astype(np.float32)
    crops = masks.crop_xyxy[[before, after]].astype(np.float32)
    if not sampled[0] <= frame <= sampled[-1]:
        return np.zeros_like(probability[0]), crops[0]
    return probability[0] + (probability[1] - probability[0]) * share, crops[0] + (crops[1] - crops[0]) * share


def mask_opacity(probability: np.ndarray, *, outline: bool = False) -> np.ndarray:
    """Return the opacity (112, 112), 0 to 1, of a mask with probability (112, 112).

    With `outline` only at the mask's edge.
    """
    alpha = np.clip((probability - _FADE_FROM) / (_FADE_TO - _FADE_FROM), 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha)
    return alpha - _eroded(alpha) if outline else alpha


def draw_mask(layers: Sequence[Layer], probability: np.ndarray, crop_xyxy: np.ndarray, style: MaskStyle) -> None:
    """Draw a mask on the layers of an image.

    Args:
        probability: (112, 112) float32.
        crop_xyxy: (4,) pixels of the image that the mask covers; nothing is drawn outside.
        style: its color is ignored, the layers have their own.
    """
    opacity = np.rint(mask_opacity(probability, outline=style.outline) * (255 * style.opacity)).astype(np.uint8)
    cells = np.argwhere(opacity)
    if len(cells):
        covered = (*cells.min(axis=0)[::-1], *(cells.max(axis=0)[::-1] + 1))
        for layer in layers:
            _draw_on(layer, opacity, covered, crop_xyxy)


def draw_mask_on_image(image: np.ndarray, probability: np.ndarray, crop_xyxy: np.ndarray, style: MaskStyle) -> None:
    """Apply `draw_mask` to an (H, W, 3) uint8 RGB image, changed in place."""
    draw_mask([(image, rgb(style.color), 1.0)], probability, crop_xyxy, style)


def _draw_on(layer: Layer, opacity: np.ndarray, covered: tuple[int, int, int, int], crop_xyxy: np.ndarray) -> None:
    """Draw on a layer.

    Args:
        opacity: (112, 112) uint8.
        covered: x0, y0, x1, y1, the cells with an opacity above 0.
    """
    import cv2

    image, color, scale = layer
    origin = crop_xyxy[:2] * scale
    cell = (crop_xyxy[2:] - crop_xyxy[:2]) * scale / opacity.shape[::-1]
    height, width = image.shape[:2]
    # A further cell on every side, in which the interpolated mask fades out.
    lowest, highest = origin + (np.array(covered[:2]) - 1) * cell, origin + (np.array(covered[2:]) + 1) * cell
    left, top = np.clip(np.floor(np.maximum(lowest, origin)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(np.minimum(highest, crop_xyxy[2:] * scale)), 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return
    # Maps the centers of pixels to coordinates of cell centers.
    across, down = ((np.array((left, top)) + 0.5 - origin) / cell - 0.5).tolist()
    to_mask = np.array([[1 / cell[0], 0, across], [0, 1 / cell[1], down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    where = cv2.warpAffine(opacity, to_mask, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    channels = [cv2.LUT(where, _premultiplied(value)) for value in color]
    composite(image[top:bottom, left:right], channels[0] if len(channels) == 1 else cv2.merge(channels), where)


def _premultiplied(value: int) -> np.ndarray:
    """Return a channel value multiplied by every opacity: (256,) uint8."""
    table: np.ndarray = np.rint(np.arange(256) * (value / 255)).astype(np.uint8)
    return table


def _eroded(alpha: np.ndarray) -> np.ndarray:
    """Erode a mask: the minimum over each cell and its four neighbors."""
    around = np.pad(alpha, 1)
    shifted = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    eroded: np.ndarray = np.minimum(alpha, np.minimum.reduce(shifted))
    return eroded
