"""What the stages of `training.recipe` share: learning rates, random generators, prefetching, freezing."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import numpy as np
from torch import nn

from fineparser_core.training.recipe_config import RecipeConfig

Drawn = TypeVar("Drawn")

#: Adam's peak learning rates: of heads that start new, and of the I3D trunks, which start from Kinetics.
HEAD_LR, TRUNK_LR = 1e-3, 1e-4
#: Gradients are clipped to this norm.
CLIP_NORM = 5.0
#: Standard deviation in samples of the target around a transition.
TRANSITION_WIDTH = 1.5


def draws(config: RecipeConfig, stage: int, iteration: int) -> np.random.Generator:
    """The generator of an iteration; it does not depend on earlier iterations, so that a run can be resumed."""
    return np.random.default_rng((config.seed, stage, iteration))


class Prefetcher(Generic[Drawn]):
    """Draws the batch of the next iteration in a thread while the current one is processed.

    Args:
        draw: maps an iteration to its batch, deterministically.
        iterations: total number of iterations.
    """

    def __init__(self, draw: Callable[[int], Drawn], iterations: int) -> None:
        self._draw, self._iterations = draw, iterations
        self._worker = ThreadPoolExecutor(1)
        self._next: tuple[int, Future[Drawn]] | None = None

    def __call__(self, iteration: int) -> Drawn:
        ready = self._next if self._next is not None and self._next[0] == iteration else None
        drawn = self._draw(iteration) if ready is None else ready[1].result()
        following = iteration + 1
        self._next = (following, self._worker.submit(self._draw, following)) if following < self._iterations else None
        return drawn


def freeze(*modules: nn.Module) -> None:
    """Disable the gradients of all parameters."""
    for module in modules:
        module.requires_grad_(False)


def trainable(*modules: nn.Module) -> list[nn.Parameter]:
    """All parameters that are not frozen."""
    return [p for module in modules for p in module.parameters() if p.requires_grad]
