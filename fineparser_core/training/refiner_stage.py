"""The stage of `training.recipe` that trains `pose.keypoint_refiner`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.inference.device import autocast
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.keypoint_refiner import RotatedCrops, rotated_crops
from fineparser_core.pose.keypoints import BODY
from fineparser_core.training.batches import frame_tensor, mask_tensor
from fineparser_core.training.loop import Stage
from fineparser_core.training.pose_stages import pose_loss
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.single_frames import draw_sample
from fineparser_core.training.stage_tools import CLIP_NORM, HEAD_LR, Prefetcher, draws, trainable
from fineparser_core.training.stored_views import PosedDive, random_view, stack_poses, track_poses
from fineparser_core.training.synthetic_labels import GroundTruths, keypoint_labels, visible_joints

# Augmentation of the crops: range of the scale, standard deviation of the shift in sides, largest rotation in radians.
_SCALES, _SHIFT, _MAX_ROTATION = (0.85, 1.25), 0.05, 0.26
# Noise of the prior keypoints, and share of the crops without a prior.
_PRIOR_NOISE_PX, _NO_PRIOR_SHARE = 1.0, 0.1


class _Drawn(NamedTuple):
    """Crops (N, 9, 112, 112) of three consecutive frames, with prior and true keypoints."""

    crops: Tensor
    prior_keypoints: Tensor
    prior_confidence: Tensor
    points: Tensor
    shown: Tensor


def refiner_stage(
    model: FineParserPose, posed_dives: Sequence[PosedDive], truths: GroundTruths, config: RecipeConfig
) -> Stage:
    """Trains the keypoint refiner on single frames, in crops around the coarse poses.

    Args:
        posed_dives: with their coarse poses.
    """
    backbone = model.static_encoder.backbone
    refiner = backbone.upright.requires_grad_(True).train()
    tracked = track_poses(model, stack_poses(posed_dives), refined=False)
    crops = rotated_crops(tracked)

    def draw(iteration: int) -> _Drawn:
        rng = draws(config, 11, iteration)
        drawn = [
            _draw_one(posed_dives[i], tracked[i], crops.at(i), truths, config, rng)
            for i in rng.integers(0, len(posed_dives), config.frame_batch)
        ]
        return _Drawn(*(torch.stack(part) for part in zip(*drawn, strict=True)))

    ahead = Prefetcher(draw, config.refiner_iterations)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        drawn = _Drawn(*(part.to(config.device) for part in ahead(iteration)))
        seen = drawn.crops.contiguous(memory_format=torch.channels_last)
        with autocast(seen.device, config.precision):
            maps = refiner.refined_heatmaps(seen, drawn.prior_keypoints, drawn.prior_confidence)
        return {"total": pose_loss(refiner, maps.float(), drawn.points, drawn.shown)}

    return Stage(
        name="refiner",
        modules={"refiner": refiner},
        groups=[(trainable(refiner), 2 * HEAD_LR)],
        iterations=config.refiner_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def _draw_one(
    one: PosedDive,
    tracked: Tensor,
    crops: RotatedCrops,
    truths: GroundTruths,
    config: RecipeConfig,
    rng: np.random.Generator,
) -> _Drawn:
    sample = draw_sample(one.dive, one.view, truths, rng)
    around = np.clip(sample + np.arange(-1, 2), 0, N_SAMPLES - 1)
    # The stored view determines the coarse poses; only its colours are resampled.
    colours = random_view(one.dive, config.preprocessing, rng)
    view = replace(one.view, gain=colours.gain, bias=colours.bias, saturation=colours.saturation)
    near = _augment(crops.at(torch.from_numpy(around)), rng)
    here = near.at(1)
    cut = near.crop(frame_tensor(one.dive, view, around)).flatten(0, 1)
    prior, confidence = here.to_crop(tracked[sample, :BODY, :2]), tracked[sample, :BODY, 2].sigmoid()
    prior = prior + _PRIOR_NOISE_PX * torch.from_numpy(rng.standard_normal(prior.shape, dtype=np.float32))
    if rng.random() < _NO_PRIOR_SHARE:
        confidence = torch.zeros_like(confidence)
    true = keypoint_labels(one.dive, view, around[1:2], truths)
    seen = visible_joints(torch.from_numpy(true), mask_tensor(one.dive, view, around[1:2]))[0]
    points = here.to_crop(MASK_SIZE * torch.from_numpy(true[0]))
    points[BODY:] = float("nan")  # the board is detected by the coarse network
    if rng.random() < 0.5:
        cut = cut.flip(-1)
        prior, points = (torch.stack([MASK_SIZE - xy[:, 0], xy[:, 1]], dim=1) for xy in (prior, points))
    return _Drawn(cut, prior, confidence, points, seen & ((points >= 0) & (points < MASK_SIZE)).all(dim=-1))


def _augment(crops: RotatedCrops, rng: np.random.Generator) -> RotatedCrops:
    """Scale, shift and rotate all crops equally."""
    by = torch.from_numpy(rng.normal(0, _SHIFT, 2).astype(np.float32))
    angle = float(rng.uniform(-_MAX_ROTATION, _MAX_ROTATION))
    turn = torch.tensor([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], dtype=torch.float32)
    return RotatedCrops(
        crops.centre + crops.side[:, None] * by,
        crops.side * float(rng.uniform(*_SCALES)),
        crops.trunk @ turn,
    )
