"""Ground truth of rendered dives beyond the labels of FineDiving: keypoints, qualities of the steps, splash."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES
from fineparser_core.errors import AnnotationError
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.npz import DAMAGE, read_array
from fineparser_core.synth.body import JOINT

FOLDER = "FineDiving_truth"
_ARRAYS = ("joints", "qualities", "contact_frame", "splash")
#: Far more than the joints of any dive take.
_MOST_BYTES = 10_000_000
_HEAD = (JOINT["head_low"], JOINT["head_top"])
_BODY_JOINTS = [JOINT[name] for name in KEYPOINT_NAMES[1:-1]]


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """Ground truth of a rendered dive.

    Attributes:
        joints: (T, 16, 2) float32 in the order of `KEYPOINT_NAMES`: x / width and y / height, (0, 0) the top left and
            (1, 1) the bottom right corner of the image. Joints may lie outside the image, under water or behind other
            objects. They are NaN in frames of an underwater camera. The board is NaN in older data sets.
        qualities: (3,) float32 of take-off, flight and entry, 0..10.
        contact_frame: first frame in which the athlete touches the water; None in older data sets.
        splash: size of the splash, 0 (rip entry) to 1; None in older data sets.
    """

    joints: np.ndarray
    qualities: np.ndarray
    contact_frame: int | None = None
    splash: float | None = None


def select_joints(joints: np.ndarray, board: np.ndarray) -> np.ndarray:
    """The keypoints (T, 16, D) of `KEYPOINT_NAMES` from all joints (T, len(JOINTS), D) and the board's edge (T, D)."""
    return np.concatenate([joints[:, _HEAD].mean(1, keepdims=True), joints[:, _BODY_JOINTS], board[:, None]], axis=1)


def mirror_joints(joints: np.ndarray) -> np.ndarray:
    """Mirror joints (T, 16, 2) with the image, left to right; left and right joints are exchanged."""
    return joints[:, list(KEYPOINT_FLIP)] * np.array([-1, 1], joints.dtype) + np.array([1, 0], joints.dtype)


def ground_truth_path(root: Path, key: tuple[str, int]) -> Path:
    """The file of the ground truth of a dive, in a rendered data set at `root`."""
    return root / FOLDER / key[0] / f"{key[1]}.npz"


def save_ground_truth(root: Path, key: tuple[str, int], truth: GroundTruth) -> None:
    """Write the ground truth of a dive atomically."""
    path = ground_truth_path(root, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        optional = {"contact_frame": truth.contact_frame, "splash": truth.splash}
        known: dict[str, Any] = {name: value for name, value in optional.items() if value is not None}
        np.savez(
            file, joints=truth.joints.astype(np.float32), qualities=np.asarray(truth.qualities, np.float32), **known
        )


def load_ground_truth(root: Path, key: tuple[str, int]) -> GroundTruth | None:
    """Read the ground truth of a dive; None if the data set has none, e.g. one of filmed dives.

    Args:
        root: folder of the data set.
        key: event and index of the dive.

    Raises:
        AnnotationError: the file is damaged.
    """
    path = ground_truth_path(root, key)
    if not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            content = {name: read_array(archive, name, _MOST_BYTES) for name in _stored(archive)}
            joints = content["joints"].copy()
            if joints.shape[1:] == (len(KEYPOINT_NAMES) - 1, 2):
                joints = np.pad(joints, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)
            truth = GroundTruth(
                joints=joints,
                qualities=content["qualities"].copy(),
                contact_frame=int(content["contact_frame"].item()) if "contact_frame" in content else None,
                splash=float(content["splash"].item()) if "splash" in content else None,
            )
    except (*DAMAGE, OverflowError):
        truth = None
    shape = (len(KEYPOINT_NAMES), 2)
    if truth is None or truth.joints.shape[1:] != shape or truth.qualities.shape != (3,):
        raise AnnotationError(f"{path} is damaged: delete its record in .records and synthesize it again.")
    return truth


def _stored(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in _ARRAYS if f"{name}.npy" in archive.namelist()]
