"""Camera motion between two images: a similarity (shift, turn, zoom) that most of the tracked corners agree on.

The athlete and water move differently from the scene; they are outvoted. So are the graphics of a broadcast where they
are few, and they have no vote once they are known.
"""

from functools import partial

import numpy as np

_MAX_CORNERS, _QUALITY, _DISTANCE_PX = 200, 0.01, 8
_WINDOW_PX, _LEVELS = 15, 3
# Iterations of the tracking of a corner, and the step in pixels below which it ends.
_ITERATIONS, _LAST_STEP_PX = 10, 0.03
#: Tracked forwards and backwards, a corner returns to within this distance.
_ROUND_TRIP_PX = 0.7
_AGREEMENT_PX = 1.0
_MIN_CORNERS = 6
#: Less support of a motion near the guess is looked for again without it.
_SURE = 0.4
#: Limits for overlays: if most agreeing corners stand still to within the first value, and at least so many moved by
#: more than the second, half of them with a common motion and all over the picture (standard deviation, in widths and
#: heights), that motion is the camera's, and the still corners belong to an overlay.
_STILL_PX, _MOVED_PX, _MIN_MOVED, _LEAST_SPREAD = 0.2, 1.0, 10, 0.15


def camera_motion(
    before: np.ndarray, after: np.ndarray, guess: np.ndarray | None = None, scene: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Estimate how the scene moved between two images.

    Args:
        before, after: (H, W) uint8 gray values, equal in size.
        guess: (3, 3), where it is likely to be about that of the images before these: a pan goes on. Where little
            supports it, the camera turned or stopped, or there is a cut, and the motion is looked for without it.
        scene: (H, W) uint8, 0 where `before` shows no scene but what is laid over it; all is scene without it.

    Returns:
        (3, 3) float64, which takes pixels of `after` to the same places of the scene in `before`; and its support, the
        share of the corners of `before` that were found again and agree, 0 to 1. Identity and 0 where none does;
        identity and 1 where `before` has no corners, which is taken for a camera that stands still.
    """
    found = _estimated(before, after, guess, scene)
    if guess is None or found[1] >= _SURE:
        return found
    return max(found, _estimated(before, after, None, scene), key=lambda one: one[1])


def _estimated(
    before: np.ndarray, after: np.ndarray, guess: np.ndarray | None, scene: np.ndarray | None
) -> tuple[np.ndarray, float]:
    import cv2  # slow to import

    corners = cv2.goodFeaturesToTrack(before, _MAX_CORNERS, _QUALITY, _DISTANCE_PX, mask=scene)
    if corners is None or len(corners) < _MIN_CORNERS:
        return np.eye(3), 1.0
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _ITERATIONS, _LAST_STEP_PX)
    track = partial(cv2.calcOpticalFlowPyrLK, winSize=(_WINDOW_PX, _WINDOW_PX), criteria=criteria)
    if guess is None:
        found, there, _ = track(before, after, corners, None, maxLevel=_LEVELS)
    else:
        expected = cv2.perspectiveTransform(corners, np.linalg.inv(guess)).astype(np.float32)
        found, there, _ = track(before, after, corners, expected, maxLevel=_LEVELS, flags=cv2.OPTFLOW_USE_INITIAL_FLOW)
    # The way back begins where it should end: it needs no coarser level.
    again, back, _ = track(after, before, found, corners.copy(), maxLevel=0, flags=cv2.OPTFLOW_USE_INITIAL_FLOW)
    kept = (there[:, 0] == 1) & (back[:, 0] == 1) & (np.abs(corners - again).max(axis=(1, 2)) < _ROUND_TRIP_PX)
    if kept.sum() < _MIN_CORNERS:
        return np.eye(3), 0.0
    start, end = corners[kept][:, 0], found[kept][:, 0]
    matrix, agree = _similarity(end, start)
    n_voters, shift = len(corners), np.hypot(*(end - start).T)
    moved = shift > _MOVED_PX
    if moved.sum() >= _MIN_MOVED and agree.any() and np.median(shift[agree]) < _STILL_PX:
        other, others = _similarity(end[moved], start[moved])
        spread = (start[moved][others] / before.shape[::-1]).std(axis=0) if others.any() else np.zeros(2)
        if others.sum() >= max(_MIN_MOVED, moved.sum() / 2) and spread.min() > _LEAST_SPREAD:
            matrix, agree, n_voters = other, others, n_voters - int((~moved).sum())
    if matrix is None:
        return np.eye(3), 0.0
    return np.vstack([matrix, [0.0, 0.0, 1.0]]), float(agree.sum() / n_voters)


def _similarity(end: np.ndarray, start: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the (2, 3) that takes most of the points `end` (n, 2) to `start`, and which, (n,) bool.

    None where none does.
    """
    import cv2

    matrix, agree = cv2.estimateAffinePartial2D(end, start, ransacReprojThreshold=_AGREEMENT_PX, maxIters=500)
    return matrix, np.zeros(len(end), bool) if agree is None else agree[:, 0].astype(bool)
