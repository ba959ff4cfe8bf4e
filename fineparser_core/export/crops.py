"""Square crops of frames around the athlete, all of equal size."""

from collections.abc import Mapping

import numpy as np

from fineparser_core.export.drawing import Box
from fineparser_core.export.mask_overlay import mask_at
from fineparser_core.records import MaskTrack, VideoInfo

#: Left, top and side of a square crop, in pixels of the frame.
Window = tuple[float, float, float]

# Side of a crop: a multiple of the athlete's largest extent, and at least a share of the frame's shorter side.
_CROP_FACTOR, _MIN_CROP_SHARE = 1.7, 0.45


def windows_around(boxes: Mapping[int, Box | None], info: VideoInfo) -> dict[int, Window]:
    """Return the crop of every frame around its box, all of equal size; a frame without a box keeps the last crop."""
    shorter = min(info.width_px, info.height_px)
    found = [box for box in boxes.values() if box is not None]
    largest = max((max(box[2] - box[0], box[3] - box[1]) for box in found), default=shorter)
    side = min(max(_CROP_FACTOR * largest, _MIN_CROP_SHARE * shorter), shorter)
    whole = (0.0, 0.0, float(info.width_px), float(info.height_px))
    last = found[0] if found else whole
    windows = {}
    for frame in sorted(boxes):
        last = boxes[frame] or last
        left = min(max((last[0] + last[2] - side) / 2, 0.0), info.width_px - side)
        top = min(max((last[1] + last[3] - side) / 2, 0.0), info.height_px - side)
        windows[frame] = (left, top, side)
    return windows


def athlete_box(masks: MaskTrack | None, frame: int) -> Box | None:
    """Return the box around the mask of a frame; None without one."""
    if masks is None:
        return None
    probability, crop_xyxy = mask_at(masks, frame)
    cells = np.argwhere(probability > 0.5)
    if not len(cells):
        return None
    (top, left), (bottom, right) = cells.min(axis=0), cells.max(axis=0) + 1
    x0, y0, x1, y1 = (float(edge) for edge in crop_xyxy)
    across, down = (x1 - x0) / probability.shape[1], (y1 - y0) / probability.shape[0]
    return x0 + left * across, y0 + top * down, x0 + right * across, y0 + bottom * down


def cropped(image: np.ndarray, window: Window, size_px: int) -> np.ndarray:
    """Return the crop of a frame (H, W, 3) uint8, scaled to (size_px, size_px, 3)."""
    import cv2

    left, top, side = window
    scale = size_px / side
    # `warpAffine` aliases when it reduces, so the frame is resized first. Both align pixel centers.
    small = min(1.0, scale)
    source = cv2.resize(image, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    zoom = scale / small
    to_cell = np.array([[zoom, 0, (zoom - 1) / 2 - left * scale], [0, zoom, (zoom - 1) / 2 - top * scale]])
    cell = cv2.warpAffine(source, to_cell, (size_px, size_px), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cell)
