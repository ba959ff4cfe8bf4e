"""The stages of `training.recipe` that train the parts of `pose`."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES, TOKENS_PER_STEP
from fineparser_core.data.dives import Dive
from fineparser_core.inference.device import autocast
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.keypoints import (
    KEYPOINT_SIZE,
    MAP_SIZE,
    KeypointHeatmapNet,
    gaussian_maps,
    soft_argmax,
)
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE, PoseBackbone
from fineparser_core.pose.pose_features import clip_features
from fineparser_core.pose.static_stream import CUTS_MOVED
from fineparser_core.training.batches import (
    ALL_SAMPLES,
    by_number,
    draw_group,
    jitter,
    mask_tensor,
    ordered_pairs,
)
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import regression_loss, transition_loss, transition_target
from fineparser_core.training.pose_error_bank import PoseErrorBank
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.single_frames import SingleFrames, draw_frames
from fineparser_core.training.stage_tools import (
    CLIP_NORM,
    HEAD_LR,
    TRANSITION_WIDTH,
    Prefetcher,
    draws,
    freeze,
    trainable,
)
from fineparser_core.training.stored_views import PosedDive
from fineparser_core.training.synthetic_labels import (
    GroundTruths,
    QualityHeads,
    keypoint_labels,
    masked_mse,
    scaled,
    scaled_qualities,
    true_contributions,
    visible_joints,
    water_contact,
)
from fineparser_core.training.synthetic_poses import SyntheticPoses, perturb

_BOARD = KEYPOINT_NAMES.index("board")
# Standard deviation of heatmap targets, and beta of the smooth L1 loss of tracked joints.
_SPOT_PX, _TRACK_BETA_PX = 3.0, 2.0
_POSITION_WEIGHT, _AUX_WEIGHT, _SPLASH_WEIGHT = 0.3, 0.3, 4.0
# Arms have a higher weight: they are the hardest joints to detect and show the faults of a take-off.
_JOINT_WEIGHTS = torch.tensor([2.0 if name.startswith(("elbow", "wrist")) else 1.0 for name in KEYPOINT_NAMES])
_SPLASH_SAMPLES = 14  # number of samples in which a splash is visible
_DROPOUT = 0.1
_TRACKED_AT_ONCE = 64
# Noise on the joints of rendered dives as augmentation, because there are few of them; and on those of simulated dives
# for whose number there is no rendered one.
_POSE_NOISE_PX, _SIMULATED_NOISE_PX = 0.7, 2.0
_CONTRIBUTION_WEIGHT = 0.02


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
    assert isinstance(backbone, PoseBackbone)

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
    assert isinstance(backbone, PoseBackbone)
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


def steps_stage(model: FineParserPose, posed_dives: Sequence[PosedDive], config: RecipeConfig) -> Stage:
    """L_TAP (Eq. 10) of the pose transition head alone: PSNet is trained in other stages."""
    steps = model.pose_steps.requires_grad_(True).train()
    poses = stack_poses(posed_dives)
    features = _perturbed_features(track_poses(model, poses, refined=True), poses, config)
    labels = torch.tensor([one.transitions for one in posed_dives])

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 10, iteration)
        rows = rng.integers(0, len(labels), config.track_batch)
        probabilities = steps(_dropout(features(rows, rng), rng)).sigmoid()
        target = transition_target(labels[rows], width=TRANSITION_WIDTH).to(probabilities)
        return {"total": transition_loss(probabilities, target)}

    return Stage(
        name="steps",
        modules={"pose_steps": steps},
        groups=[(trainable(steps), HEAD_LR)],
        iterations=config.steps_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def _dropout(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Dropout with the generator of the iteration, so that a resumed run draws the same masks."""
    return x * torch.from_numpy(rng.random(x.shape) >= _DROPOUT).to(x.device) / (1 - _DROPOUT)


def _water_labels(dive: Dive, frame: int, truths: GroundTruths) -> tuple[float, float]:
    """Whether the athlete is in the water in a frame (0 or 1), and the size of the visible splash; NaN if unknown."""
    water = water_contact(dive, truths)
    if water is None:
        return float("nan"), float("nan")
    contact, splash = water
    since = (frame - contact) * N_SAMPLES / len(dive.frames)
    return float(since >= 0), splash if 0 <= since < _SPLASH_SAMPLES else float("nan")


