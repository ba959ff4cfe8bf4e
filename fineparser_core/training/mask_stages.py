"""The stages of `training.staged` that teach the spatial parser its masks."""

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
from fineparser_core.training.truths import N_JOINTS, Truths, joint_points, shown_joints
from fineparser_core.video.preprocess import WHOLE


def mask_stage(
    model: FineParser, dives: Sequence[Dive], first_looks: Sequence[Dive], truths: Truths, config: StagedConfig
) -> Stage:
    """L_SAP (Eq. 8) plus Dice on the fused map and, where they are known, the athlete's joints.

    The stem is frozen, batch norms stay at their Kinetics statistics. Some windows show whole frames, as the first look
    of a preprocessing that follows the athlete does.
    """
    parser = model.spatial_parser
    encoder = parser.encoder.eval()
    freeze(encoder.conv3d_1a_7x7, encoder.conv3d_2b_1x1, encoder.conv3d_2c_3x3)
    freeze(encoder.mixed_5b, encoder.mixed_5c)
    decoder = parser.decoder
    if isinstance(decoder, RefinedMaskDecoder):
        freeze(decoder.refiner.sharpener)
    joint_head = nn.Conv3d(MIDDLE_CHANNELS, N_JOINTS, 1)
    nn.init.constant_(joint_head.get_parameter("bias"), -4.0)  # hardly any cell holds a joint

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 1, iteration)
        frames, masks, chosen, views, starts = _mask_windows(dives, first_looks, config, rng)
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
    """Cross-entropy, Dice and structure loss of single frames, of `MaskSharpener` alone: everything else is done, and
    frozen.

    Args:
        store: gives the windows to learn from; asked at the first iteration, so never where the stage is done.
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
            pair = int(rng.integers(WINDOW_LENGTH // 2))  # the taps know two samples as one
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
    dives: Sequence[Dive], first_looks: Sequence[Dive], config: StagedConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor, list[Dive], list[View], list[int]]:
    """`config.mask_windows` windows with their masks, some of them first looks, and whose and where they are."""
    n_first = config.first_look_windows if first_looks else 0
    chosen = [dives[i] for i in rng.integers(0, len(dives), config.mask_windows - n_first)]
    views = [random_view(dive, config.preprocessing, rng) for dive in chosen]
    if n_first:
        wholes = [first_looks[i] for i in rng.integers(0, len(first_looks), n_first)]
        chosen += wholes
        views += [random_view(dive, WHOLE.name, rng) for dive in wholes]
    starts = rng.integers(0, N_SAMPLES - WINDOW_LENGTH + 1, len(chosen)).tolist()
    return *window_batch(chosen, views, starts), chosen, views, starts


def _spot_loss(
    spots: Tensor, dives: Sequence[Dive], views: Sequence[View], starts: Sequence[int], masks: Tensor, truths: Truths
) -> Tensor:
    """Cross-entropy of maps of joints (N, 16, 8, 28, 28); a map stands for two samples, the joint for their middle."""
    targets = []
    for dive, view, start, mask in zip(dives, views, starts, masks, strict=True):
        samples = np.arange(start, start + WINDOW_LENGTH)
        points = torch.from_numpy(joint_points(dive, view, samples, truths)).unflatten(0, (-1, 2)).mean(dim=1)
        shown = shown_joints(points, mask[::2])
        targets.append(gaussian_maps(points, shown, spots.shape[-1]).transpose(0, 1))
    weight = 1 + 20 * (target := torch.stack(targets))  # a spot is a hundredth of a map
    return F.binary_cross_entropy_with_logits(spots, target, weight=weight) * 10
