"""Batches of single frames for the stages that train the static backbone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import View
from fineparser_core.pose.keypoints import FRAMES_SEEN
from fineparser_core.training.batches import frame_tensor, mask_tensor
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.stored_views import random_view
from fineparser_core.training.synthetic_labels import GroundTruths, keypoint_labels

# Share of the frames that are drawn from the samples up to a few after the contact with the water: later frames show no
# athlete.
_DRY_SHARE, _AFTER_CONTACT = 0.8, 5
# Share of the frames around the take-off, which determine its quality and have fast limbs, and their range of samples.
_TAKE_OFF_SHARE, _AROUND_TAKE_OFF = 0.3, (-14, 13)


@dataclass(frozen=True, kw_only=True)
class SingleFrames:
    """One frame of each of N dives.

    Attributes:
        dives: the dives.
        numbers: (N,) indices of the frames in the dives.
        images: (N, 9, 112, 112) float32, ImageNet-normalised, channels last: the frame between its neighbours.
        masks: (N, 112, 112) share of athlete.
        phases: (N,) int64, index of the frame's step.
        joints: (N, 16, 2) keypoints as shares of the view; NaN if unknown.
    """

    dives: Sequence[Dive]
    numbers: Sequence[int]
    images: Tensor
    masks: Tensor
    phases: Tensor
    joints: Tensor


def _samples_to_contact(dive: Dive, view: View, truths: GroundTruths) -> int:
    truth = truths.get(dive.record.key)
    if truth is None or truth.contact_frame is None:
        return N_SAMPLES
    return int(np.clip(np.searchsorted(view.sampled, truth.contact_frame) + _AFTER_CONTACT, 1, N_SAMPLES))


def draw_sample(dive: Dive, view: View, truths: GroundTruths, rng: np.random.Generator) -> int:
    """Draw a sample of a view, with a preference for samples around the take-off and with an athlete."""
    kind = rng.random()
    if kind < _TAKE_OFF_SHARE:
        return int(np.clip(view.transitions(dive)[0] + rng.integers(*_AROUND_TAKE_OFF), 0, N_SAMPLES - 1))
    dry = kind < _TAKE_OFF_SHARE + (1 - _TAKE_OFF_SHARE) * _DRY_SHARE
    return int(rng.integers(0, _samples_to_contact(dive, view, truths) if dry else N_SAMPLES))


def draw_frames(
    dives: Sequence[Dive], truths: GroundTruths, config: RecipeConfig, rng: np.random.Generator
) -> SingleFrames:
    """Draw `config.frame_batch` frames from random views of random dives, each with its neighbours."""
    frames, masks, phases, points, numbers = [], [], [], [], []
    chosen = [dives[i] for i in rng.integers(0, len(dives), config.frame_batch)]
    for dive in chosen:
        view = random_view(dive, config.preprocessing, rng)
        sample = np.array([draw_sample(dive, view, truths, rng)])
        around = np.clip(sample + np.arange(FRAMES_SEEN) - FRAMES_SEEN // 2, 0, N_SAMPLES - 1)
        frames.append(frame_tensor(dive, view, around).flatten(0, 1)[None])
        masks.append(mask_tensor(dive, view, sample))
        phases.append(int(np.searchsorted(view.transitions(dive), sample[0], side="right")))
        points.append(torch.from_numpy(keypoint_labels(dive, view, sample, truths)))
        numbers.append(int(view.sampled[sample[0]]))
    return SingleFrames(
        dives=chosen,
        numbers=numbers,
        images=torch.cat(frames).contiguous(memory_format=torch.channels_last),
        masks=torch.cat(masks),
        phases=torch.tensor(phases),
        joints=torch.cat(points),
    )
