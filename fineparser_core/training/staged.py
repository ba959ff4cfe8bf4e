"""The staged recipe of the bundled weights, which needs only two CPU cores.

1. masks: the spatial parser, initialised from Kinetics with a frozen stem, on single windows of many dives, with an
   auxiliary loss on keypoints. Then the mask sharpener on stored windows. Either part may be omitted if the run starts
   from weights.
2. frames: the backbone of the static encoder on single frames. A pose backbone learns keypoints, step, water and
   splash, then on whole clips the temporal refiners ("tracks") and the pose transition head ("steps"). A ResNet learns
   position, keypoints, step and quality.
3. parse: the last blocks of the I3D, PSNet and the dynamic stream, on all pairs of a batch. The front of the I3D is
   that of the spatial parser; its outputs are stored on disk.
4. heads: PSNet, reducers, both streams and the static projections on stored encodings.
5. static, with a pose backbone: the static projections and stream again, on the encodings and on many dives with
   simulated poses. Then the weights of the two streams are fitted on held-out dives.

The ground truth of rendered dives (`training.synthetic_labels`) supervises keypoints and the contributions of single
steps. These losses are absent for filmed dives.

Deviation: the paper trains everything at once, end to end, with one exemplar a query.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE, N_SAMPLES, TOKENS_PER_STEP, WINDOW_LENGTH
from fineparser_core.data.dives import Dive
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.regression import DYNAMIC_TOKENS
from fineparser_core.models.step_pooling import pair_boundaries
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.pose.static_stream import CUTS_MOVED
from fineparser_core.progress import CancelToken
from fineparser_core.training.batches import (
    by_number,
    draw_group,
    jitter,
    ordered_pairs,
)
from fineparser_core.training.ensemble_weights import fit_stream_weights, fit_transition_weights
from fineparser_core.training.loop import Stage, run_stage
from fineparser_core.training.losses import (
    regression_loss,
    transition_loss,
    transition_target,
)
from fineparser_core.training.mask_stages import mask_stage, sharpen_stage
from fineparser_core.training.pose_stages import pose_stage, static_stage, steps_stage, track_stage
from fineparser_core.training.refiner_stage import refiner_stage
from fineparser_core.training.single_frames import draw_frames
from fineparser_core.training.stage_tools import draws, freeze, trainable
from fineparser_core.training.staged_config import StagedConfig
from fineparser_core.training.stored_views import (
    EncodedDive,
    StoredView,
    encode_dives,
    store_poses,
    store_views,
)
from fineparser_core.training.stored_windows import store_windows
from fineparser_core.training.synthetic_labels import (
    N_JOINTS,
    GroundTruths,
    QualityHeads,
    masked_mse,
    scaled_qualities,
    true_contributions,
    visible_joints,
)
from fineparser_core.training.synthetic_poses import synthesize_poses
from fineparser_core.video.sampling import WINDOWS

logger = logging.getLogger(__name__)

_MASK_GRID = 14


def frame_stage(model: FineParser, dives: Sequence[Dive], truths: GroundTruths, config: StagedConfig) -> Stage:
    """Train the ResNet on single frames: position, step and, if known, keypoints and the quality of the step."""
    backbone = model.static_encoder.backbone.train()
    n_outputs = 3 + _MASK_GRID**2 + 2 * N_JOINTS + 3
    head = nn.Linear(model.static_encoder.backbone_size, n_outputs)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        drawn = draw_frames(dives, truths, config, draws(config, 2, iteration))
        with autocast(drawn.images.device, config.precision):
            features = backbone(drawn.images).float()
        out = head(features).split([3, _MASK_GRID**2, 2 * N_JOINTS, 3], dim=1)
        mask, phase_of, joints = drawn.masks, drawn.phases, drawn.joints
        phase = F.cross_entropy(out[0], phase_of)
        coarse = F.adaptive_avg_pool2d(mask[:, None], _MASK_GRID).flatten(1)
        place = F.binary_cross_entropy_with_logits(out[1], coarse)
        known = torch.where(visible_joints(joints, mask)[..., None], 10 * (joints - 0.5), torch.nan)
        joint = masked_mse(out[2].unflatten(1, (N_JOINTS, 2)), known)
        of_step = F.one_hot(phase_of, 3).bool()
        quality = masked_mse(out[3], scaled_qualities(drawn.dives, truths).masked_fill(~of_step, torch.nan))
        total = phase + 10 * place + config.joint_weight * joint + config.quality_weight * quality
        return {"total": total, "phase": phase, "place": place, "joints": joint, "quality": quality}

    return Stage(
        name="frames",
        modules={"backbone": backbone, "head": head},
        groups=[(trainable(backbone, head), config.head_lr)],
        iterations=config.frame_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def parse_stage(model: FineParser, views: Sequence[StoredView], truths: GroundTruths, config: StagedConfig) -> Stage:
    """Train PSNet, the dynamic stream and the last blocks of the I3D by L_TAP + L_Reg."""
    i3d = model.i3d.eval()
    freeze(i3d)
    trained = (i3d.mixed_4f, i3d.mixed_5b, i3d.mixed_5c)
    for block in trained:
        block.requires_grad_(True)
    psnet, reducers, stream = model.psnet.train(), model.reducers.train(), model.dynamic_stream.train()
    # The transitions are two labels a dive; the step of every sample of every window gives 144 labels.
    step_head = nn.Linear(FEATURE_SIZE, WINDOW_LENGTH * 3)
    quality_heads = QualityHeads(DYNAMIC_TOKENS)
    groups = by_number([v.dive.dive_number for v in views], 2)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 4, iteration)
        chosen = [views[i] for i in draw_group(groups, config.parse_batch, rng)]
        dives = [v.dive for v in chosen]
        n = len(chosen)
        front = torch.from_numpy(np.concatenate([v.front for v in chosen])).float()
        front = front.contiguous(memory_format=torch.channels_last_3d)
        with autocast(front.device, config.precision):
            feature = i3d.end(i3d.mixed_4f(front)).float().view(n, 9, -1)
        gated = model.gate(feature, torch.from_numpy(np.stack([v.mask_feature for v in chosen])))
        labels = torch.tensor([v.transitions for v in chosen])
        tap = transition_loss(psnet(gated), transition_target(labels, width=config.transition_width))
        query, exemplar = ordered_pairs(n)
        jittered = [jitter(v.transitions, CUTS_MOVED, rng) for v in chosen]
        boundaries = [pair_boundaries(jittered[q], jittered[e]) for q, e in zip(query, exemplar, strict=True)]
        tokens = [model.dynamic_tokens(gated[i], boundaries) for i in (query, exemplar)]
        # The dynamic stream predicts the whole difference here, hence the factor 2.
        points = 2 * stream(*tokens) * model.step_weights
        scores = torch.tensor([dive.score for dive in dives])
        qualities = scaled_qualities(dives, truths)
        losses = {
            "transitions": tap,
            "steps": _naming_loss(step_head(gated), labels),
            "regression": regression_loss(points.sum(dim=-1), scores[query] - scores[exemplar]),
            "contributions": 3 * masked_mse(points, true_contributions(dives, qualities, query, exemplar)),
            "quality": masked_mse(quality_heads(tokens[0]), qualities[query]),
        }
        total = _weighted(losses, config) + config.step_label_weight * losses["steps"]
        return {"total": total, **losses}

    return Stage(
        name="parse",
        modules={
            "i3d": i3d,
            "psnet": psnet,
            "reducers": reducers,
            "dynamic_stream": stream,
            "step_head": step_head,
            "quality_heads": quality_heads,
        },
        groups=[
            (trainable(psnet, reducers, stream, step_head, quality_heads), config.head_lr),
            (trainable(*trained), config.trunk_lr),
        ],
        iterations=config.parse_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def _naming_loss(named: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the step of every sample of every window.

    Args:
        named: (n, 9, 16 * 3) logits.
        labels: (n, 2) transitions.
    """
    steps = (torch.arange(N_SAMPLES)[None, :, None] >= labels[:, None, :]).sum(-1)[:, torch.tensor(WINDOWS)]
    return F.cross_entropy(named.unflatten(-1, (WINDOW_LENGTH, 3)).flatten(0, 2), steps.flatten())


