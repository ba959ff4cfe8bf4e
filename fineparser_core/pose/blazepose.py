"""BlazePose, a network of MediaPipe that finds joints and mask of a person in a picture, by ONNX Runtime.

Several looks at a picture that agree tell that a body is in it.

Source: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020. The weights are those of
`pose_landmark_lite`, unchanged (Apache 2.0).
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TypeVar
from zipfile import ZipFile

import cv2
import numpy as np
import torch

from fineparser_core.constants import KEYPOINT_FLIP
from fineparser_core.pose.finding import BODY, PICTURE_PX, Look, Seen
from fineparser_core.resources import resource

# ONNX Runtime reports its use to Microsoft unless disabled, and writes an identifier of the session to a temporary file
# as it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

Item = TypeVar("Item")
Result = TypeVar("Result")

# Landmarks of the network in the order of our joints; our head is the middle of the ears.
_EARS = (7, 8)
_JOINTS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 31, 32)
assert len(_JOINTS) == BODY - 1
# Margin around the joints within which the mask is computed, in pixels (half of a usual trunk), and the unit of the
# network's box in pixels.
_AROUND, _BOX_UNIT = 24, 4
_ERRORS_ONLY = 3

onnxruntime.disable_telemetry_events()  # also where a host program has imported it before
onnxruntime.set_default_logger_severity(_ERRORS_ONLY)


class _BlazePose(Look):
    """See `load_blazepose`."""

    def __init__(self, landmarks: onnxruntime.InferenceSession, mask: onnxruntime.InferenceSession) -> None:
        self._landmarks, self._mask = landmarks, mask
        self._values = [output.name for output in landmarks.get_outputs()]

    def joints(self, pictures: Iterable[np.ndarray]) -> list[Seen]:
        return _each(self._see, pictures)

    def masks(self, seen: Sequence[Seen]) -> list[np.ndarray]:
        return _each(self._segment, seen)

    def _see(self, picture: np.ndarray) -> Seen:
        found, *shared = self._landmarks.run(self._values, {"picture": picture[None]})
        landmarks = found.astype(np.float64)
        ours = np.concatenate([landmarks[_EARS, :].mean(axis=0, keepdims=True), landmarks[_JOINTS, :]])
        return Seen(ours[:, :2], 1 / (1 + np.exp(-ours[:, 3])), dict(zip(self._values[1:], shared, strict=True)))

    def _segment(self, seen: Seen) -> np.ndarray:
        most = PICTURE_PX // _BOX_UNIT
        low = np.clip((seen.joints.min(axis=0) - _AROUND) // _BOX_UNIT, 0, most - 1).astype(np.int64)[::-1]
        high = np.clip((seen.joints.max(axis=0) + _AROUND) // _BOX_UNIT, low[::-1] + 1, most).astype(np.int64)[::-1]
        (found,) = self._mask.run(None, {**seen.shared, "low": low, "high": high})
        mask = np.full((PICTURE_PX, PICTURE_PX), np.nan, np.float32)
        rows, columns = (slice(_BOX_UNIT * a, _BOX_UNIT * b) for a, b in zip(low, high, strict=True))
        mask[rows, columns] = found[0, 0]
        return mask


def _each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    # The layers are so small that threads within a picture cost more than they help: each picture has a single thread.
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return list(pool.map(work, items))


def load_blazepose() -> Look:
    """Load the bundled BlazePose, on the CPU in float32: the joints are the same on every device."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with ZipFile(resource("weights", "blazepose.zip")) as file:
        landmarks, mask = (
            onnxruntime.InferenceSession(file.read(f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
            for name in ("landmarks", "mask")
        )
    return _BlazePose(landmarks, mask)


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
