"""Pairs of noise to learn from."""

from dataclasses import replace

import numpy as np
import torch

from fineparser_core.constants import N_SAMPLES
from fineparser_core.training.batches import Batch, ordered_pairs


def synthetic_batch(n_pairs, *, size=112, seed=0):
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
        awards=torch.from_numpy(rng.integers(8, 20, (n, 3)) / 2).sort(dim=1).values.float(),
        elements=torch.tensor([[1, 0, 1, 7, 0], [2, 0, 3, 5, 0]] * n_pairs),
        query=videos,
        exemplar=videos.roll(n_pairs),
        paired=True,
    )


def with_all_pairs(batch):
    """The same videos with all of their N (N - 1) ordered pairs."""
    query, exemplar = ordered_pairs(len(batch.video))
    return replace(batch, query=torch.from_numpy(query), exemplar=torch.from_numpy(exemplar), paired=False)
