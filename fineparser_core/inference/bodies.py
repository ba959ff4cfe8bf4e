"""Tells whether a body is where something falls: several looks of BlazePose at a picture agree on it."""

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_FLIP
from fineparser_core.joints.finding import BODY, Look
from fineparser_core.joints.turned import PICTURE_PX

# Disagreement of looks, the logarithm of a share of the pose's spread: 13 dives have -0.70, 40 other things that move
# -0.15, either scattered by 0.28. Half the slope of two normal distributions with these values.
_DISAGREE_MIDDLE, _DISAGREE_SLOPE = -0.42, 3.5
#: Degrees by which pictures are turned for the looks that must agree, and whether they are mirrored: 20 degrees change
#: nothing in a body.
_UPRIGHT = ((0.0, False), (20.0, False), (-20.0, True))
_UPSIDE_DOWN = ((180.0, False), (160.0, True), (180.0, True))
# Sides swapped, and the joints by which poses are compared: from the shoulders to the ankles.
_SWAPPED, _COMPARED = np.array(KEYPOINT_FLIP[:BODY]), slice(1, 13)


def body_log_odds(blazepose: Look, pictures: Sequence[np.ndarray]) -> float:
    """Return the log odds that two square pictures show a body, see `FindBody`.

    A network that was made for people finds joints in anything. In a body it finds the same joints however the picture
    is turned or mirrored; elsewhere every look gives others.
    """
    apart = []
    for picture, turns in zip(pictures, (_UPRIGHT, _UPSIDE_DOWN), strict=True):
        poses = _poses(picture, turns, blazepose)
        apart.append(np.mean([_disagreement(*two) for two in combinations(poses, 2)]))
    disagreement = float(np.log(np.maximum(apart, 0.05)).mean())
    return _DISAGREE_SLOPE * (_DISAGREE_MIDDLE - disagreement)


def _poses(picture: np.ndarray, turns: Sequence[tuple[float, bool]], blazepose: Look) -> list[np.ndarray]:
    """Return joints (15, 2) in pixels of a picture (256, 256, 3), by a look at each of its turned pictures."""
    middle = PICTURE_PX / 2
    mirror = np.array([[-1.0, 0.0, 2 * middle], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    to_picture = [
        np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)) @ (mirror if mirrored else np.eye(3))
        for degrees, mirrored in turns
    ]
    flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (PICTURE_PX, PICTURE_PX)
    seen = blazepose.joints([cv2.warpAffine(picture, matrix, size, flags=flags) for matrix in to_picture])
    return [one.joints @ matrix[:, :2].T + matrix[:, 2] for one, matrix in zip(seen, to_picture, strict=True)]


def _disagreement(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean distance of the joints of two poses (15, 2), as a share of their spread; sides may be swapped."""
    off = min(np.linalg.norm(first - other, axis=1)[_COMPARED].mean() for other in (second, second[_SWAPPED]))
    spread = np.mean([np.sqrt((pose[_COMPARED].std(axis=0) ** 2).sum()) for pose in (first, second)])
    return float(off / max(spread, 1e-6))
