"""The stages of `training.staged` that train the masks of the spatial parser."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES, WINDOW_LENGTH
from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import View
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.keypoints import gaussian_maps
from fineparser_core.pose.mask_refiner import MIDDLE_CHANNELS, RefinedMaskDecoder
from fineparser_core.training.batches import frame_tensor, mask_tensor, window_batch
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import dice_loss, mask_loss, structure_loss
from fineparser_core.training.stage_tools import draws, freeze, trainable
from fineparser_core.training.staged_config import StagedConfig
from fineparser_core.training.stored_views import random_view
from fineparser_core.training.stored_windows import LOGIT_STEP, StoredWindow
from fineparser_core.training.synthetic_labels import N_JOINTS, GroundTruths, keypoint_labels, visible_joints
from fineparser_core.video.preprocess import WHOLE


def mask_stage(
    model: FineParser, dives: Sequence[Dive], whole_frames: Sequence[Dive], truths: GroundTruths, config: StagedConfig
) -> Stage:
    """Train the spatial parser by L_SAP (Eq. 8), Dice on the fused map and, if known, the athlete's keypoints.

    The stem is frozen, and batch norms keep their Kinetics statistics. Some windows show whole frames, as in the coarse
    pass.
    """
    parser = model.spatial_parser
    encoder = parser.encoder.eval()
    freeze(encoder.conv3d_1a_7x7, encoder.conv3d_2b_1x1, encoder.conv3d_2c_3x3)
    freeze(encoder.mixed_5b, encoder.mixed_5c)
    decoder = parser.decoder
    if isinstance(decoder, RefinedMaskDecoder):
        freeze(decoder.refiner.sharpener)
    joint_head = nn.Conv3d(MIDDLE_CHANNELS, N_JOINTS, 1)
    nn.init.constant_(joint_head.get_parameter("bias"), -4.0)  # few cells contain a joint

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 1, iteration)
        frames, masks, chosen, views, starts = _mask_windows(dives, whole_frames, config, rng)
        with autocast(frames.device, config.precision):
            taps = parser.taps(frames)
            if isinstance(decoder, RefinedMaskDecoder):
                middle = decoder.refiner.middle(taps)
                logits, joint_maps = decoder(taps, None, middle).float(), joint_head(middle).float()
            else:
                logits, joint_maps = decoder(taps).float(), None
        focal, dice = mask_loss(logits, masks), dice_loss(logits[:, -1], masks)
        losses = {"total": 10 * focal + config.dice_weight * dice, "focal": focal, "dice": dice}
        if joint_maps is not None and truths:
            losses["joints"] = _spot_loss(joint_maps, chosen, views, starts, masks, truths)
            losses["total"] = losses["total"] + config.joint_weight * losses["joints"]
        return losses

    groups = [(trainable(parser.decoder, joint_head), config.head_lr), (trainable(encoder), config.trunk_lr)]
    return Stage(
        name="masks",
        modules={"spatial_parser": parser, "joint_head": joint_head},
        groups=groups,
        iterations=config.mask_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def sharpen_stage(model: FineParser, store: Callable[[], Sequence[StoredWindow]], config: StagedConfig) -> Stage:
    """Train `MaskSharpener` by cross-entropy, Dice and structure loss on single frames; everything else is frozen.

    Args:
        store: returns the training windows; called at the first iteration, so not at all if the stage is finished.
    """
    parser = model.spatial_parser.eval()
    freeze(parser)
    assert isinstance(parser.decoder, RefinedMaskDecoder)
    sharpener = parser.decoder.refiner.sharpener.requires_grad_(True).train()
    windows = cache(store)

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng, stored = draws(config, 6, iteration), windows()
        chosen = [stored[i] for i in rng.integers(0, len(stored), config.sharpen_batch)]
        logits, middle, frames, masks = [], [], [], []
        for window in chosen:
            pair = int(rng.integers(WINDOW_LENGTH // 2))  # the taps have half the temporal resolution
            two = slice(2 * pair, 2 * pair + 2)
            samples = window.start + np.arange(WINDOW_LENGTH)[two]
            logits.append(torch.from_numpy(window.logits[two]) * LOGIT_STEP)
            middle.append(torch.from_numpy(window.middle[:, pair : pair + 1]).float())
            frames.append(frame_tensor(window.dive, window.view, samples).transpose(0, 1))
            masks.append(mask_tensor(window.dive, window.view, samples))
        coarse, truth = torch.stack(logits), torch.stack(masks).flatten(0, 1)
        with autocast(coarse.device, config.precision):
            added = sharpener(coarse, torch.stack(frames), torch.stack(middle)).float()
        found = (coarse + added).flatten(0, 1)
        losses = {
            "entropy": F.binary_cross_entropy_with_logits(found, truth),
            "dice": dice_loss(found, truth),
            "structure": structure_loss(found, truth),
        }
        total = 10 * losses["entropy"] + config.dice_weight * losses["dice"]
        return {"total": total + config.structure_weight * losses["structure"], **losses}

    return Stage(
        name="sharpen",
        modules={"sharpener": sharpener},
        groups=[(trainable(sharpener), 2 * config.head_lr)],
        iterations=config.sharpen_iterations,
        compute_losses=compute_losses,
        clip_norm=5.0,
    )


def _mask_windows(
    dives: Sequence[Dive], whole_frames: Sequence[Dive], config: StagedConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor, list[Dive], list[View], list[int]]:
    """Draw `config.mask_windows` windows: frames, masks, dives, views and first samples."""
    n_whole = config.whole_frame_windows if whole_frames else 0
    chosen = [dives[i] for i in rng.integers(0, len(dives), config.mask_windows - n_whole)]
    views = [random_view(dive, config.preprocessing, rng) for dive in chosen]
    if n_whole:
        wholes = [whole_frames[i] for i in rng.integers(0, len(whole_frames), n_whole)]
        chosen += wholes
        views += [random_view(dive, WHOLE.name, rng) for dive in wholes]
    starts = rng.integers(0, N_SAMPLES - WINDOW_LENGTH + 1, len(chosen)).tolist()
    return *window_batch(chosen, views, starts), chosen, views, starts


def _spot_loss(
    spots: Tensor,
    dives: Sequence[Dive],
    views: Sequence[View],
    starts: Sequence[int],
    masks: Tensor,
    truths: GroundTruths,
) -> Tensor:
    """Cross-entropy of joint heatmaps (N, 16, 8, 28, 28); a map covers two samples, its target is their mean joint."""
    targets = []
    for dive, view, start, mask in zip(dives, views, starts, masks, strict=True):
        samples = np.arange(start, start + WINDOW_LENGTH)
        points = torch.from_numpy(keypoint_labels(dive, view, samples, truths)).unflatten(0, (-1, 2)).mean(dim=1)
        shown = visible_joints(points, mask[::2])
        targets.append(gaussian_maps(points, shown, spots.shape[-1]).transpose(0, 1))
    weight = 1 + 20 * (target := torch.stack(targets))  # a spot covers a hundredth of a map
    return F.binary_cross_entropy_with_logits(spots, target, weight=weight) * 10
