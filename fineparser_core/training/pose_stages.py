"""The stages of `training.recipe` that train the parts of `pose`."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES
from fineparser_core.data.dives import Dive
from fineparser_core.inference.device import autocast
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.keypoints import (
    KEYPOINT_SIZE,
    MAP_SIZE,
    KeypointHeatmapNet,
    gaussian_maps,
    soft_argmax,
)
from fineparser_core.training.batches import (
    ALL_SAMPLES,
    mask_tensor,
)
from fineparser_core.training.loop import Stage
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.single_frames import SingleFrames, draw_frames
from fineparser_core.training.stage_tools import (
    CLIP_NORM,
    HEAD_LR,
    Prefetcher,
    draws,
    freeze,
    trainable,
)
from fineparser_core.training.stored_views import PosedDive
from fineparser_core.training.synthetic_labels import (
    GroundTruths,
    keypoint_labels,
    masked_mse,
    visible_joints,
    water_contact,
)

_BOARD = KEYPOINT_NAMES.index("board")
# Standard deviation of heatmap targets, and beta of the smooth L1 loss of tracked joints.
_SPOT_PX, _TRACK_BETA_PX = 3.0, 2.0
_POSITION_WEIGHT, _AUX_WEIGHT, _SPLASH_WEIGHT = 0.3, 0.3, 4.0
# Arms have a higher weight: they are the hardest joints to detect and show the faults of a take-off.
_JOINT_WEIGHTS = torch.tensor([2.0 if name.startswith(("elbow", "wrist")) else 1.0 for name in KEYPOINT_NAMES])
_SPLASH_SAMPLES = 14  # number of samples in which a splash is visible


def pose_loss(finder: KeypointHeatmapNet, maps: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Loss of the positions and of the visibility of keypoints, averaged over the visible ones.

    Args:
        maps: (N, 16, 28, 28) heatmap logits.
        points: (N, 16, 2) true keypoints in pixels of the frame.
        shown: (N, 16) bool, whether they are visible.
    """
    positions, log_probability, visibility = (
        soft_argmax(maps)[0],
        maps.flatten(2).log_softmax(dim=-1),
        finder.visibility(maps),
    )

    def off(points: Tensor, shown: Tensor) -> Tensor:
        spot = gaussian_maps(points / MASK_SIZE, shown, MAP_SIZE, _SPOT_PX * MAP_SIZE / MASK_SIZE).flatten(2)
        spot = spot / spot.sum(dim=-1, keepdim=True).clamp_min(1e-6)
        return -(spot * log_probability).sum(dim=-1) + _POSITION_WEIGHT * (positions - points).abs().sum(dim=-1)

    return _side_invariant_loss(off, visibility, points, shown).sum() / shown.sum().clamp_min(1)


