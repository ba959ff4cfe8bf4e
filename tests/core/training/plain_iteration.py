"""A training iteration as the paper draws it, pair by pair, and ours, on the same pairs of noise and weights."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.spatial_parser import MaskDecoder
from fineparser_core.training.batches import Batch, ordered_pairs
from fineparser_core.training.objective import FineParserObjective
from fineparser_core.training.optimizer import fix_batch_norms
from fineparser_core.training.presets import get_config

Losses = Mapping[str, float]


def wide_fusion(decoder: MaskDecoder, sides: list[Tensor]) -> Tensor:
    """The fused map layer by layer as the paper draws it: every wide map is computed whole, then fused.

    `MaskDecoder` folds the fusing layer into the kernels before it, which gives the same maps from a sixteenth of
    the channels.
    """
    maps = [upsample(side) for upsample, side in zip(decoder.upsample_side, sides, strict=True)]
    fused: Tensor = decoder.fuse(torch.cat(maps, dim=1))
    return fused[:, 0]


def synthetic_batch(n_pairs: int, *, size: int = 112, seed: int = 0) -> Batch:
    """Pairs of noise: `2 n_pairs` videos, queries first, each pair in both directions as rows, as the paper has it."""
    rng = np.random.default_rng((seed, n_pairs))
    n = 2 * n_pairs
    shape = (N_SAMPLES, size, size)
    first = rng.integers(20, 40, n)
    transitions = torch.from_numpy(np.stack([first, first + rng.integers(20, 40, n)], axis=1))
    videos = torch.arange(n)
    return Batch(
        video=torch.from_numpy(rng.standard_normal((n, 3, *shape), dtype=np.float32)),
        masks=torch.from_numpy((rng.random((n, *shape)) < 0.1).astype(np.float32)),
        transitions=transitions,
        scores=torch.from_numpy(rng.uniform(30, 90, n).astype(np.float32)),
        difficulty=torch.full((n,), 3.0),
        awards=torch.full((n, 3), torch.nan),
        query=videos,
        exemplar=videos.roll(n_pairs),
        paired=True,
    )


def with_all_pairs(batch: Batch) -> Batch:
    """The same videos with all of their N (N - 1) ordered pairs."""
    query, exemplar = ordered_pairs(len(batch.video))
    return replace(batch, query=torch.from_numpy(query), exemplar=torch.from_numpy(exemplar), paired=False)


def straightforward_losses(model: FineParser, batch: Batch) -> Losses:
    """Float32, kernels and inputs in torch's default layout, the wide mask decoder; pair after pair, summed gradients.

    Args:
        model: copied.
        batch: as `synthetic_batch` arranges it.
    """
    plain = copy.deepcopy(model)
    decoder = plain.spatial_parser.decoder
    decoder._fused = partial(wide_fusion, decoder)  # type: ignore[method-assign]
    for parameter in plain.parameters():
        parameter.data = parameter.data.contiguous()
    # `FineParser.parse` lays its inputs out channels last. The way back is a copy of the frames: nothing beside
    # the first convolution.
    of_frames = next(module for module in plain.static_encoder.backbone.modules() if isinstance(module, nn.Conv2d))
    for first in (plain.i3d.conv3d_1a_7x7, plain.spatial_parser.encoder.conv3d_1a_7x7, of_frames):
        first.register_forward_pre_hook(lambda _, inputs: (inputs[0].contiguous(),))
    n_pairs = len(batch.video) // 2
    return _losses(plain, [_pair(batch, i) for i in range(n_pairs)])


def our_losses(model: FineParser, batch: Batch) -> Losses:
    """All videos in one batch, channels last; of a copy of the model."""
    return _losses(to_channels_last(copy.deepcopy(model)), [batch])


def _losses(model: FineParser, parts: list[Batch]) -> Losses:
    config = replace(get_config("release"), batch_norm="fixed")
    model.precision = torch.float32
    objective = FineParserObjective(model, config)
    fix_batch_norms(objective, config.batch_norm)
    sums: dict[str, float] = {}
    for part in parts:
        with torch.no_grad():
            losses = objective(part, 0.0)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + float(value) / len(parts)
    return sums


def _pair(batch: Batch, i: int) -> Batch:
    """Pair i alone: two videos, both directions."""
    rows = torch.tensor([i, i + len(batch.video) // 2])
    values: dict[str, Any] = {name: value[rows] for name, value in vars(batch).items() if isinstance(value, Tensor)}
    return replace(batch, **values | {"query": torch.tensor([0, 1]), "exemplar": torch.tensor([1, 0])})
