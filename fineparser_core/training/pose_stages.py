"""The stages of `training.staged` that train the parts of `pose`."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.constants import MASK_SIZE, N_SAMPLES, SWAPPED_JOINTS, TOKENS_PER_STEP, TRUTH_JOINTS
from fineparser_core.data.dives import Dive
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.keypoints import (
    FRAMES_SEEN,
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
from fineparser_core.training.found_errors import FoundErrors
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import regression_loss, transition_loss, transition_target
from fineparser_core.training.single_frames import SingleFrames, draw_frames
from fineparser_core.training.stage_tools import Ahead, draws, freeze, trainable
from fineparser_core.training.staged_config import StagedConfig
from fineparser_core.training.stored_views import SeenDive
from fineparser_core.training.traced_poses import TracedPoses, disturbed
from fineparser_core.training.truths import (
    QualityHeads,
    Truths,
    joint_points,
    known_error,
    known_water,
    scaled,
    scaled_qualities,
    shown_joints,
    true_contributions,
)

_BOARD = TRUTH_JOINTS.index("board")
_SPOT_PX, _TRACK_BETA_PX = 3.0, 2.0
_PLACE_WEIGHT, _AUX_WEIGHT, _SPLASH_WEIGHT = 0.3, 0.3, 4.0
# Arms are the hardest to find, and what is wrong with a take-off shows in them.
_COUNTS = torch.tensor([2.0 if name.startswith(("elbow", "wrist")) else 1.0 for name in TRUTH_JOINTS])
_SPLASH_SAMPLES = 14  # for which it stands
_DROPOUT = 0.1
_FOUND_NOISE_PX = 0.7  # added to the joints of encoded dives, of which there are few


def pose_loss(finder: KeypointHeatmapNet, maps: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Of joint maps (N, 16, 28, 28): where each joint is, and whether it is seen; the mean over the joints that are.

    Args:
        points: (N, 16, 2) in pixels of the frame; shown: (N, 16) bool, which of them are seen.
    """
    places, likely, seen = soft_argmax(maps)[0], maps.flatten(2).log_softmax(dim=-1), finder.visibility(maps)

    def off(points: Tensor, shown: Tensor) -> Tensor:
        spot = gaussian_maps(points / MASK_SIZE, shown, MAP_SIZE, _SPOT_PX * MAP_SIZE / MASK_SIZE).flatten(2)
        spot = spot / spot.sum(dim=-1, keepdim=True).clamp_min(1e-6)
        return -(spot * likely).sum(dim=-1) + _PLACE_WEIGHT * (places - points).abs().sum(dim=-1)

    return _either_way(off, seen, points, shown).sum() / shown.sum().clamp_min(1)


