"""What every stage of `training.staged` draws from and sets."""

import numpy as np
from torch import nn

from fineparser_core.staged_config import StagedConfig

#: By how many samples the cuts between steps are moved at random.
JITTER = 2


def draws(config: StagedConfig, stage: int, iteration: int) -> np.random.Generator:
    """The generator of an iteration: it depends on nothing that came before."""
    return np.random.default_rng((config.seed, stage, iteration))


def freeze(*modules: nn.Module) -> None:
    """Keeps optimisers from their parameters."""
    for module in modules:
        module.requires_grad_(False)


def trainable(*modules: nn.Module) -> list[nn.Parameter]:
    """Their parameters that are not frozen."""
    return [p for module in modules for p in module.parameters() if p.requires_grad]
