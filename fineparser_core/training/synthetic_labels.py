"""Training targets from the ground truth of rendered dives (`synth.ground_truth`): keypoints, qualities of the steps.

Deviation: the paper trains without such targets.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.data.dives import Dive
from fineparser_core.data.records import Key
from fineparser_core.data.transforms import View, view_points
from fineparser_core.models.regression import STEP_WEIGHTS
from fineparser_core.synth.ground_truth import GroundTruth, load_ground_truth, mirror_joints

N_JOINTS = len(KEYPOINT_NAMES)
GroundTruths = Mapping[Key, GroundTruth]

#: Mean and standard deviation by which qualities are normalised.
_QUALITY_MEAN, _QUALITY_STD = 7.0, 1.8
_IS_BOARD = torch.tensor([name == "board" for name in KEYPOINT_NAMES])
# Side in pixels of the neighbourhood that must contain a part of the athlete for a joint to be visible: joints under
# water or behind objects are not.
_NEIGHBOURHOOD_PX = 9


def load_ground_truths(root: Path, dives: Sequence[Dive]) -> dict[Key, GroundTruth]:
    """The ground truth of the dives of a data set, by key; empty for filmed dives.

    Raises:
        AnnotationError: a file is damaged.
    """
    found = {dive.record.key: load_ground_truth(root, dive.record.key) for dive in dives}
    return {key: truth for key, truth in found.items() if truth is not None}


def water_contact(dive: Dive, truths: GroundTruths) -> tuple[int, float] | None:
    """The first frame in which the athlete touches the water, and the size of the splash; None if unknown."""
    truth = truths.get(dive.record.key)
    if truth is None or truth.contact_frame is None or truth.splash is None:
        return None
    return truth.contact_frame, truth.splash


def keypoint_labels(dive: Dive, view: View, samples: np.ndarray, truths: GroundTruths) -> np.ndarray:
    """Keypoints of samples, (n, 16, 2) float32 as shares of the view; NaN if unknown."""
    truth = truths.get(dive.record.key)
    if truth is None:
        return np.full((len(samples), N_JOINTS, 2), np.nan, np.float32)
    joints = truth.joints[view.sampled[samples]]
    # Outside the frame the view shows replicated edge pixels, so the board is not visible there.
    beyond = ((joints[:, -1] < 0) | (joints[:, -1] >= 1)).any(axis=-1)
    joints[beyond, -1] = -1.0
    points = view_points(dive, view, samples, joints)
    return mirror_joints(points) if view.flip else points


def visible_joints(points: Tensor, masks: Tensor) -> Tensor:
    """Which keypoints are visible: in the view and, except for the board, near the athlete's mask.

    Args:
        points: (n, 16, 2) shares of the view.
        masks: (n, h, w) share of athlete.

    Returns:
        (n, 16) bool.
    """
    near = F.max_pool2d((masks > 0.5).float()[:, None], _NEIGHBOURHOOD_PX, 1, _NEIGHBOURHOOD_PX // 2)
    inside = ((points >= 0) & (points < 1)).all(dim=-1)  # false for NaN
    grid = torch.where(inside[..., None], points, 0.0) * 2 - 1
    there = F.grid_sample(near, grid[:, :, None], mode="nearest", align_corners=False)[:, 0, :, 0]
    return inside & ((there > 0) | _IS_BOARD)


def scaled_qualities(dives: Sequence[Dive], truths: GroundTruths) -> Tensor:
    """Normalised qualities of the steps, (n, 3); NaN if unknown."""
    each = [truths[d.record.key].qualities if d.record.key in truths else np.full(3, np.nan) for d in dives]
    return scaled(np.stack(each))


def scaled(qualities: np.ndarray) -> Tensor:
    """Normalise qualities, 0..10, to about zero mean and unit variance."""
    return (torch.tensor(qualities, dtype=torch.float32) - _QUALITY_MEAN) / _QUALITY_STD


def true_contributions(dives: Sequence[Dive], qualities: Tensor, query: np.ndarray, exemplar: np.ndarray) -> Tensor:
    """True contributions of pairs of dives, as `evaluation.fidelity.true_contributions` in float32.

    Args:
        qualities: (n, 3) from `scaled_qualities`.
        query, exemplar: (P,) indices of dives.

    Returns:
        (P, 3) points by which each step of the query exceeds that of the exemplar; NaN if unknown.
    """
    difficulty = torch.tensor([dives[i].record.difficulty for i in query], dtype=torch.float32)
    weights = torch.tensor(STEP_WEIGHTS) / sum(STEP_WEIGHTS)
    return 3 * difficulty[:, None] * weights * (qualities[query] - qualities[exemplar]) * _QUALITY_STD


def masked_mse(found: Tensor, target: Tensor) -> Tensor:
    """Mean squared error over the targets that are not NaN; 0 if all are."""
    known = ~target.isnan()
    return torch.where(known, found - target, 0.0).square().sum() / known.sum().clamp_min(1)


class QualityHeads(nn.Module):
    """Auxiliary heads that predict the quality of every step from its tokens; used in training only.

    Args:
        n_tokens: number of tokens of a step.
    """

    def __init__(self, n_tokens: int, token_size: int = 64) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(n_tokens * token_size, 1) for _ in range(3))

    def forward(self, tokens: Tensor) -> Tensor:
        """Step tokens (B, 3, n, 64) to scaled qualities (B, 3)."""
        flat = tokens.flatten(2)
        return torch.cat([head(flat[:, step]) for step, head in enumerate(self.steps)], dim=1)