def _weighted(losses: dict[str, Tensor], config: StagedConfig) -> Tensor:
    """The weighted sum of the losses of the stages "parse" and "heads"."""
    return (
        config.transition_weight * losses["transitions"]
        + config.regression_weight * losses["regression"]
        + config.contribution_weight * losses["contributions"]
        + config.quality_weight * losses["quality"]
    )


def head_stage(model: FineParser, encoded: Sequence[EncodedDive], truths: GroundTruths, config: StagedConfig) -> Stage:
    """Train the heads by L_TAP and L_Reg (Eq. 10 and 11) on all pairs of a batch of stored encodings."""
    static = model.static_encoder
    modules = {
        "psnet": model.psnet,
        "to_feature": static.to_feature,
        "projections": static.projections,
        "reducers": model.reducers,
        "dynamic_stream": model.dynamic_stream,
        "static_stream": model.static_stream,
        "dynamic_quality": QualityHeads(DYNAMIC_TOKENS),
        "static_quality": QualityHeads(TOKENS_PER_STEP),
    }
    for module in modules.values():
        module.train()
    groups = by_number([e.dive.dive_number for e in encoded], 2)
    gated_spread = np.std(np.stack([e.gated for e in encoded]), axis=(0, 1))
    static_spread = np.std(np.stack([e.frame_features for e in encoded[:: max(1, len(encoded) // 100)]]), axis=(0, 1))

    def noisy(arrays: list[np.ndarray], spread: np.ndarray, rng: np.random.Generator) -> Tensor:
        clean = np.stack(arrays)
        return torch.from_numpy(clean + config.feature_noise * spread * rng.standard_normal(clean.shape, np.float32))

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 5, iteration)
        chosen = [encoded[i] for i in draw_group(groups, config.head_batch, rng)]
        dives = [e.dive for e in chosen]
        jittered = [jitter(e.transitions, CUTS_MOVED, rng) for e in chosen]
        query, exemplar = ordered_pairs(len(chosen))
        gated = noisy([e.gated for e in chosen], gated_spread, rng)
        features = static.to_feature(noisy([e.frame_features for e in chosen], static_spread, rng))
        static_tokens = static.step_tokens(features, jittered)
        boundaries = [pair_boundaries(jittered[q], jittered[e]) for q, e in zip(query, exemplar, strict=True)]
        tokens = model.dynamic_tokens(gated[query], boundaries), model.dynamic_tokens(gated[exemplar], boundaries)
        relative = model.regress(tokens, (static_tokens[query], static_tokens[exemplar]))
        scores = torch.tensor([dive.score for dive in dives])
        qualities = scaled_qualities(dives, truths)
        points = true_contributions(dives, qualities, query, exemplar)
        parsed = [encoded[i] for i in rng.integers(0, len(encoded), 4 * config.head_batch)]
        labels = torch.tensor([e.transitions for e in parsed])
        probabilities = model.psnet(noisy([e.gated for e in parsed], gated_spread, rng))
        losses = {
            "transitions": transition_loss(probabilities, transition_target(labels, width=config.transition_width)),
            "regression": regression_loss(relative.delta, scores[query] - scores[exemplar]),
            "contributions": 3 * masked_mse(relative.dynamic + relative.static, points),
            "quality": masked_mse(modules["dynamic_quality"](tokens[0]), qualities[query])
            + masked_mse(modules["static_quality"](static_tokens), qualities),
        }
        return {"total": _weighted(losses, config), **losses}

    return Stage(
        name="heads",
        modules=modules,
        groups=[(trainable(*modules.values()), config.head_lr)],
        iterations=config.head_iterations,
        compute_losses=compute_losses,
        clip_norm=20.0,
    )


def _sharpen(model: FineParser, dives: Sequence[Dive], config: StagedConfig, out: Path, cancel: CancelToken) -> None:
    """Run the stage in a function, so that its stored windows, half a megabyte a dive, are released afterwards."""
    stage = sharpen_stage(model, lambda: store_windows(model, dives, config, out / "windows", cancel), config)
    run_stage(stage, out, cancel)


def _fit_ensemble_weights(
    model: FineParser, held_out: Sequence[Dive], config: StagedConfig, folder: Path, cancel: CancelToken
) -> None:
    """Fit the weights of transition heads and streams on held-out dives; parts that no stage has trained are kept.

    Repeated fits would reduce the weight of an unchanged PSNet below its limit of one half.
    """
    learned = bool(config.parse_iterations or config.head_iterations)
    if not (learned or config.steps_iterations or config.static_iterations):
        return
    encoded = encode_dives(model, store_views(model, held_out, config, folder, cancel), config, folder, cancel)
    if learned or config.steps_iterations:
        factors = fit_transition_weights(model, encoded, config.transition_width, keeps_psnet=not learned)
        logger.info("transition logits scaled by %.2f (PSNet) and %.2f (poses)", *factors)
    if learned or config.static_iterations:
        logger.info("streams scaled by %.2f and %.2f", *fit_stream_weights(model, encoded, keeps_dynamic=not learned))


def train_staged(
    model: FineParser,
    dives: Sequence[Dive],
    whole_frames: Sequence[Dive],
    truths: GroundTruths,
    config: StagedConfig,
    out: Path,
    cancel: CancelToken,
) -> None:
    """Run the stages; finished stages are loaded from disk, an interrupted one is resumed.

    Args:
        model: changed in place.
        dives: dives of the training split.
        whole_frames: some of them as whole frames, for the coarse pass of preprocessings that crop the athlete.
        truths: ground truth of the rendered dives.
        config: settings of the stages.
        out: folder of checkpoints and stored views.
        cancel: checked between iterations.

    Raises:
        Cancelled: `cancel` was set; call again to resume.
    """
    out.mkdir(parents=True, exist_ok=True)
    run_stage(mask_stage(model, dives, whole_frames, truths, config), out, cancel)
    if isinstance(model.spatial_parser.decoder, RefinedMaskDecoder):
        _sharpen(model, dives, config, out, cancel)
    held_out = dives[config.parse_dives : config.parse_dives + config.weighting_dives]
    learned = [*dives[: config.parse_dives], *dives[config.parse_dives + config.weighting_dives :]]
    folder = out / "views"
    has_poses = isinstance(model, FineParserPose)
    run_stage((pose_stage if has_poses else frame_stage)(model, learned, truths, config), out, cancel)
    backbone = model.static_encoder.backbone
    if isinstance(backbone, PoseBackbone):
        backbone.start_refiner()
        if truths and (config.track_iterations or config.refiner_iterations):
            coarse = store_poses(model, learned, config, folder, cancel, refined=False)
            run_stage(track_stage(model, coarse, truths, config, refined=False), out, cancel)
            run_stage(refiner_stage(model, coarse, truths, config), out, cancel)
    learns_from_poses = bool(config.track_iterations or config.steps_iterations or config.static_iterations)
    if isinstance(model, FineParserPose) and learns_from_poses:
        posed = store_poses(model, learned, config, folder, cancel)
        if truths:
            run_stage(track_stage(model, posed, truths, config, refined=True), out, cancel)
        run_stage(steps_stage(model, posed, config), out, cancel)
    if config.parse_iterations or config.head_iterations:
        views = store_views(model, learned[: config.parse_dives], config, folder, cancel)
        if config.parse_iterations:
            # The I3D of the temporal parser starts from the one of the trained spatial parser.
            model.i3d.load_state_dict(model.spatial_parser.encoder.state_dict())
            run_stage(parse_stage(model, views, truths, config), out, cancel)
        encoded = encode_dives(model, views, config, folder, cancel)
        run_stage(head_stage(model, encoded, truths, config), out, cancel)
    if has_poses and config.static_iterations:
        poses = synthesize_poses(learned, config.synthetic_dives, config.seed, out / "synthetic_poses.npz", cancel)
        run_stage(static_stage(model, poses, learned, posed, truths, config), out, cancel)
    if has_poses:
        _fit_ensemble_weights(model, held_out, config, folder, cancel)
