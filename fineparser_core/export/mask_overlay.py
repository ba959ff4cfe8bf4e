"""The athlete mask of any frame, laid smoothly over the picture.

Drawn as outlines: on the planes of a video frame as on an RGB image, and no pixel beside the athlete is touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fineparser_core.export.drawing import Colour
from fineparser_core.types import DiveParse, MaskTrack

# In pixels of the mask: softens its stair steps, and no more.
_SMOOTHING = 0.45
# Outlines are followed on a mask enlarged by this, then smoothed over as many of its pixels to each side.
_ENLARGED = 4
_FILL, _RIM = 0.28, 0.45
# Fixed-point digits of OpenCV's coordinates.
_SHIFT = 4


@dataclass(frozen=True)
class Layer:
    """Something to draw on.

    Attributes:
        image: (H, W) or (H, W, 3) uint8, changed in place.
        colour: the mask's colour there, a number a channel.
        dark: the rim's.
        scale: of the layer against the picture.
    """

    image: np.ndarray
    colour: tuple[int, ...]
    dark: tuple[int, ...]
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


def mask_outlines(probability: np.ndarray, crop_xyxy: np.ndarray) -> list[np.ndarray]:
    """Where the probability passes one half, as closed lines (N, 2) float32, in the pixels that the crop is in.

    Args:
        probability: (112, 112) float32.
        crop_xyxy: (4,) pixels that the mask covers; beyond them nothing is known, so nothing is outlined.
    """
    import cv2

    smooth = cv2.GaussianBlur(probability, (0, 0), _SMOOTHING)
    likely = np.argwhere(smooth > 0.25)
    if not len(likely):
        return []
    # Only where the athlete is; a margin of nothing closes the outlines at the border of the mask.
    (top, left), (bottom, right) = likely.min(axis=0), likely.max(axis=0) + 1
    near = cv2.copyMakeBorder(smooth[top:bottom, left:right], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    large = cv2.resize(near, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), _SMOOTHING * _ENLARGED)
    found, _ = cv2.findContours((large > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    x0, y0, x1, y1 = crop_xyxy
    cell = np.array([(x1 - x0) / probability.shape[1], (y1 - y0) / probability.shape[0]])
    origin = np.array([x0, y0]) + (np.array([left, top]) - 1) * cell
    # Pixel centres of the enlarged mask to those of the picture.
    return [
        (origin + (_rounded(line[:, 0]) + 0.5) / _ENLARGED * cell - 0.5).astype(np.float32)
        for line in found
        if len(line) > 2 * _ENLARGED
    ]


def draw_mask(layers: Sequence[Layer], outlines: Sequence[np.ndarray], *, line_px: float) -> None:
    """Fill outlines faintly and draw them, with a dark rim that keeps the line visible on skin and on water.

    Args:
        outlines: from `mask_outlines`, in pixels of the picture.
        line_px: thickness of the outline in pixels of the picture.
    """
    for layer in layers if outlines else ():
        _draw_on(layer, outlines, line_px)


def draw_mask_on_image(
    image: np.ndarray, probability: np.ndarray, crop_xyxy: np.ndarray, colour: Colour, *, line_px: float
) -> None:
    """`draw_mask` on an (H, W, 3) uint8 RGB image, changed in place, whose pixels the crop is in."""
    draw_mask([Layer(image, colour, (0, 0, 0))], mask_outlines(probability, crop_xyxy), line_px=line_px)


def _rounded(line: np.ndarray) -> np.ndarray:
    """A closed line of pixel steps, smoothed along itself."""
    reach = range(-_ENLARGED, _ENLARGED + 1)
    weights = np.array([_ENLARGED + 1 - abs(step) for step in reach], dtype=np.float32)
    smooth = sum(weight * np.roll(line, step, axis=0) for weight, step in zip(weights, reach, strict=True))
    return np.asarray(smooth / weights.sum())


def _draw_on(layer: Layer, outlines: Sequence[np.ndarray], line_px: float) -> None:
    import cv2

    line = max(1, round(line_px * layer.scale))
    rim = line + 2 * max(1, round(line_px * layer.scale))
    points = [(line_points + 0.5) * layer.scale - 0.5 for line_points in outlines]
    height, width = layer.image.shape[:2]
    lowest = np.floor(np.min([p.min(axis=0) for p in points], axis=0)) - rim - 1
    highest = np.ceil(np.max([p.max(axis=0) for p in points], axis=0)) + rim + 2
    left, top = np.clip(lowest, 0, (width, height)).astype(int)
    right, bottom = np.clip(highest, 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return
    region = layer.image[top:bottom, left:right]
    fixed = [np.rint((p - (left, top)) * 2**_SHIFT).astype(np.int32)[:, None] for p in points]
    for opacity, colour, thickness in ((_FILL, layer.colour, 0), (_RIM, layer.dark, rim)):
        where = np.zeros(region.shape[:2], np.uint8)
        if thickness:
            cv2.polylines(where, fixed, True, 255, thickness, cv2.LINE_8, _SHIFT)
        else:
            cv2.fillPoly(where, fixed, 255, cv2.LINE_8, _SHIFT)
        cv2.copyTo(cv2.LUT(region, _blended(colour, opacity)), where, region)
    cv2.polylines(region, fixed, True, layer.colour, line, cv2.LINE_AA, _SHIFT)


def _blended(colour: tuple[int, ...], opacity: float) -> np.ndarray:
    """What every value of a channel becomes under a colour: (256,) or (1, 256, 3) uint8."""
    values = np.arange(256, dtype=np.float32)[:, None]
    mixed = np.rint(values + (np.array(colour, np.float32) - values) * opacity).astype(np.uint8)
    return mixed[:, 0] if len(colour) == 1 else mixed[None]