def track_loss(tracked: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Loss of the positions and of the visibility of tracked joints (N, 16, 3), see `TemporalPoseRefiner`."""

    def off(points: Tensor, shown: Tensor) -> Tensor:
        return F.smooth_l1_loss(tracked[..., :2], points, beta=_TRACK_BETA_PX, reduction="none").sum(dim=-1)

    return _side_invariant_loss(off, tracked[..., 2], points, shown).sum() / shown.sum().clamp_min(1)


def _side_invariant_loss(
    off: Callable[[Tensor, Tensor], Tensor], visibility: Tensor, points: Tensor, shown: Tensor
) -> Tensor:
    """The smaller of the losses for the true sides and for exchanged sides: (N,), summed over the joints.

    Left and right of a rotating body are often ambiguous.

    Args:
        off: position loss (N, 16) of the visible joints, from true points (N, 16, 2) and their visibility (N, 16).
        visibility: (N, 16) logits.
        points: (N, 16, 2) true keypoints; NaN if unknown.
        shown: (N, 16) bool, whether they are visible.
    """
    there = ~points[..., 0].isnan()
    known = torch.ones_like(points[..., 0])
    # The board of older data sets is unknown. If all joints are unknown, none is visible.
    known[:, _BOARD] = (there[:, _BOARD] | ~there.any(dim=1)).float()

    def against(points: Tensor, shown: Tensor) -> Tensor:
        points, there = torch.where(shown[..., None], points, 0.0), shown.float()
        visibility_loss = F.binary_cross_entropy_with_logits(visibility, there, reduction="none")
        return (off(points, shown) * _JOINT_WEIGHTS.to(there) * there + visibility_loss * known).sum(dim=1)

    other = list(KEYPOINT_FLIP)
    return torch.minimum(against(points, shown), against(points[:, other], shown[:, other]))


def pose_stage(model: FineParserPose, dives: Sequence[Dive], truths: GroundTruths, config: RecipeConfig) -> Stage:
    """Train the pose backbone on single frames: keypoints, step, water and splash."""
    backbone = model.static_encoder.backbone.train()

    def draw(iteration: int) -> SingleFrames:
        return draw_frames(dives, truths, config, draws(config, 2, iteration))

    ahead = Prefetcher(draw, config.frame_iterations)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        drawn = ahead(iteration)
        more = [_water_labels(dive, frame, truths) for dive, frame in zip(drawn.dives, drawn.numbers, strict=True)]
        device = torch.device(config.device)
        wet, splash = torch.tensor(more).to(device).unbind(dim=1)
        with autocast(device, config.precision):
            maps, aux = backbone.predict(drawn.images.to(device))
        maps, aux = maps.float(), aux.float()
        shown = visible_joints(drawn.joints, drawn.masks).to(device)
        pose = pose_loss(backbone, maps, MASK_SIZE * drawn.joints.to(device), shown)
        named = F.cross_entropy(aux[:, :3], drawn.phases.to(device))
        known = (~wet.isnan()).float()
        water = F.binary_cross_entropy_with_logits(aux[:, 3], wet.nan_to_num(), weight=known, reduction="sum")
        water = water / known.sum().clamp_min(1)
        size = _SPLASH_WEIGHT * masked_mse(aux[:, 4], splash)
        total = pose + _AUX_WEIGHT * (named + water + size)
        return {"total": total, "joints": pose, "phase": named, "water": water, "splash": size}

    return Stage(
        name="frames",
        modules={"backbone": backbone},
        groups=[(trainable(backbone), 2 * HEAD_LR)],
        iterations=config.frame_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def track_stage(
    model: FineParserPose,
    posed_dives: Sequence[PosedDive],
    truths: GroundTruths,
    config: RecipeConfig,
    *,
    refined: bool,
) -> Stage:
    """Trains a temporal pose refiner on the poses of whole clips.

    Args:
        refined: whether `posed_dives` hold refined poses, which have a tracker of their own, or coarse ones.
    """
    backbone = model.static_encoder.backbone
    freeze(backbone)
    track = (backbone.upright.track if refined else backbone.track).requires_grad_(True).train()

    @cache  # not called if the stage is finished
    def clips() -> tuple[Tensor, list[Tensor], list[Tensor]]:
        points, shown = [], []
        for one in posed_dives:
            true = torch.from_numpy(keypoint_labels(one.dive, one.view, ALL_SAMPLES, truths))
            points.append(MASK_SIZE * true)
            shown.append(visible_joints(true, mask_tensor(one.dive, one.view, ALL_SAMPLES)))
        found = torch.from_numpy(np.stack([one.poses[:, :-2] for one in posed_dives])).unflatten(2, (-1, KEYPOINT_SIZE))
        return found, points, shown

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        found, points, shown = clips()
        rng = draws(config, 9, iteration)
        rows = rng.integers(0, len(found), config.track_batch)
        poses, true = found[rows], torch.stack([points[i] for i in rows])
        if rng.random() < 0.5:
            poses, true = poses.clone(), true.clone()
            poses[..., 0], true[..., 0] = MASK_SIZE - poses[..., 0], MASK_SIZE - true[..., 0]
        there = torch.stack([shown[i] for i in rows])
        poses, true, there = (part.to(config.device) for part in (poses, true, there))
        return {"total": track_loss(track(poses).flatten(0, 1), true.flatten(0, 1), there.flatten(0, 1))}

    return Stage(
        name="refiner-tracks" if refined else "tracks",
        modules={"track": track},
        groups=[(trainable(track), HEAD_LR)],
        iterations=config.track_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def _water_labels(dive: Dive, frame: int, truths: GroundTruths) -> tuple[float, float]:
    """Whether the athlete is in the water in a frame (0 or 1), and the size of the visible splash; NaN if unknown."""
    water = water_contact(dive, truths)
    if water is None:
        return float("nan"), float("nan")
    contact, splash = water
    since = (frame - contact) * N_SAMPLES / len(dive.frames)
    return float(since >= 0), splash if 0 <= since < _SPLASH_SAMPLES else float("nan")