def static_stage(
    model: FineParserPose,
    poses: SyntheticPoses,
    dives: Sequence[Dive],
    posed_dives: Sequence[PosedDive],
    truths: GroundTruths,
    config: RecipeConfig,
) -> Stage:
    """Train the static stream on the qualities of the steps and on the contributions between dives.

    The stream learns to predict the whole score difference; the dynamic stream then learns what is left of it.

    Args:
        poses: simulated poses of `dives`, perturbed by the errors of the backbone on `posed_dives`; half of a batch.
        posed_dives: rendered dives with estimated poses; the other half.
    """
    static, stream = model.static_encoder, model.static_stream
    assert static.moments is not None
    modules = {
        "to_feature": static.to_feature,
        "projections": static.projections,
        "moments": static.moments,
        "static_stream": stream,
        "quality": QualityHeads(TOKENS_PER_STEP),
        "quality_of_features": QualityHeads(1, FRAME_FEATURE_SIZE),
    }
    for module in modules.values():
        module.to(config.device).train()
    estimated = stack_poses(posed_dives)
    tracked = track_poses(model, estimated, refined=True)
    perturbed_features = _perturbed_features(tracked, estimated, config)

    @cache  # not called if the stage is finished
    def errors() -> PoseErrorBank:
        return PoseErrorBank(poses, dives, posed_dives, tracked, truths)

    simulated_groups = by_number([dives[i].dive_number for i in poses.dives], 2)
    posed_groups = by_number([one.dive.dive_number for one in posed_dives], 2)
    simulated_qualities = scaled(poses.qualities)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 8, iteration)
        features, qualities, query, exemplar = [], [], [], []
        cuts: list[tuple[int, int]] = []
        of: list[Dive] = []

        def add(group: Tensor, transitions: Sequence[tuple[int, int]], which: list[Dive], labels: Tensor) -> None:
            pairs = ordered_pairs(len(which))
            query.append(pairs[0] + len(of))
            exemplar.append(pairs[1] + len(of))
            features.append(group.to(config.device))
            cuts.extend(jitter(one, CUTS_MOVED, rng) for one in transitions)
            of.extend(which)
            qualities.append(labels)

        for _ in range(config.static_groups):
            rows = draw_group(simulated_groups, config.group, rng)
            transitions = [(int(st), int(ed)) for st, ed in poses.transitions[rows]]
            group = errors().sample_features(rows, _SIMULATED_NOISE_PX, rng)
            add(group, transitions, [dives[i] for i in poses.dives[rows]], simulated_qualities[rows])
            rows = draw_group(posed_groups, config.group, rng)
            which = [posed_dives[i].dive for i in rows]
            transitions = [posed_dives[i].transitions for i in rows]
            add(perturbed_features(rows, rng), transitions, which, scaled_qualities(which, truths))
        q, e = np.concatenate(query), np.concatenate(exemplar)
        true = true_contributions(of, torch.cat(qualities), q, e).to(config.device)
        true_qualities = torch.cat(qualities).to(config.device)
        frames = static.to_feature(torch.cat(features))
        pieces = static.step_features(frames, cuts)
        tokens = _dropout(static.project(pieces, frames, cuts), rng)
        points = stream(tokens[q], tokens[e]) * model.step_weights
        # A second quality loss on the mean features speeds up their training, which is slow through the projections.
        means = torch.stack([piece.mean(dim=1, keepdim=True) for piece in pieces], dim=1)
        quality = masked_mse(modules["quality"](tokens), true_qualities)
        quality = quality + masked_mse(modules["quality_of_features"](means), true_qualities)
        contributions = 3 * masked_mse(points, true)
        regression = regression_loss(points.sum(dim=-1), true.sum(dim=-1))
        total = quality + _CONTRIBUTION_WEIGHT * (contributions + regression)
        return {"total": total, "quality": quality, "contributions": contributions, "regression": regression}

    return Stage(
        name="static",
        modules=modules,
        groups=[(trainable(*modules.values()), 2 * HEAD_LR)],
        iterations=config.static_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
        weight_decay=1e-5,
    )


def stack_poses(posed_dives: Sequence[PosedDive]) -> Tensor:
    """The poses of dives, (n, 96, FRAME_POSE_SIZE)."""
    poses = np.array([one.poses for one in posed_dives], np.float32)
    return torch.from_numpy(poses.reshape(-1, N_SAMPLES, FRAME_POSE_SIZE))


@torch.no_grad()
def track_poses(model: FineParserPose, poses: Tensor, *, refined: bool) -> Tensor:
    """Tracked joints (n, 96, 16, 3) of coarse or refined poses (n, 96, FRAME_POSE_SIZE), on the CPU."""
    backbone = model.static_encoder.backbone
    assert isinstance(backbone, PoseBackbone)
    (backbone.upright.track if refined else backbone.track).eval()
    track = backbone.track_refined if refined else backbone.track_coarse
    return torch.cat([track(clips.to(model.step_weights.device)).cpu() for clips in poses.split(_TRACKED_AT_ONCE)])


def _perturbed_features(
    tracked: Tensor, poses: Tensor, config: RecipeConfig
) -> Callable[[np.ndarray, np.random.Generator], Tensor]:
    """A function that returns pose features (n, 96, POSE_FEATURES) of n of the dives with noise on the joints."""
    water = poses[..., -2:]

    def features(rows: np.ndarray, rng: np.random.Generator) -> Tensor:
        return clip_features(perturb(tracked[rows], _POSE_NOISE_PX, rng), water[rows]).to(config.device)

    return features
