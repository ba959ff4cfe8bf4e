"""From dives and views to network inputs."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fineparser_core.inference.encoder import normalise
from fineparser_core.training.dives import TrainingDive, View
from fineparser_core.video.sampling import WINDOW_LENGTH


def view_frames(dive: TrainingDive, view: View, samples: np.ndarray) -> Tensor:
    """Samples (n,) of a view as (n, 3, 112, 112) float32, ImageNet-normalised, with the view's mirror and colours."""
    frames = normalise(torch.from_numpy(dive.frames[view.sampled[samples]]))
    frames = frames * torch.from_numpy(view.gain).view(3, 1, 1) + torch.from_numpy(view.bias).view(3, 1, 1)
    return frames.flip(-1) if view.flip else frames


def view_masks(dive: TrainingDive, view: View, samples: np.ndarray) -> Tensor:
    """Masks of the same samples, (n, 112, 112) float32 in [0, 1]."""
    masks = torch.from_numpy(dive.masks[view.sampled[samples]]).float() / 255
    return masks.flip(-1) if view.flip else masks


def window_batch(dives: Sequence[TrainingDive], views: Sequence[View], starts: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A window of 16 samples from each dive: (n, 3, 16, 112, 112), channels last, and masks (n, 16, 112, 112)."""
    frames, masks = [], []
    for dive, view, start in zip(dives, views, starts, strict=True):
        samples = np.arange(start, start + WINDOW_LENGTH)
        frames.append(view_frames(dive, view, samples).transpose(0, 1))
        masks.append(view_masks(dive, view, samples))
    return torch.stack(frames).contiguous(memory_format=torch.channels_last_3d), torch.stack(masks)


def by_number(dive_numbers: Sequence[str], at_least: int) -> list[list[int]]:
    """Indices of dives grouped by dive number, groups of fewer than `at_least` left out; ordered by number."""
    groups = defaultdict(list)
    for index, number in enumerate(dive_numbers):
        groups[number].append(index)
    return [groups[number] for number in sorted(groups) if len(groups[number]) >= at_least]


def draw_group(groups: Sequence[list[int]], size: int, rng: np.random.Generator) -> np.ndarray:
    """Up to `size` different dives of one dive number; numbers are drawn by their share of the dives."""
    weights = np.array([len(g) for g in groups], dtype=np.float64)
    group = groups[rng.choice(len(groups), p=weights / weights.sum())]
    return rng.choice(group, size=min(size, len(group)), replace=False)


def ordered_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The N(N - 1) ordered pairs of a batch: query and exemplar indices.

    The paper draws one exemplar a query; every dive of the batch is encoded once here and serves in all pairs.
    """
    query, exemplar = np.nonzero(~np.eye(n, dtype=bool))
    return query, exemplar
