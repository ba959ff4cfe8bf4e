"""The recipe of the bundled weights: four stages, so that two CPU cores are enough.

1. masks: the spatial parser from Kinetics, its stem frozen, on single windows of many dives.
2. frames: the static encoder's ResNet from noise, on athlete position and step of single frames.
3. parse: the last blocks of the I3D (its frozen front is run once and kept on disk), PSNet and the dynamic stream
   together, on in-batch pairs.
4. heads: PSNet, reducers, both streams and the static projections on stored encodings.

Deviation: the paper trains everything at once, end to end, on one exemplar a query.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.config import StagedConfig
from fineparser_core.data.dives import Dive
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.i3d import FEATURE_SIZE
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE
from fineparser_core.models.step_pooling import pair_boundaries
from fineparser_core.progress import CancelToken
from fineparser_core.training.batches import (
    by_number,
    draw_group,
    frame_tensor,
    jitter,
    mask_tensor,
    ordered_pairs,
    window_batch,
)
from fineparser_core.training.loop import Stage, run_stage
from fineparser_core.training.losses import (
    dice_loss,
    mask_loss,
    regression_loss,
    transition_loss,
    transition_target,
)
from fineparser_core.training.stored_views import EncodedDive, StoredView, encode_dives, random_view, store_views
from fineparser_core.video.sampling import WINDOW_LENGTH, WINDOWS

logger = logging.getLogger(__name__)

_MASK_GRID = 14
_JITTER = 2


def _rng(config: StagedConfig, stage: int, iteration: int) -> np.random.Generator:
    return np.random.default_rng((config.seed, stage, iteration))


def _freeze(*modules: nn.Module) -> None:
    for module in modules:
        module.requires_grad_(False)


def _trainable(*modules: nn.Module) -> list[nn.Parameter]:
    return [p for module in modules for p in module.parameters() if p.requires_grad]


def mask_stage(model: FineParser, dives: Sequence[Dive], config: StagedConfig) -> Stage:
    """L_SAP (Eq. 8) plus Dice on the fused map; stem frozen, batch norms at their Kinetics statistics."""
    parser = model.spatial_parser
    encoder = parser.encoder.eval()
    _freeze(encoder.conv3d_1a_7x7, encoder.conv3d_2b_1x1, encoder.conv3d_2c_3x3)
    _freeze(encoder.mixed_5b, encoder.mixed_5c)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        rng = _rng(config, 1, iteration)
        chosen = [dives[i] for i in rng.integers(0, len(dives), config.mask_windows)]
        views = [random_view(dive, config, rng) for dive in chosen]
        frames, masks = window_batch(chosen, views, rng.integers(0, 81, len(chosen)).tolist())
        with autocast(frames.device, config.precision):
            logits = parser.decoder(parser.taps(frames)).float()
        focal, dice = mask_loss(logits, masks), dice_loss(logits[:, -1], masks)
        return {"total": 10 * focal + config.dice_weight * dice, "focal": focal, "dice": dice}

    groups = [(_trainable(parser.decoder), config.head_lr), (_trainable(encoder), config.trunk_lr)]
    return Stage(
        name="masks",
        modules={"spatial_parser": parser},
        groups=groups,
        iterations=config.mask_iterations,
        step=step,
        clip_norm=5.0,
    )


def frame_stage(model: FineParser, dives: Sequence[Dive], config: StagedConfig) -> Stage:
    """Gives the ResNet features to build on: where the athlete is (a coarse mask) and which step the frame is of."""
    backbone = model.static_encoder.backbone.train()
    head = nn.Linear(FRAME_FEATURE_SIZE, 3 + _MASK_GRID**2)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        rng = _rng(config, 2, iteration)
        frames, masks, phases = [], [], []
        for i in rng.integers(0, len(dives), config.frame_batch):
            dive = dives[i]
            view, sample = random_view(dive, config, rng), rng.integers(0, 96, 1)
            frames.append(frame_tensor(dive, view, sample))
            masks.append(F.adaptive_avg_pool2d(mask_tensor(dive, view, sample)[None], _MASK_GRID)[0])
            phases.append(int(np.searchsorted(view.transitions(dive), sample[0], side="right")))
        batch = torch.cat(frames).contiguous(memory_format=torch.channels_last)
        with autocast(batch.device, config.precision):
            features = backbone(batch).float()
        out = head(features)
        phase = F.cross_entropy(out[:, :3], torch.tensor(phases))
        place = F.binary_cross_entropy_with_logits(out[:, 3:], torch.cat(masks).flatten(1))
        return {"total": phase + 10 * place, "phase": phase, "place": place}

    return Stage(
        name="frames",
        modules={"backbone": backbone, "head": head},
        groups=[(_trainable(backbone, head), config.head_lr)],
        iterations=config.frame_iterations,
        step=step,
    )


def parse_stage(model: FineParser, views: Sequence[StoredView], config: StagedConfig) -> Stage:
    """L_TAP + L_Reg of the dynamic stream on I3D features behind the frozen front."""
    i3d = model.i3d.eval()
    _freeze(i3d)
    trained = (i3d.mixed_4f, i3d.mixed_5b, i3d.mixed_5c)
    for block in trained:
        block.requires_grad_(True)
    psnet, reducers, stream = model.psnet.train(), model.reducers.train(), model.dynamic_stream.train()
    # Two labels a dive teach the backbone slowly; the step of every sample of every window is 144 labels.
    step_head = nn.Linear(FEATURE_SIZE, WINDOW_LENGTH * 3)
    groups = by_number([v.dive_number for v in views], 2)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        rng = _rng(config, 4, iteration)
        chosen = [views[i] for i in draw_group(groups, config.parse_batch, rng)]
        n = len(chosen)
        front = torch.from_numpy(np.concatenate([v.front for v in chosen])).float()
        front = front.contiguous(memory_format=torch.channels_last_3d)
        with autocast(front.device, config.precision):
            feature = i3d.end(i3d.mixed_4f(front)).float().view(n, 9, -1)
        gated = model.gate(feature, torch.from_numpy(np.stack([v.mask_feature for v in chosen])))
        labels = torch.tensor([v.transitions for v in chosen])
        tap = transition_loss(psnet(gated), transition_target(labels, width=config.transition_width))
        query, exemplar = ordered_pairs(n)
        jittered = [jitter(v.transitions, _JITTER, rng) for v in chosen]
        boundaries = [pair_boundaries(jittered[q], jittered[e]) for q, e in zip(query, exemplar, strict=True)]
        tokens = [model.dynamic_tokens(gated[i], boundaries) for i in (query, exemplar)]
        # The dynamic stream alone stands for the whole score here, hence twice its half.
        delta = 2 * (stream(*tokens) * model.step_weights).sum(dim=-1)
        scores = torch.tensor([v.score for v in chosen])
        reg = regression_loss(delta, scores[query] - scores[exemplar])
        steps = (torch.arange(96)[None, :, None] >= labels[:, None, :]).sum(-1)[:, torch.tensor(WINDOWS)]
        named = step_head(gated).view(n, 9, WINDOW_LENGTH, 3)
        naming = F.cross_entropy(named.flatten(0, 2), steps.flatten())
        total = config.transition_weight * tap + config.step_weight * naming + config.regression_weight * reg
        return {"total": total, "transitions": tap, "steps": naming, "regression": reg}

    return Stage(
        name="parse",
        modules={
            "i3d": i3d,
            "psnet": psnet,
            "reducers": reducers,
            "dynamic_stream": stream,
            "step_head": step_head,
        },
        groups=[
            (_trainable(psnet, reducers, stream, step_head), config.head_lr),
            (_trainable(*trained), config.trunk_lr),
        ],
        iterations=config.parse_iterations,
        step=step,
        clip_norm=5.0,
    )


def head_stage(model: FineParser, encoded: Sequence[EncodedDive], config: StagedConfig) -> Stage:
    """L_TAP and L_Reg (Eq. 10 and 11) of the whole relative score on in-batch pairs of stored encodings."""
    modules = {
        "psnet": model.psnet,
        "projections": model.static_encoder.projections,
        "reducers": model.reducers,
        "dynamic_stream": model.dynamic_stream,
        "static_stream": model.static_stream,
    }
    for module in modules.values():
        module.train()
    whole = [e for e in encoded if e.frame_features is not None]
    groups = by_number([e.dive_number for e in whole], 2)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        rng = _rng(config, 5, iteration)
        chosen = [whole[i] for i in draw_group(groups, config.head_batch, rng)]
        jittered = [jitter(e.transitions, _JITTER, rng) for e in chosen]
        query, exemplar = ordered_pairs(len(chosen))
        gated = torch.from_numpy(np.stack([e.gated for e in chosen]))
        features = torch.from_numpy(np.stack([e.frame_features for e in chosen if e.frame_features is not None]))
        tokens = model.static_encoder.step_tokens(features, jittered)
        relative = model.compare(
            (gated[query], gated[exemplar]),
            (tokens[query], tokens[exemplar]),
            ([jittered[i] for i in query], [jittered[i] for i in exemplar]),
        )
        scores = torch.tensor([e.score for e in chosen])
        reg = regression_loss(relative.delta, scores[query] - scores[exemplar])
        parsed = [encoded[i] for i in rng.integers(0, len(encoded), 4 * config.head_batch)]
        labels = torch.tensor([e.transitions for e in parsed])
        features_seen = np.stack([e.gated for e in parsed])
        noise = rng.standard_normal(features_seen.shape, dtype=np.float32) * features_seen.std(axis=(0, 1))
        probabilities = model.psnet(torch.from_numpy(features_seen + config.feature_noise * noise))
        tap = transition_loss(probabilities, transition_target(labels, width=config.transition_width))
        total = config.transition_weight * tap + config.regression_weight * reg
        return {"total": total, "transitions": tap, "regression": reg}

    return Stage(
        name="heads",
        modules=modules,
        groups=[(_trainable(*modules.values()), config.head_lr)],
        iterations=config.head_iterations,
        step=step,
        clip_norm=20.0,
    )


def train_staged(
    model: FineParser, dives: Sequence[Dive], config: StagedConfig, out: Path, cancel: CancelToken
) -> None:
    """Runs the four stages; each that is finished on disk is loaded instead, each that was cut goes on.

    Raises:
        Cancelled: once the token is set; call again to go on.
    """
    out.mkdir(parents=True, exist_ok=True)
    run_stage(mask_stage(model, dives, config), out, cancel)
    run_stage(frame_stage(model, dives, config), out, cancel)
    views = store_views(model, dives, config, out / "views", cancel)
    run_stage(parse_stage(model, views, config), out, cancel)
    encoded = encode_dives(model, dives, views, config, out / "views", cancel)
    run_stage(head_stage(model, encoded, config), out, cancel)
