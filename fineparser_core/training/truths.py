"""What only rendered dives know, as targets: joints and qualities of steps (`synth.ground_truth`). Not in the paper."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import TRUTH_JOINTS
from fineparser_core.data.dives import Dive
from fineparser_core.data.records import Key
from fineparser_core.data.transforms import View, view_points
from fineparser_core.models.regression import STEP_WEIGHTS
from fineparser_core.synth.ground_truth import GroundTruth, load_ground_truth, mirror_joints

N_JOINTS = len(TRUTH_JOINTS)
Truths = Mapping[Key, GroundTruth]

#: Mean and standard deviation of a step's quality, by which targets are scaled.
_QUALITY_MEAN, _QUALITY_STD = 7.0, 1.8
_IS_BOARD = torch.tensor([name == "board" for name in TRUTH_JOINTS])
# A joint whose surroundings hold no athlete is under water or behind something: nothing there tells of it.
_SURROUNDINGS = 9


def read_truths(root: Path, dives: Sequence[Dive]) -> dict[Key, GroundTruth]:
    """Truths of the dives of a data set by key; empty for filmed dives.

    Raises:
        AnnotationError: a file is damaged.
    """
    found = {dive.record.key: load_ground_truth(root, dive.record.key) for dive in dives}
    return {key: truth for key, truth in found.items() if truth is not None}


def known_water(dive: Dive, truths: Truths) -> tuple[int, float] | None:
    """The first frame in which the athlete touches the water, and the size of the splash; None where unknown."""
    truth = truths.get(dive.record.key)
    if truth is None or truth.contact_frame is None or truth.splash is None:
        return None
    return truth.contact_frame, truth.splash


def joint_points(dive: Dive, view: View, samples: np.ndarray, truths: Truths) -> np.ndarray:
    """(n, 16, 2) float32 joints of the samples as shares of the view; NaN where unknown."""
    truth = truths.get(dive.record.key)
    if truth is None:
        return np.full((len(samples), N_JOINTS, 2), np.nan, np.float32)
    joints = truth.joints[view.sampled[samples]]
    # What a view shows beyond the edges of the frame is made up.
    beyond = ((joints[:, -1] < 0) | (joints[:, -1] >= 1)).any(axis=-1)
    joints[beyond, -1] = -1.0
    points = view_points(dive, view, samples, joints)
    return mirror_joints(points) if view.flip else points


def shown_joints(points: Tensor, masks: Tensor) -> Tensor:
    """(n, 16) bool: which joints (n, 16, 2), shares of the view, lie in it with some of the athlete around them.

    Of the board, which is no part of the athlete, only whether it lies in the view.

    Args:
        masks: (n, h, w) share of athlete.
    """
    near = F.max_pool2d((masks > 0.5).float()[:, None], _SURROUNDINGS, 1, _SURROUNDINGS // 2)
    inside = ((points >= 0) & (points < 1)).all(dim=-1)  # false for NaN
    grid = torch.where(inside[..., None], points, 0.0) * 2 - 1
    there = F.grid_sample(near, grid[:, :, None], mode="nearest", align_corners=False)[:, 0, :, 0]
    return inside & ((there > 0) | _IS_BOARD)


def scaled_qualities(dives: Sequence[Dive], truths: Truths) -> Tensor:
    """(n, 3) qualities of the steps, near zero mean and unit variance; NaN where unknown."""
    each = [truths[d.record.key].qualities if d.record.key in truths else np.full(3, np.nan) for d in dives]
    return scaled(np.stack(each))


def scaled(qualities: np.ndarray) -> Tensor:
    """Qualities 0..10 as float32, near zero mean and unit variance."""
    return (torch.tensor(qualities, dtype=torch.float32) - _QUALITY_MEAN) / _QUALITY_STD


def true_contributions(dives: Sequence[Dive], qualities: Tensor, query: np.ndarray, exemplar: np.ndarray) -> Tensor:
    """(P, 3) points that the steps of each pair's query are worth more than its exemplar's; NaN where unknown.

    As `evaluation.fidelity.true_contributions`, of scaled qualities and to float32's precision.

    Args:
        qualities: of the dives, as `scaled_qualities` gives them.
        query, exemplar: (P,) rows of the dives.
    """
    difficulty = torch.tensor([dives[i].record.difficulty for i in query], dtype=torch.float32)
    weights = torch.tensor(STEP_WEIGHTS) / sum(STEP_WEIGHTS)
    return 3 * difficulty[:, None] * weights * (qualities[query] - qualities[exemplar]) * _QUALITY_STD


def known_error(found: Tensor, target: Tensor) -> Tensor:
    """Mean squared error where the target is known; 0 where nothing is."""
    known = ~target.isnan()
    return F.mse_loss(found[known], target[known]) if known.any() else found.sum() * 0.0


class QualityHeads(nn.Module):
    """Reads the quality of every step from its tokens; used in training alone.

    Args:
        n_tokens: of a step.
    """

    def __init__(self, n_tokens: int, token_size: int = 64) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(n_tokens * token_size, 1) for _ in range(3))

    def forward(self, tokens: Tensor) -> Tensor:
        """Step tokens (B, 3, n, 64) to scaled qualities (B, 3)."""
        flat = tokens.flatten(2)
        return torch.cat([head(flat[:, step]) for step, head in enumerate(self.steps)], dim=1)
