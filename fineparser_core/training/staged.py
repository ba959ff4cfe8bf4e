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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import Augmentation, View, draw_view, plain_view
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.i3d import FEATURE_SIZE
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE
from fineparser_core.models.step_pooling import pair_boundaries
from fineparser_core.progress import CancelToken
from fineparser_core.training.batches import (
    ALL_SAMPLES,
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
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.sampling import WINDOW_LENGTH, WINDOWS

logger = logging.getLogger(__name__)

_MASK_GRID = 14
_JITTER = 2
_AUGMENTATION = Augmentation(shift=0, rows=True, trim=0.2, colour=1.0)


@dataclass(frozen=True, kw_only=True)
class StagedConfig:
    """Sizes of the stages. Learning rates are Adam's peaks, weight decay 0."""

    seed: int = 10086
    preprocessing: str = "whole"
    #: Of the encoders' passes; "auto" is what the device is good at.
    precision: str = "auto"
    mask_iterations: int = 550
    mask_windows: int = 6
    frame_iterations: int = 120
    frame_batch: int = 24
    parse_iterations: int = 360
    parse_batch: int = 8
    parse_views: int = 1
    head_iterations: int = 500
    head_batch: int = 8
    head_lr: float = 1e-3
    trunk_lr: float = 1e-4
    transition_width: float = 1.5
    dice_weight: float = 1.0
    #: Scale of L_TAP and L_Reg in the last two stages, so that neither drowns the other.
    transition_weight: float = 20.0
    #: Weight in the parse stage of naming the step of every sample from its window's feature alone.
    step_weight: float = 0.5
    #: Dives whose frame features the heads stage uses: a ResNet pass costs more than all else there.
    static_dives: int = 150
    #: Standard deviation of the noise on the features that PSNet sees in the heads stage, relative to theirs.
    feature_noise: float = 0.2
    regression_weight: float = 0.002


def _rng(config: StagedConfig, stage: int, iteration: int) -> np.random.Generator:
    return np.random.default_rng((config.seed, stage, iteration))


def _random_view(dive: Dive, config: StagedConfig, rng: np.random.Generator) -> View:
    return draw_view(dive, config.preprocessing, _AUGMENTATION, rng)


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
        views = [_random_view(dive, config, rng) for dive in chosen]
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
            view, sample = _random_view(dive, config, rng), rng.integers(0, 96, 1)
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


@dataclass(frozen=True, kw_only=True)
class StoredView:
    """A view after the frozen parts: front (9, 528, 4, 7, 7) float16, mask_feature (9, 1024), transitions, label."""

    dive_number: str
    score: float
    transitions: tuple[int, int]
    front: np.ndarray
    mask_feature: np.ndarray


@torch.inference_mode()
def store_views(
    model: FineParser, dives: Sequence[Dive], config: StagedConfig, folder: Path, cancel: CancelToken
) -> list[StoredView]:
    """Runs the frozen parts once over `parse_views` views of each dive; kept on disk, so a cut costs one view.

    View 0 is the whole clip as inference sees it; the others are random.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    stored = []
    for n in range(config.parse_views):
        for index, dive in enumerate(dives):
            cancel.raise_if_cancelled()
            view = plain_view(dive, config.preprocessing)
            if n:
                view = _random_view(dive, config, np.random.default_rng((config.seed, 3, index, n)))
            with autocast(torch.device("cpu"), config.precision):
                front, mask_feature = _stored_arrays(model, dive, view, folder / f"{dive.key}-{n}.npz")
            stored.append(
                StoredView(
                    dive_number=dive.dive_number,
                    score=dive.score,
                    transitions=view.transitions(dive),
                    front=front,
                    mask_feature=mask_feature,
                )
            )
            if (index + 1) % 50 == 0:
                logger.info("stored view %d of %d/%d dives", n, index + 1, len(dives))
    return stored


def _stored_arrays(model: FineParser, dive: Dive, view: View, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if path.exists():
        with np.load(path, allow_pickle=False) as data:
            return data["front"], data["mask_feature"]
    video = frame_tensor(dive, view, ALL_SAMPLES)
    fronts, features = [], []
    for i in range(0, len(WINDOWS), 3):
        windows = video[torch.tensor(WINDOWS[i : i + 3])].transpose(1, 2)
        windows = windows.contiguous(memory_format=torch.channels_last_3d)
        fronts.append(model.i3d.front(windows)[0].half().numpy())
        features.append(model.spatial_parser.encoder(windows).float().numpy())
    front, mask_feature = np.concatenate(fronts), np.concatenate(features)
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, front=front, mask_feature=mask_feature)
    return front, mask_feature


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


@dataclass(frozen=True, kw_only=True)
class EncodedDive:
    """A view after all encoders: gated (9, 1024), frame_features (96, 512) or None."""

    dive_number: str
    score: float
    transitions: tuple[int, int]
    gated: np.ndarray
    frame_features: np.ndarray | None


@torch.inference_mode()
def encode_dives(
    model: FineParser,
    dives: Sequence[Dive],
    views: Sequence[StoredView],
    config: StagedConfig,
    folder: Path,
    cancel: CancelToken,
) -> list[EncodedDive]:
    """Every stored view through the last blocks, and the frame features of some whole clips, kept on disk.

    Views without frame features serve PSNet alone.
    """
    model.eval()
    encoded = []
    for index, view in enumerate(views):
        cancel.raise_if_cancelled()
        front = torch.from_numpy(view.front).float().contiguous(memory_format=torch.channels_last_3d)
        with autocast(front.device, config.precision):
            feature = model.i3d.end(model.i3d.mixed_4f(front)).float()
        gated = model.gate(feature, torch.from_numpy(view.mask_feature))
        whole = index < min(len(dives), config.static_dives)
        encoded.append(
            EncodedDive(
                dive_number=view.dive_number,
                score=view.score,
                transitions=view.transitions,
                gated=gated.numpy(),
                frame_features=_frame_features(model, dives[index], folder, config) if whole else None,
            )
        )
        if (index + 1) % 50 == 0:
            logger.info("encoded %d/%d views", index + 1, len(views))
    return encoded


def _frame_features(model: FineParser, dive: Dive, folder: Path, config: StagedConfig) -> np.ndarray:
    path = folder / f"{dive.key}-frames.npy"
    if path.exists():
        return np.load(path, allow_pickle=False)
    video = frame_tensor(dive, plain_view(dive, config.preprocessing), ALL_SAMPLES)
    with autocast(video.device, config.precision):
        chunks = [model.static_encoder.frame_features(chunk).float() for chunk in video.split(16)]
    features = torch.cat(chunks).numpy()
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, features)
    return features


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
