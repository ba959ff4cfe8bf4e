"""The stages of `training.staged` for a static stream that sees poses (`models.pose_backbone`). Not in the paper."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.data.dives import Dive
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.pose_backbone import MAP_SIZE, PoseBackbone, joint_places
from fineparser_core.models.static_encoder import TOKENS_PER_STEP
from fineparser_core.staged_config import StagedConfig
from fineparser_core.training.batches import by_number, draw_group, jitter, ordered_pairs
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import regression_loss
from fineparser_core.training.single_frames import draw_frames
from fineparser_core.training.stage_tools import JITTER, draws, trainable
from fineparser_core.training.stored_views import EncodedDive
from fineparser_core.training.traced_poses import TracedPoses
from fineparser_core.training.truths import (
    QualityHeads,
    Truths,
    joint_spots,
    known_error,
    scaled,
    scaled_qualities,
    shown_joints,
    true_contributions,
)
from fineparser_core.types import MASK_SIZE, N_SAMPLES, SWAPPED_JOINTS

_SPOT_PX = 3.0
_PLACE_WEIGHT, _AUX_WEIGHT, _SPLASH_WEIGHT = 0.15, 0.3, 4.0
_SPLASH_SAMPLES = 14  # for which it stands
_DROPOUT = 0.1


def pose_loss(backbone: PoseBackbone, maps: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Of joint maps (N, 15, 28, 28): where each joint is, and whether it is seen; the mean over the joints that are.

    Left and right of a body that turns in the air are a matter of convention: the better of both ways counts.

    Args:
        points: (N, 15, 2) in pixels of the frame; shown: (N, 15) bool, which of them are seen.
    """
    places, likely, seen = joint_places(maps), maps.flatten(2).log_softmax(dim=-1), backbone.shown(maps)

    def against(points: Tensor, shown: Tensor) -> Tensor:
        points, there = torch.where(shown[..., None], points, 0.0), shown.float()
        spot = joint_spots(points / MASK_SIZE, shown, MAP_SIZE, _SPOT_PX * MAP_SIZE / MASK_SIZE).flatten(2)
        spot = spot / spot.sum(dim=-1, keepdim=True).clamp_min(1e-6)
        off = -(spot * likely).sum(dim=-1) + _PLACE_WEIGHT * (places - points).abs().sum(dim=-1)
        return (off * there + F.binary_cross_entropy_with_logits(seen, there, reduction="none")).sum(dim=1)

    other = list(SWAPPED_JOINTS)
    each = torch.minimum(against(points, shown), against(points[:, other], shown[:, other]))
    return each.sum() / shown.sum().clamp_min(1)


def pose_stage(model: FineParser, dives: Sequence[Dive], truths: Truths, config: StagedConfig) -> Stage:
    """Teaches the pose backbone joints, steps, water and splash of single frames of dives whose joints are known."""
    backbone = model.static_encoder.backbone.train()
    assert isinstance(backbone, PoseBackbone)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        drawn = draw_frames(dives, truths, config, draws(config, 2, iteration))
        with autocast(drawn.images.device, config.precision):
            maps, aux = backbone.maps(drawn.images)
        maps, aux = maps.float(), aux.float()
        pose = pose_loss(backbone, maps, MASK_SIZE * drawn.joints, shown_joints(drawn.joints, drawn.masks))
        more = [_further(dive, frame, truths) for dive, frame in zip(drawn.dives, drawn.numbers, strict=True)]
        wet, splash = torch.tensor(more).unbind(dim=1)
        named = F.cross_entropy(aux[:, :3], drawn.phases)
        known = ~wet.isnan()
        water = F.binary_cross_entropy_with_logits(aux[known, 3], wet[known]) if known.any() else 0.0 * named
        size = _SPLASH_WEIGHT * known_error(aux[:, 4], splash)
        total = pose + _AUX_WEIGHT * (named + water + size)
        return {"total": total, "joints": pose, "phase": named, "water": water, "splash": size}

    return Stage(
        name="frames",
        modules={"backbone": backbone},
        groups=[(trainable(backbone), 2 * config.head_lr)],
        iterations=config.frame_iterations,
        step=step,
        clip_norm=5.0,
    )


def _further(dive: Dive, frame: int, truths: Truths) -> tuple[float, float]:
    """Whether the athlete is in the water in a frame, and the size of a splash there; NaN for what is unknown."""
    truth = truths.get(dive.record.key)
    if truth is None or truth.contact_frame is None or truth.splash is None:
        return float("nan"), float("nan")
    since = (frame - truth.contact_frame) * N_SAMPLES / len(dive.frames)
    return float(since >= 0), truth.splash if 0 <= since < _SPLASH_SAMPLES else float("nan")


