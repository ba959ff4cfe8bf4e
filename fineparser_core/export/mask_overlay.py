"""The athlete mask of any frame, laid smoothly over the picture, on the planes of a video as on an RGB image.

It fades out: a mask of 112 x 112 must not look like an exact outline of a body.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fineparser_core.export.drawing import Colour, lay_over
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.palette import rgb
from fineparser_core.types import DiveParse, MaskTrack

# Probabilities between these fade in.
_FADE_FROM, _FADE_TO = 0.3, 0.7


@dataclass(frozen=True)
class Layer:
    """Something to draw on.

    Attributes:
        image: (H, W) or (H, W, 3) uint8, changed in place.
        colour: the mask's colour there, a number a channel.
        scale: of the layer against the picture.
    """

    image: np.ndarray
    colour: Colour
    scale: float = 1.0


def mask_at(masks: DiveParse | MaskTrack, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """The mask of a source frame; between two samples, interpolated linearly.

    Returns:
        (112, 112) float32 probability and (4,) float32 source pixels x0, y0, x1, y1 that it covers.
    """
    sampled = masks.sampled_frames
    after = min(int(np.searchsorted(sampled, frame, side="left")), len(sampled) - 1)
    before = after if sampled[after] <= frame else max(after - 1, 0)
    gap = sampled[after] - sampled[before]
    share = (frame - sampled[before]) / gap if gap else 0.0
    probability = masks.mask_probability[[before, after]].astype(np.float32)
    crops = masks.crop_xyxy[[before, after]].astype(np.float32)
    return probability[0] + (probability[1] - probability[0]) * share, crops[0] + (crops[1] - crops[0]) * share


def mask_opacity(probability: np.ndarray, *, outline: bool = False) -> np.ndarray:
    """How opaque each cell of a mask is, 0 to 1: as sure as the mask is, or its edge alone; (112, 112) as given."""
    alpha = np.clip((probability - _FADE_FROM) / (_FADE_TO - _FADE_FROM), 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha)
    return alpha - _eroded(alpha) if outline else alpha


def draw_mask(layers: Sequence[Layer], probability: np.ndarray, crop_xyxy: np.ndarray, style: MaskStyle) -> None:
    """Draw a mask on layers of one picture.

    Args:
        probability: (112, 112) float32.
        crop_xyxy: (4,) pixels of the picture that the mask covers; nothing is drawn beyond them.
        style: its colour counts for nothing, the layers have their own.
    """
    opacity = np.rint(mask_opacity(probability, outline=style.outline) * (255 * style.opacity)).astype(np.uint8)
    cells = np.argwhere(opacity)
    if len(cells):
        covered = (*cells.min(axis=0)[::-1], *(cells.max(axis=0)[::-1] + 1))
        for layer in layers:
            _draw_on(layer, opacity, covered, crop_xyxy)


def draw_mask_on_image(image: np.ndarray, probability: np.ndarray, crop_xyxy: np.ndarray, style: MaskStyle) -> None:
    """`draw_mask` on an (H, W, 3) uint8 RGB image, changed in place, whose pixels the crop is in."""
    draw_mask([Layer(image, rgb(style.color))], probability, crop_xyxy, style)


def _draw_on(layer: Layer, opacity: np.ndarray, covered: tuple[int, int, int, int], crop_xyxy: np.ndarray) -> None:
    """Args: covered: x0, y0, x1, y1, the cells that are not clear."""
    import cv2

    origin = crop_xyxy[:2] * layer.scale
    cell = (crop_xyxy[2:] - crop_xyxy[:2]) * layer.scale / opacity.shape[::-1]
    height, width = layer.image.shape[:2]
    # A cell around it, as it fades out there.
    lowest, highest = origin + (np.array(covered[:2]) - 1) * cell, origin + (np.array(covered[2:]) + 1) * cell
    left, top = np.clip(np.floor(np.maximum(lowest, origin)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(np.minimum(highest, crop_xyxy[2:] * layer.scale)), 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return
    # From pixel centres to those of cells.
    across, down = ((np.array((left, top)) + 0.5 - origin) / cell - 0.5).tolist()
    to_mask = np.array([[1 / cell[0], 0, across], [0, 1 / cell[1], down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    where = cv2.warpAffine(opacity, to_mask, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inks = [cv2.LUT(where, _shades(value)) for value in layer.colour]
    lay_over(layer.image[top:bottom, left:right], inks[0] if len(inks) == 1 else cv2.merge(inks), where)


def _shades(value: int) -> np.ndarray:
    """A channel of a colour at each opacity: (256,) uint8."""
    return np.rint(np.arange(256) * (value / 255)).astype(np.uint8)


def _eroded(alpha: np.ndarray) -> np.ndarray:
    """Least of each cell and its four neighbours: the mask without its edge, one cell wide."""
    around = np.pad(alpha, 1)
    shifted = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    return np.minimum(alpha, np.minimum.reduce(shifted))
