"""The stages of `training.recipe` that learn from stored poses: the transition head and the static stream."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import TOKENS_PER_STEP
from fineparser_core.data.dives import Dive
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.pose_features import clip_features
from fineparser_core.pose.static_stream import CUTS_MOVED
from fineparser_core.training.batches import by_number, draw_group, jitter, ordered_pairs
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import regression_loss, transition_loss, transition_target
from fineparser_core.training.pose_error_bank import PoseErrorBank
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.stage_tools import CLIP_NORM, HEAD_LR, TRANSITION_WIDTH, draws, trainable
from fineparser_core.training.stored_views import PosedDive, stack_poses, track_poses
from fineparser_core.training.synthetic_labels import (
    GroundTruths,
    QualityHeads,
    masked_mse,
    scaled,
    scaled_qualities,
    true_contributions,
)
from fineparser_core.training.synthetic_poses import SyntheticPoses, perturb

_DROPOUT = 0.1
# Noise on the joints of rendered dives as augmentation, because there are few of them; and on those of simulated dives
# for whose number there is no rendered one.
_POSE_NOISE_PX, _SIMULATED_NOISE_PX = 0.7, 2.0
_CONTRIBUTION_WEIGHT = 0.02


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


def _dropout(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Dropout with the generator of the iteration, so that a resumed run draws the same masks."""
    return x * torch.from_numpy(rng.random(x.shape) >= _DROPOUT).to(x.device) / (1 - _DROPOUT)


def _perturbed_features(
    tracked: Tensor, poses: Tensor, config: RecipeConfig
) -> Callable[[np.ndarray, np.random.Generator], Tensor]:
    """A function that returns pose features (n, 96, POSE_FEATURES) of n of the dives with noise on the joints."""
    water = poses[..., -2:]

    def features(rows: np.ndarray, rng: np.random.Generator) -> Tensor:
        return clip_features(perturb(tracked[rows], _POSE_NOISE_PX, rng), water[rows]).to(config.device)

    return features
