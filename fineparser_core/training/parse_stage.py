"""The stage of `training.recipe` that trains the paper's own parts: PSNet, the dynamic stream and its I3D."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE, N_SAMPLES, WINDOW_LENGTH
from fineparser_core.inference.device import autocast
from fineparser_core.models.regression import DYNAMIC_TOKENS
from fineparser_core.models.step_pooling import pair_boundaries
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.static_stream import CUTS_MOVED
from fineparser_core.training.batches import by_number, draw_group, jitter, ordered_pairs
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import regression_loss, transition_loss, transition_target
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.stage_tools import (
    CLIP_NORM,
    HEAD_LR,
    TRANSITION_WIDTH,
    TRUNK_LR,
    draws,
    freeze,
    trainable,
)
from fineparser_core.training.stored_views import EncodedDive, stack_poses
from fineparser_core.training.synthetic_labels import (
    GroundTruths,
    QualityHeads,
    masked_mse,
    scaled_qualities,
    true_contributions,
)
from fineparser_core.video.sampling import WINDOWS

# Weights of the losses, so that none drowns the others.
_TRANSITION_WEIGHT, _STEP_WEIGHT, _REGRESSION_WEIGHT, _CONTRIBUTION_WEIGHT, _QUALITY_WEIGHT = 20.0, 0.5, 2e-3, 0.03, 0.5


def parse_stage(
    model: FineParserPose, encoded: Sequence[EncodedDive], truths: GroundTruths, config: RecipeConfig
) -> Stage:
    """Train PSNet, the dynamic stream and the last blocks of the I3D by L_TAP + L_Reg on all pairs of a batch.

    The I3D starts from the spatial parser's. The dynamic stream learns what the static stream, which is trained before
    it, leaves of the score difference: their sum is the prediction, and no weight of theirs has to be fitted.

    Deviation: the paper trains everything at once, end to end, with one exemplar a query.
    """
    i3d = model.i3d.eval()
    i3d.load_state_dict(model.spatial_parser.encoder.state_dict())
    freeze(i3d)
    trained = (i3d.mixed_4f, i3d.mixed_5b, i3d.mixed_5c)
    for block in trained:
        block.requires_grad_(True)
    static = model.static_encoder.eval()
    freeze(static, model.static_stream.eval())
    psnet, reducers, stream = model.psnet.train(), model.reducers.train(), model.dynamic_stream.train()
    for parameter in stream.regressor.layer3.parameters():
        nn.init.zeros_(parameter)
    # The transitions are two labels a dive; the step of every sample of every window gives 144 labels.
    step_head = nn.Linear(FEATURE_SIZE, WINDOW_LENGTH * 3).to(config.device)
    quality_heads = QualityHeads(DYNAMIC_TOKENS).to(config.device)
    groups = by_number([one.posed.dive.dive_number for one in encoded], 2)
    poses = stack_poses([one.posed for one in encoded])
    backbone = static.backbone

    @torch.no_grad()
    def static_points(
        rows: np.ndarray, cuts: Sequence[tuple[int, int]], query: np.ndarray, exemplar: np.ndarray
    ) -> Tensor:
        """What the static stream contributes to pairs, (P, 3) points."""
        features = static.to_feature(backbone.features(poses[rows].to(config.device)))
        tokens = static.step_tokens(features, cuts)
        points: Tensor = model.static_stream(tokens[query], tokens[exemplar]) * model.step_weights
        return points

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 4, iteration)
        rows = draw_group(groups, config.parse_batch, rng)
        chosen = [encoded[i] for i in rows]
        dives = [one.posed.dive for one in chosen]
        n, device = len(chosen), torch.device(config.device)
        front = torch.from_numpy(np.concatenate([one.front for one in chosen])).to(device).float()
        front = front.contiguous(memory_format=torch.channels_last_3d)
        with autocast(device, config.precision):
            feature = i3d.end(i3d.mixed_4f(front)).float().view(n, 9, -1)
        gated = model.gate(feature, torch.from_numpy(np.stack([one.mask_feature for one in chosen])).to(device))
        transitions = [one.posed.transitions for one in chosen]
        labels = torch.tensor(transitions)
        tap = transition_loss(psnet(gated), transition_target(labels, width=TRANSITION_WIDTH).to(device))
        query, exemplar = ordered_pairs(n)
        jittered = [jitter(cut, CUTS_MOVED, rng) for cut in transitions]
        boundaries = [pair_boundaries(jittered[q], jittered[e]) for q, e in zip(query, exemplar, strict=True)]
        tokens = [model.dynamic_tokens(gated[i], boundaries) for i in (query, exemplar)]
        points = stream(*tokens) * model.step_weights + static_points(rows, jittered, query, exemplar)
        scores = torch.tensor([dive.score for dive in dives])
        qualities = scaled_qualities(dives, truths)
        true = true_contributions(dives, qualities, query, exemplar).to(device)
        losses = {
            "transitions": tap,
            "steps": _naming_loss(step_head(gated), labels),
            "regression": regression_loss(points.sum(dim=-1), (scores[query] - scores[exemplar]).to(device)),
            "contributions": masked_mse(points, true),
            "quality": masked_mse(quality_heads(tokens[0]), qualities[query].to(device)),
        }
        total = (
            _TRANSITION_WEIGHT * losses["transitions"]
            + _STEP_WEIGHT * losses["steps"]
            + _REGRESSION_WEIGHT * losses["regression"]
            + _CONTRIBUTION_WEIGHT * losses["contributions"]
            + _QUALITY_WEIGHT * losses["quality"]
        )
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
            (trainable(psnet, reducers, stream, step_head, quality_heads), HEAD_LR),
            (trainable(*trained), TRUNK_LR),
        ],
        iterations=config.parse_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def _naming_loss(named: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the step of every sample of every window.

    Args:
        named: (n, 9, 16 * 3) logits.
        labels: (n, 2) transitions.
    """
    steps = (torch.arange(N_SAMPLES)[None, :, None] >= labels[:, None, :]).sum(-1)[:, torch.tensor(WINDOWS)]
    return F.cross_entropy(named.unflatten(-1, (WINDOW_LENGTH, 3)).flatten(0, 2), steps.flatten().to(named.device))
