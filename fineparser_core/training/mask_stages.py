"""The stages of `training.recipe` that train the masks of the spatial parser."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES, WINDOW_LENGTH
from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import View
from fineparser_core.inference.device import autocast
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.keypoints import MAP_SIZE, gaussian_maps
from fineparser_core.pose.mask_refiner import MIDDLE_CHANNELS, RefinedMaskDecoder
from fineparser_core.training.batches import frame_tensor, mask_tensor, window_batch
from fineparser_core.training.loop import Stage
from fineparser_core.training.losses import dice_loss, mask_loss, structure_loss
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.stage_tools import CLIP_NORM, HEAD_LR, TRUNK_LR, draws, freeze, trainable
from fineparser_core.training.stored_views import random_view
from fineparser_core.training.stored_windows import LOGIT_STEP, StoredWindow
from fineparser_core.training.synthetic_labels import N_JOINTS, GroundTruths, keypoint_labels, visible_joints
from fineparser_core.video.preprocess import WHOLE

# Weights of 1 - S-measure, and of focal loss and cross-entropy, against the Dice loss and that of the joints.
_STRUCTURE_WEIGHT, _PIXEL_WEIGHT = 3.0, 10.0


def mask_stage(
    model: FineParserPose,
    dives: Sequence[Dive],
    whole_frames: Sequence[Dive],
    truths: GroundTruths,
    config: RecipeConfig,
) -> Stage:
    """Train the spatial parser by L_SAP (Eq. 8), Dice on the fused map and the athlete's keypoints.

    The stem is frozen, and batch norms keep their Kinetics statistics. Some windows show whole frames, as in the coarse
    pass.
    """
    parser = model.spatial_parser
    encoder = parser.encoder.eval()
    freeze(encoder.conv3d_1a_7x7, encoder.conv3d_2b_1x1, encoder.conv3d_2c_3x3)
    freeze(encoder.mixed_5b, encoder.mixed_5c)
    decoder = parser.decoder
    assert isinstance(decoder, RefinedMaskDecoder)
    freeze(decoder.refiner.sharpener)
    joint_head = nn.Conv3d(MIDDLE_CHANNELS, N_JOINTS, 1).to(config.device)
    nn.init.constant_(joint_head.get_parameter("bias"), -4.0)  # few cells contain a joint

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 1, iteration)
        frames, masks, chosen, views, starts = _mask_windows(dives, whole_frames, config, rng)
        spots = _joint_spots(chosen, views, starts, masks, truths).to(config.device)
        frames, masks = frames.to(config.device), masks.to(config.device)
        with autocast(frames.device, config.precision):
            taps = parser.taps(frames)
            middle = decoder.refiner.middle(taps)
            logits, joint_maps = decoder(taps, None, middle).float(), joint_head(middle).float()
        focal, dice = mask_loss(logits, masks), dice_loss(logits[:, -1], masks)
        # A spot covers a hundredth of a map.
        joints = 10 * F.binary_cross_entropy_with_logits(joint_maps, spots, weight=1 + 20 * spots)
        return {"total": _PIXEL_WEIGHT * focal + dice + joints, "focal": focal, "dice": dice, "joints": joints}

    groups = [(trainable(decoder, joint_head), HEAD_LR), (trainable(encoder), TRUNK_LR)]
    return Stage(
        name="masks",
        modules={"spatial_parser": parser, "joint_head": joint_head},
        groups=groups,
        iterations=config.mask_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def sharpen_stage(model: FineParserPose, windows: Sequence[StoredWindow], config: RecipeConfig) -> Stage:
    """Train `MaskSharpener` by cross-entropy, Dice and structure loss on single frames; everything else is frozen."""
    parser = model.spatial_parser.eval()
    freeze(parser)
    assert isinstance(parser.decoder, RefinedMaskDecoder)
    sharpener = parser.decoder.refiner.sharpener.requires_grad_(True).train()

    def compute_losses(iteration: int, part: int) -> dict[str, Tensor]:
        rng = draws(config, 6, iteration)
        chosen = [windows[i] for i in rng.integers(0, len(windows), config.sharpen_batch)]
        logits, middle, frames, masks = [], [], [], []
        for window in chosen:
            pair = int(rng.integers(WINDOW_LENGTH // 2))  # the taps have half the temporal resolution
            two = slice(2 * pair, 2 * pair + 2)
            samples = window.start + np.arange(WINDOW_LENGTH)[two]
            logits.append(torch.from_numpy(window.logits[two]) * LOGIT_STEP)
            middle.append(torch.from_numpy(window.middle[:, pair : pair + 1]).float())
            frames.append(frame_tensor(window.dive, window.view, samples).transpose(0, 1))
            masks.append(mask_tensor(window.dive, window.view, samples))
        coarse, seen, known, truth = (torch.stack(part).to(config.device) for part in (logits, frames, middle, masks))
        truth = truth.flatten(0, 1)
        with autocast(coarse.device, config.precision):
            added = sharpener(coarse, seen, known).float()
        found = (coarse + added).flatten(0, 1)
        losses = {
            "entropy": F.binary_cross_entropy_with_logits(found, truth),
            "dice": dice_loss(found, truth),
            "structure": structure_loss(found, truth),
        }
        total = _PIXEL_WEIGHT * losses["entropy"] + losses["dice"] + _STRUCTURE_WEIGHT * losses["structure"]
        return {"total": total, **losses}

    return Stage(
        name="sharpen",
        modules={"sharpener": sharpener},
        groups=[(trainable(sharpener), 2 * HEAD_LR)],
        iterations=config.sharpen_iterations,
        compute_losses=compute_losses,
        clip_norm=CLIP_NORM,
    )


def _mask_windows(
    dives: Sequence[Dive], whole_frames: Sequence[Dive], config: RecipeConfig, rng: np.random.Generator
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


def _joint_spots(
    dives: Sequence[Dive], views: Sequence[View], starts: Sequence[int], masks: Tensor, truths: GroundTruths
) -> Tensor:
    """Targets (N, 16, 8, 28, 28) of joint heatmaps; a map covers two samples, its target is their mean joint."""
    targets = []
    for dive, view, start, mask in zip(dives, views, starts, masks, strict=True):
        samples = np.arange(start, start + WINDOW_LENGTH)
        points = torch.from_numpy(keypoint_labels(dive, view, samples, truths)).unflatten(0, (-1, 2)).mean(dim=1)
        shown = visible_joints(points, mask[::2])
        targets.append(gaussian_maps(points, shown, MAP_SIZE).transpose(0, 1))
    return torch.stack(targets)
