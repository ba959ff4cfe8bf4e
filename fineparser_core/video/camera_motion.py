"""Camera motion between two images, estimated by block matching and a vote over the blocks.

A single phase correlation of the whole images is not robust here: it locks onto what stays in place, the graphics of a
broadcast and the athlete whom the camera follows.
"""

import numpy as np

#: Side of a block in pixels, a quarter of the images' side.
_BLOCK = 28
#: Standard deviation of the grey values: blocks below the first are ignored, blocks above the second have full weight.
_MIN_CONTRAST, _FULL_CONTRAST = 3.0, 20.0
#: Least normalised correlation of a match.
_MIN_CORRELATION = 0.5
#: Largest difference of two blocks' shifts, in pixels, at which they support each other; parallax needs some tolerance.
_TOLERANCE_PX = 3.0


def vertical_shift(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Estimate the vertical motion of the scene between two images.

    Args:
        before, after: (H, W) grey values, equal in size, H and W at least 28.

    Returns:
        The shift in pixels, positive downwards, with subpixel precision; and its support, the weighted share of the
        matched blocks that moved by it, 0 to 1. Both are 0 if no block matches.
    """
    matches = np.array(_match_blocks(before, after)).reshape(-1, 3)
    if len(matches) == 0:
        return 0.0, 0.0
    shifts, weights = matches[:, :2], matches[:, 2]
    agree = np.abs(shifts[:, None] - shifts[None]).max(axis=2) <= _TOLERANCE_PX
    support = agree @ weights
    best = int(support.argmax())
    inliers = agree[best]
    return float(np.average(shifts[inliers, 1], weights=weights[inliers])), float(support[best] / weights.sum())


def _match_blocks(before: np.ndarray, after: np.ndarray) -> list[tuple[float, float, float]]:
    """The shift (x, y) in pixels and the weight of every block of `before` that has a match in `after`."""
    import cv2  # slow to import

    height, width = before.shape
    before, after = before.astype(np.float32), after.astype(np.float32)
    matches: list[tuple[float, float, float]] = []
    for y in range(0, height - _BLOCK + 1, _BLOCK):
        for x in range(0, width - _BLOCK + 1, _BLOCK):
            block = before[y : y + _BLOCK, x : x + _BLOCK]
            contrast = float(block.std())
            if contrast < _MIN_CONTRAST:
                continue
            correlation = cv2.matchTemplate(after, block, cv2.TM_CCOEFF_NORMED)
            _, best, _, (found_x, found_y) = cv2.minMaxLoc(correlation)
            if best >= _MIN_CORRELATION:
                row = found_y + _subpixel_offset(correlation[:, found_x], found_y)
                matches.append((found_x - x, row - y, best * min(contrast, _FULL_CONTRAST) / _FULL_CONTRAST))
    return matches


def _subpixel_offset(values: np.ndarray, peak: int) -> float:
    """The vertex of the parabola through a peak and its two neighbours, relative to the peak, in [-0.5, 0.5]."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[peak - 1 : peak + 2])
    curvature = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)) if curvature < 0 else 0.0