def track_loss(tracked: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Of tracked joints (N, 16, 3), see `TemporalPoseRefiner`: pixels that they are off, and whether they are seen."""

    def off(points: Tensor, shown: Tensor) -> Tensor:
        return F.smooth_l1_loss(tracked[..., :2], points, beta=_TRACK_BETA_PX, reduction="none").sum(dim=-1)

    return _either_way(off, tracked[..., 2], points, shown).sum() / shown.sum().clamp_min(1)


def _either_way(off: Callable[[Tensor, Tensor], Tensor], seen: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """(N,) sums over the joints of `off`, of those that are shown, and of the logits `seen` (N, 16) that they are.

    Left and right of a body that turns in the air are a matter of convention: the better of both ways counts.
    """
    there = ~points[..., 0].isnan()
    known = torch.ones_like(points[..., 0])
    # Nothing is known of the boards of older data sets; where nothing at all is known, nothing is to be seen.
    known[:, _BOARD] = (there[:, _BOARD] | ~there.any(dim=1)).float()

    def against(points: Tensor, shown: Tensor) -> Tensor:
        points, there = torch.where(shown[..., None], points, 0.0), shown.float()
        unseen = F.binary_cross_entropy_with_logits(seen, there, reduction="none")
        return (off(points, shown) * _COUNTS * there + unseen * known).sum(dim=1)

    other = list(SWAPPED_JOINTS)
    return torch.minimum(against(points, shown), against(points[:, other], shown[:, other]))


def pose_stage(model: FineParser, dives: Sequence[Dive], truths: Truths, config: StagedConfig) -> Stage:
    """Teaches the pose backbone joints, steps, water and splash of single frames of dives whose joints are known."""
    backbone = model.static_encoder.backbone.train()
    assert isinstance(backbone, PoseBackbone)

    def draw(iteration: int) -> SingleFrames:
        return draw_frames(dives, truths, config, draws(config, 2, iteration), FRAMES_SEEN)

    ahead = Ahead(draw, config.frame_iterations)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        drawn = ahead(iteration)
        with autocast(drawn.images.device, config.precision):
            maps, aux = backbone.predict(drawn.images)
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
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def track_stage(
    model: FineParser,
    seen_dives: Sequence[SeenDive],
    truths: Truths,
    config: StagedConfig,
    *,
    refined: bool,
) -> Stage:
    """Trains a temporal pose refiner on the poses of whole clips.

    Args:
        refined: whether `seen_dives` hold refined poses, which have a tracker of their own, or coarse ones.
    """
    backbone = model.static_encoder.backbone
    assert isinstance(backbone, PoseBackbone)
    freeze(backbone)
    track = (backbone.upright.track if refined else backbone.track).requires_grad_(True).train()
    known = [one for one in seen_dives if one.dive.record.key in truths]

    @cache  # not needed where the stage is done and only loaded
    def clips() -> tuple[Tensor, list[Tensor], list[Tensor]]:
        points, shown = [], []
        for one in known:
            true = torch.from_numpy(joint_points(one.dive, one.view, ALL_SAMPLES, truths))
            points.append(MASK_SIZE * true)
            shown.append(shown_joints(true, mask_tensor(one.dive, one.view, ALL_SAMPLES)))
        found = torch.from_numpy(np.stack([one.poses[:, :-2] for one in known])).unflatten(2, (-1, KEYPOINT_SIZE))
        return found, points, shown

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        found, points, shown = clips()
        rng = draws(config, 9, iteration)
        rows = rng.integers(0, len(found), config.track_batch)
        seen, true = found[rows], torch.stack([points[i] for i in rows])
        if rng.random() < 0.5:
            seen, true = seen.clone(), true.clone()
            seen[..., 0], true[..., 0] = MASK_SIZE - seen[..., 0], MASK_SIZE - true[..., 0]
        there = torch.stack([shown[i] for i in rows])
        return {"total": track_loss(track(seen).flatten(0, 1), true.flatten(0, 1), there.flatten(0, 1))}

    return Stage(
        name="refiner-tracks" if refined else "tracks",
        modules={"track": track},
        groups=[(trainable(track), config.head_lr)],
        iterations=config.track_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def steps_stage(model: FineParserPose, seen_dives: Sequence[SeenDive], config: StagedConfig) -> Stage:
    """L_TAP (Eq. 10) of the pose transition head alone: PSNet is trained in other stages."""
    steps = model.pose_steps.requires_grad_(True).train()
    looks = stacked_poses(seen_dives)
    refound = _refound(_tracked(model, looks), looks)
    labels = torch.tensor([one.transitions for one in seen_dives])

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 10, iteration)
        rows = rng.integers(0, len(labels), config.track_batch)
        probabilities = steps(_dropout(refound(rows, rng), rng)).sigmoid()
        target = transition_target(labels[rows], width=config.transition_width)
        return {"total": transition_loss(probabilities, target)}

    return Stage(
        name="steps",
        modules={"pose_steps": steps},
        groups=[(trainable(steps), config.head_lr)],
        iterations=config.steps_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def _dropout(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Dropout drawn from the iteration's own generator: torch's would not know where a run that was cut had come to."""
    return x * torch.from_numpy(rng.random(x.shape) >= _DROPOUT) / (1 - _DROPOUT)


def _further(dive: Dive, frame: int, truths: Truths) -> tuple[float, float]:
    """Whether the athlete is in the water in a frame, and the size of a splash there; NaN for what is unknown."""
    water = known_water(dive, truths)
    if water is None:
        return float("nan"), float("nan")
    contact, splash = water
    since = (frame - contact) * N_SAMPLES / len(dive.frames)
    return float(since >= 0), splash if 0 <= since < _SPLASH_SAMPLES else float("nan")


def static_stage(
    model: FineParser,
    poses: TracedPoses,
    dives: Sequence[Dive],
    seen_dives: Sequence[SeenDive],
    truths: Truths,
    config: StagedConfig,
) -> Stage:
    """Teaches the static stream the qualities of the steps, and what they are worth against another dive's.

    It learns to tell the whole difference alone; `blending.blend_streams` weighs it against the dynamic stream.

    Args:
        poses: traced for `dives`, and seen with the errors that the backbone makes on `seen_dives`; half of a batch.
        seen_dives: rendered dives as the backbone sees them; the other half.
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
        module.train()
    known = [one for one in seen_dives if one.dive.record.key in truths]
    looks = stacked_poses(known)
    tracked = _tracked(model, looks)
    refound = _refound(tracked, looks)

    @cache  # not needed where the stage is done and only loaded
    def errors() -> FoundErrors:
        return FoundErrors(poses, dives, known, tracked, truths)

    traced_groups = by_number([dives[i].dive_number for i in poses.dives], 2)
    known_groups = by_number([one.dive.dive_number for one in known], 2)
    traced_qualities = scaled(poses.qualities)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 8, iteration)
        features, qualities, query, exemplar = [], [], [], []
        cuts: list[tuple[int, int]] = []
        of: list[Dive] = []

        def take(seen: Tensor, where: Sequence[tuple[int, int]], which: list[Dive], known_as: Tensor) -> None:
            pairs = ordered_pairs(len(which))
            query.append(pairs[0] + len(of))
            exemplar.append(pairs[1] + len(of))
            features.append(seen)
            cuts.extend(jitter(one, CUTS_MOVED, rng) for one in where)
            of.extend(which)
            qualities.append(known_as)

        for _ in range(config.static_groups):
            rows = draw_group(traced_groups, config.head_batch, rng)
            where = [(int(st), int(ed)) for st, ed in poses.transitions[rows]]
            seen = errors().seen(rows, config.pose_noise_px, rng)
            take(seen, where, [dives[i] for i in poses.dives[rows]], traced_qualities[rows])
            if known_groups:
                rows = draw_group(known_groups, config.head_batch, rng)
                chosen = [known[i] for i in rows]
                which = [e.dive for e in chosen]
                take(refound(rows, rng), [e.transitions for e in chosen], which, scaled_qualities(which, truths))
        true_qualities, q, e = torch.cat(qualities), np.concatenate(query), np.concatenate(exemplar)
        frames = static.to_feature(torch.cat(features))
        pieces = static.step_features(frames, cuts)
        tokens = _dropout(static.project(pieces, frames, cuts), rng)
        # The static stream stands for the whole score here, hence twice its half.
        points = 2 * stream(tokens[q], tokens[e]) * model.step_weights
        true = true_contributions(of, true_qualities, q, e)
        # The features learn soon what the projections, which convolve along them, learn late from tokens alone.
        means = torch.stack([piece.mean(dim=1, keepdim=True) for piece in pieces], dim=1)
        quality = known_error(modules["quality"](tokens), true_qualities)
        quality = quality + known_error(modules["quality_of_features"](means), true_qualities)
        contributions = 3 * known_error(points, true)
        regression = regression_loss(points.sum(dim=-1), true.sum(dim=-1))
        total = quality + 2 * config.contribution_weight * (contributions + regression)
        return {"total": total, "quality": quality, "contributions": contributions, "regression": regression}

    return Stage(
        name="static",
        modules=modules,
        groups=[(trainable(*modules.values()), 2 * config.head_lr)],
        iterations=config.static_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
        weight_decay=1e-5,
    )


def stacked_poses(seen_dives: Sequence[SeenDive]) -> Tensor:
    """(n, 96, FRAME_POSE_SIZE) of the dives."""
    poses = np.array([one.poses for one in seen_dives], np.float32)
    return torch.from_numpy(poses.reshape(-1, N_SAMPLES, FRAME_POSE_SIZE))


@torch.no_grad()
def _tracked(model: FineParser, looks: Tensor) -> Tensor:
    """(n, 96, 16, 3) tracked joints of looks (n, 96, FRAME_POSE_SIZE)."""
    backbone = model.static_encoder.backbone
    assert isinstance(backbone, PoseBackbone)
    return backbone.track_refined(looks)


def _refound(tracked: Tensor, looks: Tensor) -> Callable[[np.ndarray, np.random.Generator], Tensor]:
    """Gives (n, 96, POSE_FEATURES) of n of the dives, their joints tracked, as they might be found again."""
    more = looks[..., -2:]

    def refound(rows: np.ndarray, rng: np.random.Generator) -> Tensor:
        return clip_features(disturbed(tracked[rows], _FOUND_NOISE_PX, rng), more[rows])

    return refound
