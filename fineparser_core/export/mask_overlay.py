"""The athlete mask of any frame, laid smoothly over the picture."""

import numpy as np

from fineparser_core.export.drawing import Colour, blend
from fineparser_core.types import DiveParse

# In pixels of the mask: softens its stair steps, and no more.
_SMOOTHING = 0.45


def mask_at(parse: DiveParse, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """The mask of a source frame; between two samples, interpolated linearly.

    Returns:
        (112, 112) float32 probability and (4,) float32 source pixels x0, y0, x1, y1 that it covers.
    """
    sampled = parse.sampled_frames
    after = min(int(np.searchsorted(sampled, frame, side="left")), len(sampled) - 1)
    before = after if sampled[after] <= frame else max(after - 1, 0)
    gap = sampled[after] - sampled[before]
    share = (frame - sampled[before]) / gap if gap else 0.0
    masks = parse.mask_probability[[before, after]].astype(np.float32)
    crops = parse.crop_xyxy[[before, after]].astype(np.float32)
    return masks[0] + (masks[1] - masks[0]) * share, crops[0] + (crops[1] - crops[0]) * share


def draw_mask(
    image: np.ndarray, probability: np.ndarray, crop_xyxy: np.ndarray, colour: Colour, *, line_px: float
) -> None:
    """Fill where the probability exceeds one half, faintly, and draw that outline.

    Args:
        image: (H, W, 3) uint8 RGB, changed in place.
        probability: (112, 112) float32.
        crop_xyxy: (4,) pixels of `image` that the mask covers.
        line_px: thickness of the outline.
    """
    import cv2

    smooth = cv2.GaussianBlur(probability, (0, 0), _SMOOTHING)
    likely = np.argwhere(smooth > 0.25)
    if not len(likely):
        return
    x0, y0, x1, y1 = crop_xyxy
    scale_x, scale_y = (x1 - x0) / probability.shape[1], (y1 - y0) / probability.shape[0]
    # Only where the athlete is, with room for the outline.
    (first_row, first_column), (last_row, last_column) = likely.min(axis=0) - 2, likely.max(axis=0) + 3
    left, right = np.clip(np.rint(x0 + np.array([first_column, last_column]) * scale_x), 0, image.shape[1]).astype(int)
    top, bottom = np.clip(np.rint(y0 + np.array([first_row, last_row]) * scale_y), 0, image.shape[0]).astype(int)
    if right - left < 2 or bottom - top < 2:
        return
    # Pixel centres to pixel centres, as resizing does; beyond the crop nothing is known, so nothing is drawn.
    to_region = np.array([[scale_x, 0, x0 + scale_x / 2 - 0.5 - left], [0, scale_y, y0 + scale_y / 2 - 0.5 - top]])
    mask = cv2.warpAffine(smooth, to_region, (int(right - left), int(bottom - top)), flags=cv2.INTER_CUBIC)
    mask = cv2.GaussianBlur(mask, (0, 0), _SMOOTHING * max(scale_x, scale_y))
    down, across = np.gradient(mask)
    # How far the outline is, in pixels; the floor keeps vague regions from becoming wide lines.
    distance = (mask - 0.5) / np.maximum(np.hypot(down, across), 0.03 / max(scale_x, scale_y))
    region = image[top:bottom, left:right]
    blend(region, colour, 0.28 * np.clip(distance + 0.5, 0, 1))
    # A dark rim keeps the line visible on skin and on water.
    blend(region, (0, 0, 0), 0.45 * np.clip(line_px / 2 + 1.5 - np.abs(distance), 0, 1))
    blend(region, colour, np.clip(line_px / 2 + 0.5 - np.abs(distance), 0, 1))