def static_stage(
    model: FineParser,
    poses: TracedPoses,
    dives: Sequence[Dive],
    encoded: Sequence[EncodedDive],
    truths: Truths,
    config: StagedConfig,
) -> Stage:
    """Teaches the static stream the qualities of the steps, and what they are worth against another dive's.

    It learns to tell the whole difference alone; `blend_streams` weighs it against the dynamic stream.

    Args:
        poses: traced for `dives`; half of a batch.
        encoded: rendered dives as the backbone sees them; the other half.
    """
    static, stream = model.static_encoder, model.static_stream
    modules = {
        "to_feature": static.to_feature,
        "projections": static.projections,
        "static_stream": stream,
        "quality": QualityHeads(TOKENS_PER_STEP),
    }
    for module in modules.values():
        module.train()
    known = [e for e in encoded if e.dive.record.key in truths]
    traced_groups = by_number([dives[i].dive_number for i in poses.dives], 2)
    known_groups = by_number([e.dive.dive_number for e in known], 2)
    traced_qualities = scaled(poses.qualities)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 6, iteration)
        features, qualities, query, exemplar = [], [], [], []
        cuts: list[tuple[int, int]] = []
        of: list[Dive] = []

        def take(seen: Tensor, where: Sequence[tuple[int, int]], which: list[Dive], known_as: Tensor) -> None:
            pairs = ordered_pairs(len(which))
            query.append(pairs[0] + len(of))
            exemplar.append(pairs[1] + len(of))
            features.append(seen)
            cuts.extend(jitter(one, JITTER, rng) for one in where)
            of.extend(which)
            qualities.append(known_as)

        for _ in range(config.static_groups):
            rows = draw_group(traced_groups, config.head_batch, rng)
            where = [(int(st), int(ed)) for st, ed in poses.transitions[rows]]
            seen = poses.seen(rows, config.pose_noise_px, rng)
            take(seen, where, [dives[i] for i in poses.dives[rows]], traced_qualities[rows])
            if known_groups:
                chosen = [known[i] for i in draw_group(known_groups, config.head_batch, rng)]
                seen = torch.from_numpy(np.stack([e.frame_features for e in chosen]))
                which = [e.dive for e in chosen]
                take(seen, [e.transitions for e in chosen], which, scaled_qualities(which, truths))
        true_qualities, q, e = torch.cat(qualities), np.concatenate(query), np.concatenate(exemplar)
        tokens = F.dropout(static.step_tokens(static.to_feature(torch.cat(features)), cuts), _DROPOUT)
        # The static stream stands for the whole score here, hence twice its half.
        points = 2 * stream(tokens[q], tokens[e]) * model.step_weights
        true = true_contributions(of, true_qualities, q, e)
        quality = known_error(modules["quality"](tokens), true_qualities)
        contributions = 3 * known_error(points, true)
        regression = regression_loss(points.sum(dim=-1), true.sum(dim=-1))
        total = quality + 2 * config.contribution_weight * (contributions + regression)
        return {"total": total, "quality": quality, "contributions": contributions, "regression": regression}

    return Stage(
        name="static",
        modules=modules,
        groups=[(trainable(*modules.values()), 2 * config.head_lr)],
        iterations=config.static_iterations,
        step=step,
        clip_norm=5.0,
        weight_decay=1e-5,
    )


@torch.no_grad()
def blend_streams(model: FineParser, encoded: Sequence[EncodedDive]) -> tuple[float, float]:
    """Scales the two streams by the least squares of score differences between dives that neither has learned from.

    Args:
        encoded: held-out dives. Without two of a number the streams stay as they are.

    Returns: the factors of the dynamic and of the static stream, between 0 and 2.
    """
    model.eval()
    parts, differences = [], []
    for group in by_number([e.dive.dive_number for e in encoded], 2):
        chosen = [encoded[i] for i in group]
        cuts = [e.transitions for e in chosen]
        gated = torch.from_numpy(np.stack([e.gated for e in chosen]))
        features = model.static_encoder.to_feature(torch.from_numpy(np.stack([e.frame_features for e in chosen])))
        tokens = model.static_encoder.step_tokens(features, cuts)
        query, exemplar = ordered_pairs(len(chosen))
        transitions = [cuts[i] for i in query], [cuts[i] for i in exemplar]
        found = model.compare((gated[query], gated[exemplar]), (tokens[query], tokens[exemplar]), transitions)
        scores = torch.tensor([e.dive.score for e in chosen])
        parts.append(torch.stack([found.dynamic.sum(dim=-1), found.static.sum(dim=-1)], dim=1))
        differences.append(scores[query] - scores[exemplar])
    if not parts:
        return 1.0, 1.0
    factors = torch.linalg.lstsq(torch.cat(parts), torch.cat(differences)[:, None]).solution[:, 0].clamp(0.0, 2.0)
    for stream, factor in zip((model.dynamic_stream, model.static_stream), factors, strict=True):
        last: nn.Linear = stream.regressor.layer3
        for parameter in last.parameters():
            parameter.mul_(factor)
    return float(factors[0]), float(factors[1])
