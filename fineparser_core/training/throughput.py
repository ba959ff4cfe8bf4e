"""The cost of a training iteration: a straightforward implementation and ours, on the same pairs and weights."""

import copy
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.config import TrainConfig
from fineparser_core.constants import N_SAMPLES
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.spatial_parser import MaskDecoder
from fineparser_core.training.batches import Batch, ordered_pairs
from fineparser_core.training.objective import FineParserObjective, fix_batch_norms
from fineparser_core.training.presets import get_config

Losses = Mapping[str, float]


def wide_fusion(decoder: MaskDecoder, sides: list[Tensor]) -> Tensor:
    """The fused map layer by layer as the paper draws it: every wide map is computed whole, then fused.

    `MaskDecoder` folds the fusing layer into the kernels before it, which gives the same maps from a sixteenth of
    the channels.
    """
    maps = [upsample(side) for upsample, side in zip(decoder.upsample_side, sides, strict=True)]
    fused: Tensor = decoder.fuse(torch.cat(maps, dim=1))
    return fused


@dataclass(frozen=True, kw_only=True)
class TimedIteration:
    """An implementation of a training iteration.

    Attributes:
        run: computes an iteration and returns its losses.
        pairs: ordered pairs in it.
    """

    run: Callable[[], Losses]
    pairs: int


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
        cuts=transitions,
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


def straightforward_iteration(model: FineParser, batch: Batch) -> TimedIteration:
    """Float32, kernels and inputs in torch's default layout, the wide mask decoder; pair after pair, summed gradients.

    Args:
        model: copied, the copy is trained.
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
    return _iteration(plain, torch.float32, [_pair(batch, i) for i in range(n_pairs)], pairs=len(batch.query))


def our_iteration(model: FineParser, batch: Batch, precision: torch.dtype) -> TimedIteration:
    """All videos in one batch, channels last, encoders in the given precision; a copy of the model is trained."""
    return _iteration(to_channels_last(copy.deepcopy(model)), precision, [batch], pairs=len(batch.query))


def seconds_per_iteration(
    ways: Mapping[str, TimedIteration], repeats: int
) -> tuple[dict[str, float], dict[str, Losses]]:
    """Median seconds and the losses of each implementation, after a run that is not counted.

    They take turns, so that whatever else the machine does slows all of them down alike.
    """
    losses = {name: way.run() for name, way in ways.items()}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way.run()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}, losses


def relative_differences(losses: Losses, expected: Losses) -> dict[str, float]:
    """|loss - expected| / |expected| of every term.

    Raises:
        ValueError: the two have other terms.
    """
    if losses.keys() != expected.keys():
        raise ValueError(f"terms {sorted(losses)} and {sorted(expected)} cannot be compared")
    return {name: abs(losses[name] - value) / abs(value) for name, value in expected.items()}


def _config() -> TrainConfig:
    return replace(get_config("release"), batch_norm="fixed")


def _iteration(model: FineParser, precision: torch.dtype, parts: list[Batch], *, pairs: int) -> TimedIteration:
    config = _config()
    model.precision = precision
    objective = FineParserObjective(model, config)
    fix_batch_norms(objective, config.batch_norm)
    # A rate of zero: the work of an update, while every iteration has the same weights.
    optimizer = torch.optim.Adam(_trained(objective), lr=0.0)

    def run() -> Losses:
        optimizer.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for part in parts:
            losses = objective(part, 0.0)
            (losses["total"] / len(parts)).backward()
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / len(parts)
        optimizer.step()
        return sums

    return TimedIteration(run=run, pairs=pairs)


def _trained(objective: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in objective.parameters() if parameter.requires_grad]


def _pair(batch: Batch, i: int) -> Batch:
    """Pair i alone: two videos, both directions."""
    rows = torch.tensor([i, i + len(batch.video) // 2])
    values: dict[str, Any] = {name: value[rows] for name, value in vars(batch).items() if isinstance(value, Tensor)}
    return replace(batch, **values | {"query": torch.tensor([0, 1]), "exemplar": torch.tensor([1, 0])})
