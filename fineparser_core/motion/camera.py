"""Camera motion between two images: a similarity (shift, turn, zoom) that most of the tracked corners agree on.

The athlete and water move otherwise than the scene; they are outvoted. So are the graphics of a broadcast where they
are few, and they have no vote once they are known.
"""

from functools import partial

import numpy as np

_MAX_CORNERS, _QUALITY, _DISTANCE_PX = 200, 0.01, 8
_WINDOW_PX, _LEVELS = 15, 3
#: Tracked forwards and backwards, a corner returns to within this distance.
_ROUND_TRIP_PX = 0.7
_AGREEMENT_PX = 1.0
_MIN_CORNERS = 6


def camera_motion(
    before: np.ndarray, after: np.ndarray, guess: np.ndarray | None = None, scene: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Estimate how the scene moved between two images.

    Args:
        before, after: (H, W) uint8 grey values, equal in size.
        guess: (3, 3), where it is likely to be about that of the images before these: a pan goes on.
        scene: (H, W) uint8, 0 where `before` shows no scene but what is laid over it; all is scene without it.

    Returns:
        (3, 3) float64, which takes pixels of `after` to the same places of the scene in `before`; and its support, the
        share of the corners of `before` that were found again and agree, 0 to 1. Identity and 0 where none does;
        identity and 1 where `before` has no corners, which is taken for a camera that stands still.
    """
    import cv2  # slow to import

    corners = cv2.goodFeaturesToTrack(before, _MAX_CORNERS, _QUALITY, _DISTANCE_PX, mask=scene)
    if corners is None or len(corners) < _MIN_CORNERS:
        return np.eye(3), 1.0
    track = partial(cv2.calcOpticalFlowPyrLK, winSize=(_WINDOW_PX, _WINDOW_PX), maxLevel=_LEVELS)
    if guess is None:
        found, there, _ = track(before, after, corners, None)
    else:
        expected = cv2.perspectiveTransform(corners, np.linalg.inv(guess)).astype(np.float32)
        found, there, _ = track(before, after, corners, expected, flags=cv2.OPTFLOW_USE_INITIAL_FLOW)
    again, back, _ = track(after, before, found, corners.copy(), flags=cv2.OPTFLOW_USE_INITIAL_FLOW)
    kept = (there[:, 0] == 1) & (back[:, 0] == 1) & (np.abs(corners - again).max(axis=(1, 2)) < _ROUND_TRIP_PX)
    if kept.sum() < _MIN_CORNERS:
        return np.eye(3), 0.0
    matrix, agree = cv2.estimateAffinePartial2D(
        found[kept], corners[kept], ransacReprojThreshold=_AGREEMENT_PX, maxIters=500
    )
    if matrix is None:
        return np.eye(3), 0.0
    return np.vstack([matrix, [0.0, 0.0, 1.0]]), float(agree.sum() / len(corners))
