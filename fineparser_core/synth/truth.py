"""What is known of a rendered dive beyond its labels: where the athlete's joints are, and the quality of every step."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import SWAPPED_JOINTS, TRUTH_JOINTS
from fineparser_core.errors import AnnotationError
from fineparser_core.synth.body import JOINT
from fineparser_core.video.atomic import atomic_file

TRUTH_FOLDER = "FineDiving_truth"
_HEAD = (JOINT["head_low"], JOINT["head_top"])
_OTHERS = [JOINT[name] for name in TRUTH_JOINTS[1:-1]]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Of one rendered dive.

    Attributes:
        joints: (T, 16, 2) float32 in the order of `TRUTH_JOINTS`: x / width and y / height, (0, 0) the top left corner
            and (1, 1) the bottom right one. A joint may lie outside the picture, under water or behind something; it is
            NaN in frames that another camera took from under the water. The board is NaN in data sets of earlier
            versions.
        qualities: (3,) float32 of take-off, flight and entry, 0..10.
        contact_frame: first frame in which the athlete touches the water; None in data sets of earlier versions.
        splash: 0 a rip .. 1 very large; None likewise.
    """

    joints: np.ndarray
    qualities: np.ndarray
    contact_frame: int | None = None
    splash: float | None = None


def pick_joints(points: np.ndarray, board: np.ndarray) -> np.ndarray:
    """(T, 16, D) of `TRUTH_JOINTS` from all of the body's joints (T, len(JOINTS), D) and the board's edge (T, D)."""
    return np.concatenate([points[:, _HEAD].mean(1, keepdims=True), points[:, _OTHERS], board[:, None]], axis=1)


def mirror_joints(joints: np.ndarray) -> np.ndarray:
    """Joints (T, 16, 2) of the picture mirrored left to right; what was left is right in it."""
    return joints[:, list(SWAPPED_JOINTS)] * np.array([-1, 1], joints.dtype) + np.array([1, 0], joints.dtype)


def truth_path(root: Path, key: tuple[str, int]) -> Path:
    """Where the truth of a dive of a rendered data set is kept."""
    return root / TRUTH_FOLDER / key[0] / f"{key[1]}.npz"


def save_truth(root: Path, key: tuple[str, int], truth: Truth) -> None:
    """Write it, whole or not at all."""
    path = truth_path(root, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        further = {"contact_frame": truth.contact_frame, "splash": truth.splash}
        known: dict[str, Any] = {name: value for name, value in further.items() if value is not None}
        np.savez(
            file,
            joints=truth.joints.astype(np.float32),
            qualities=np.asarray(truth.qualities, np.float32),
            **known,
        )


def load_truth(root: Path, key: tuple[str, int]) -> Truth | None:
    """The truth of a dive; None where the data set has none, as one of filmed dives.

    Args:
        root: folder of the data set; key: event and index.

    Raises:
        AnnotationError: the file is damaged.
    """
    path = truth_path(root, key)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as content:
            joints = content["joints"]
            if joints.shape[1:] == (len(TRUTH_JOINTS) - 1, 2):
                joints = np.pad(joints, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)
            truth = Truth(
                joints=joints,
                qualities=content["qualities"],
                contact_frame=int(content["contact_frame"]) if "contact_frame" in content else None,
                splash=float(content["splash"]) if "splash" in content else None,
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        truth = None
    shape = (len(TRUTH_JOINTS), 2)
    if truth is None or truth.joints.shape[1:] != shape or truth.qualities.shape != (3,):
        raise AnnotationError(f"{path} is damaged: delete its record in .records and synthesize it again.")
    return truth
