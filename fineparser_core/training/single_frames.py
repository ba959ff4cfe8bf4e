"""Single frames of dives, as the stages that teach the static backbone draw them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fineparser_core.data.dives import Dive
from fineparser_core.staged_config import StagedConfig
from fineparser_core.training.batches import frame_tensor, mask_tensor
from fineparser_core.training.stored_views import random_view
from fineparser_core.training.truths import Truths, joint_points
from fineparser_core.types import N_SAMPLES


@dataclass(frozen=True, kw_only=True)
class SingleFrames:
    """One frame of each of N dives.

    Attributes:
        dives: whose they are; numbers: (N,) of the frames in them.
        images: (N, 3, 112, 112) float32, ImageNet-normalised, channels last.
        masks: (N, 112, 112) share of athlete.
        phases: (N,) int64, the step that each frame is of.
        joints: (N, 15, 2) as shares of the view; NaN where unknown.
    """

    dives: Sequence[Dive]
    numbers: Sequence[int]
    images: Tensor
    masks: Tensor
    phases: Tensor
    joints: Tensor


def draw_frames(dives: Sequence[Dive], truths: Truths, config: StagedConfig, rng: np.random.Generator) -> SingleFrames:
    """`config.frame_batch` frames of random views of random dives."""
    frames, masks, phases, points, numbers = [], [], [], [], []
    chosen = [dives[i] for i in rng.integers(0, len(dives), config.frame_batch)]
    for dive in chosen:
        view, sample = random_view(dive, config.preprocessing, rng), rng.integers(0, N_SAMPLES, 1)
        frames.append(frame_tensor(dive, view, sample))
        masks.append(mask_tensor(dive, view, sample))
        phases.append(int(np.searchsorted(view.transitions(dive), sample[0], side="right")))
        points.append(torch.from_numpy(joint_points(dive, view, sample, truths)))
        numbers.append(int(view.sampled[sample[0]]))
    return SingleFrames(
        dives=chosen,
        numbers=numbers,
        images=torch.cat(frames).contiguous(memory_format=torch.channels_last),
        masks=torch.cat(masks),
        phases=torch.tensor(phases),
        joints=torch.cat(points),
    )
