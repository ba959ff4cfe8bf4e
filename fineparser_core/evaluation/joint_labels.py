"""Joints that people labeled in frames of real flights, and the errors of detected joints."""

from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import KEYPOINT_FLIP
from fineparser_core.constants import KEYPOINT_NAMES as JOINTS
from fineparser_core.data.judged_dives import by_clip
from fineparser_core.records import DiveParse
from fineparser_core.support.tables import text_table

JOINTS_FILE = "joints.json"
# Our joints among the 16 of MPII; the head is the middle of neck and crown. Toes are not labeled.
_LIMBS = {
    "ankle_r": 0, "knee_r": 1, "hip_r": 2, "hip_l": 3, "knee_l": 4, "ankle_l": 5,
    "wrist_r": 10, "elbow_r": 11, "shoulder_r": 12, "shoulder_l": 13, "elbow_l": 14, "wrist_l": 15,
}  # fmt: skip
_NECK, _CROWN, _LABELED = 8, 9, 16
_COMPARED = [JOINTS.index(name) for name in ("head", *_LIMBS)]
# Torso lengths; of a trunk seen from above no less than half of the clip's median counts.
_RIGHT, _GROSS, _LEAST_TORSO = 0.2, 0.5, 0.5
_SURE = 0.8


#: Errors (n, 13) of joints in torso lengths, "tolerant" of left and right and "strict", and their "confidence" (n, 13).
JointErrors = dict[str, np.ndarray]


def read_joint_labels(folder: Path) -> list[tuple[Path, np.ndarray]]:
    """Read the clips that `joints.json` in a folder, or in a folder "joints" beside it, names; none without the file.

    The file maps names of clips to lists of frames, each with `joints`, 16 places (x, y) in the order of MPII, and
    `visible`, 16 numbers that are 0 where a place is unknown.

    Returns:
        Of each clip its path and the joints of its first frames, (n, 16, 2) source pixels in the order of
        `KEYPOINT_NAMES`, NaN where a joint is not labeled.

    Raises:
        AnnotationError: a file that holds something else.
    """
    path = next((at for at in (folder / JOINTS_FILE, folder.parent / "joints" / JOINTS_FILE) if at.is_file()), None)
    if path is None:
        return []
    return by_clip(path, lambda clip, frames: (clip, _places(frames)), "labelled joints")


def measure_joints(parse: DiveParse, labels: np.ndarray) -> JointErrors:
    """Measure the errors of a parse's joints in the frames labeled so that it sampled; it must have joints."""
    assert parse.joints is not None
    frames, first = np.unique(parse.sampled_frames, return_index=True)
    known = frames < len(labels)
    found, true = parse.joints[first[known]].astype(np.float64), labels[frames[known]]
    hips, shoulders = (
        true[:, [JOINTS.index(f"{name}_{s}") for s in "lr"]].mean(axis=1) for name in ("hip", "shoulder")
    )
    torso = np.linalg.norm(hips - shoulders, axis=-1)
    torso = np.maximum(torso, _LEAST_TORSO * np.nanmedian(torso))[:, None]
    flip = list(KEYPOINT_FLIP)
    strict, swapped = (np.linalg.norm(one[..., :2] - true, axis=-1) / torso for one in (found, found[:, flip]))
    better = swapped + swapped[:, flip] < strict + strict[:, flip]
    each = {"strict": strict, "tolerant": np.where(better, swapped, strict), "confidence": found[..., 2]}
    return {name: values[:, _COMPARED] for name, values in each.items()}


def joint_summary(errors: list[JointErrors]) -> dict[str, str]:
    """Return what the joints of all clips come to, as measures and their values for a person."""
    header, rows = _summary(errors)
    each = zip(header[1:], rows[0][1:], strict=True)
    return {f"{header[0]}, {name}": value for name, value in each if name != "median"}


def _summary(errors: list[JointErrors]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = []
    for name in ("tolerant", "strict"):
        off = np.concatenate([one[name].ravel() for one in errors])
        off = off[np.isfinite(off)]
        shares = (off < _RIGHT, off < _GROSS, off >= _GROSS)
        rows.append((name, f"{off.mean():.3f}", f"{np.median(off):.3f}", *(f"{share.mean():.3f}" for share in shares)))
    frames = sum(len(one["tolerant"]) for one in errors)
    return (f"joints of {frames} frames", "mean error", "median", "PCK@0.2", "PCK@0.5", "gross"), rows


def joint_table(errors: list[JointErrors]) -> str:
    """Format the errors of the joints of all clips, with left and right tolerant and strict."""
    header, rows = _summary(errors)
    sure = np.concatenate([one["confidence"].ravel() for one in errors]) >= _SURE
    right = np.concatenate([one["tolerant"].ravel() for one in errors])[sure] < _RIGHT
    told = f"{sure.mean():.0%} of the joints are said to be sure at {_SURE:.0%}"
    if len(right):
        told += f"; {right.mean():.0%} of these are right to {_RIGHT} torso lengths"
    return f"{text_table(header, rows, left=(0,))}\n{told}"


def _places(frames: list[dict[str, Any]]) -> np.ndarray:
    joints = np.array([frame["joints"] for frame in frames], np.float64)
    visible = np.array([frame["visible"] for frame in frames], np.float64)
    if joints.shape != (len(frames), _LABELED, 2) or visible.shape != joints.shape[:2] or not len(frames):
        raise ValueError(f"joints of the shape {joints.shape}, not (frames, {_LABELED}, 2)")
    joints[visible == 0] = np.nan
    places = np.full((len(joints), len(JOINTS), 2), np.nan)
    for name, index in _LIMBS.items():
        places[:, JOINTS.index(name)] = joints[:, index]
    places[:, JOINTS.index("head")] = (joints[:, _NECK] + joints[:, _CROWN]) / 2
    return places
