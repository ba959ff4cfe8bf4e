"""The stage of `training.staged` that teaches `models.upright_look`. Not in the paper."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.pose_backbone import PoseBackbone
from fineparser_core.models.upright_look import BODY, BodySquares, body_squares
from fineparser_core.staged_config import StagedConfig
from fineparser_core.training.batches import frame_tensor, mask_tensor
from fineparser_core.training.loop import Stage
from fineparser_core.training.pose_stages import pose_loss, stacked_looks
from fineparser_core.training.single_frames import draw_sample
from fineparser_core.training.stage_tools import Ahead, draws, trainable
from fineparser_core.training.stored_views import SeenDive, random_view
from fineparser_core.training.truths import Truths, joint_points, shown_joints

# How squares may lie beside those of inference: zoomed, moved by shares of their side, turned (radians).
_ZOOM, _MOVED, _TURNED = (0.85, 1.25), 0.05, 0.26
_TOLD_NOISE_PX, _UNTOLD_SHARE = 1.0, 0.1


class _Drawn(NamedTuple):
    """Squares (N, 9, 112, 112) with those of the frames around, what they are told, and what is true in them."""

    squares: Tensor
    told: Tensor
    sure: Tensor
    points: Tensor
    shown: Tensor


def upright_stage(model: FineParser, seen_dives: Sequence[SeenDive], truths: Truths, config: StagedConfig) -> Stage:
    """Teaches the upright look joints of single frames, in squares around where the first looks have found the body.

    Args:
        seen_dives: their first looks.
    """
    backbone = model.static_encoder.backbone
    assert isinstance(backbone, PoseBackbone)
    assert backbone.upright is not None
    upright = backbone.upright.requires_grad_(True).train()
    known = [one for one in seen_dives if one.dive.record.key in truths]
    with torch.no_grad():
        tracked = backbone.first_tracked(stacked_looks(known))
        squares = body_squares(tracked)

    def draw(iteration: int) -> _Drawn:
        rng = draws(config, 11, iteration)
        drawn = [
            _draw_one(known[i], tracked[i], squares.at(i), truths, config, rng)
            for i in rng.integers(0, len(known), config.frame_batch)
        ]
        return _Drawn(*(torch.stack(part) for part in zip(*drawn, strict=True)))

    ahead = Ahead(draw, config.upright_iterations)

    def step(iteration: int, part: int) -> dict[str, Tensor]:
        drawn = ahead(iteration)
        seen = drawn.squares.contiguous(memory_format=torch.channels_last)
        with autocast(seen.device, config.precision):
            maps = upright.upright_maps(seen, drawn.told, drawn.sure)
        return {"total": pose_loss(upright, maps.float(), drawn.points, drawn.shown)}

    return Stage(
        name="upright",
        modules={"upright": upright},
        groups=[(trainable(upright), 2 * config.head_lr)],
        iterations=config.upright_iterations,
        step=step,
        clip_norm=5.0,
    )


def _draw_one(
    one: SeenDive, tracked: Tensor, squares: BodySquares, truths: Truths, config: StagedConfig, rng: np.random.Generator
) -> _Drawn:
    sample = draw_sample(one.dive, one.view, truths, rng)
    around = np.clip(sample + np.arange(-1, 2), 0, N_SAMPLES - 1)
    # Where a dive was looked at first is stored, its colours are not.
    colours = random_view(one.dive, config.preprocessing, rng)
    view = replace(one.view, gain=colours.gain, bias=colours.bias, saturation=colours.saturation)
    near = _elsewhere(squares.at(torch.from_numpy(around)), rng)
    here = near.at(1)
    cut = near.cut(frame_tensor(one.dive, view, around)).flatten(0, 1)
    told, sure = here.within(tracked[sample, :BODY, :2]), tracked[sample, :BODY, 2].sigmoid()
    told = told + _TOLD_NOISE_PX * torch.from_numpy(rng.standard_normal(told.shape, dtype=np.float32))
    if rng.random() < _UNTOLD_SHARE:
        sure = torch.zeros_like(sure)
    true = joint_points(one.dive, view, around[1:2], truths)
    seen = shown_joints(torch.from_numpy(true), mask_tensor(one.dive, view, around[1:2]))[0]
    points = here.within(MASK_SIZE * torch.from_numpy(true[0]))
    points[BODY:] = float("nan")  # the board is left to the first look
    if rng.random() < 0.5:
        cut = cut.flip(-1)
        told, points = (torch.stack([MASK_SIZE - xy[:, 0], xy[:, 1]], dim=1) for xy in (told, points))
    return _Drawn(cut, told, sure, points, seen & ((points >= 0) & (points < MASK_SIZE)).all(dim=-1))


def _elsewhere(squares: BodySquares, rng: np.random.Generator) -> BodySquares:
    """Squares that are larger or smaller, moved and turned, all alike."""
    by = torch.from_numpy(rng.normal(0, _MOVED, 2).astype(np.float32))
    angle = float(rng.uniform(-_TURNED, _TURNED))
    turn = torch.tensor([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], dtype=torch.float32)
    return BodySquares(
        squares.centre + squares.side[:, None] * by,
        squares.side * float(rng.uniform(*_ZOOM)),
        squares.trunk @ turn,
    )
