"""A sheet of frames of a clip with predicted and labeled masks and the skeleton, for visual inspection."""

from collections.abc import Mapping

import numpy as np

from fineparser_core.export.drawing import draw_text
from fineparser_core.export.mask_overlay import draw_mask_on_image, mask_at
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.skeleton_overlay import paint_skeleton
from fineparser_core.records import DiveParse
from fineparser_core.video.reader import VideoReader

_COLUMNS, _TILES, _TILE_WIDTH = 6, 30, 320
_PREDICTED = MaskStyle(opacity=1.0, outline=True)
_TRUTH = (90, 255, 90)
_TEXT = (255, 255, 255)
#: Unit of the skeleton's widths.
_UNIT = 0.6


def overlay_sheet(parse: DiveParse, truths: Mapping[int, np.ndarray]) -> np.ndarray:
    """Draw a sheet of evenly spaced frames and all labeled frames, with predicted masks and skeletons.

    Every tile shows the frame number and the phase. Labeled masks are outlined in green.

    Args:
        truths: labeled masks (H, W) bool at source resolution, by frame.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        VideoError: the clip cannot be read.
    """
    clip = parse.clip
    spread = np.linspace(clip.in_frame, clip.out_frame, _TILES).round().astype(int).tolist()
    with VideoReader(clip.path) as reader:
        shown = reader.frames(sorted({*spread, *truths}))
        tiles = [_tile(frame, parse, index, truths.get(index)) for index, frame in shown]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
    return np.vstack([np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)])


def _tile(frame: np.ndarray, parse: DiveParse, index: int, truth: np.ndarray | None) -> np.ndarray:
    import cv2

    scale = _TILE_WIDTH / frame.shape[1]
    size = (_TILE_WIDTH, round(frame.shape[0] * scale))
    tile = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
    probability, crop = mask_at(parse, index)
    draw_mask_on_image(tile, probability, crop * scale, _PREDICTED)
    paint_skeleton(tile, parse, index, _UNIT, lambda point: (point[0] * scale, point[1] * scale))
    if truth is not None:
        small = cv2.resize(truth.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, outlines, -1, _TRUTH, 1)
    step = next((step.name for step in reversed(parse.steps) if index >= step.start_frame), parse.steps[0].name)
    draw_text(tile, (6, 18), f"{index}  {step}", 14, _TEXT)
    return np.asarray(tile)
