"""Learning rates: groups of parameters, the optimizer, the schedule and fixed batch norms."""

import logging
import math
from collections.abc import Sequence

import torch
from torch import nn

from fineparser_core.config import TrainConfig
from fineparser_core.errors import ConfigError
from fineparser_core.training.objective import Objective

logger = logging.getLogger(__name__)


def parameter_groups(objective: Objective, config: TrainConfig) -> list[tuple[list[nn.Parameter], float]]:
    """Freeze the parameters that the configuration names; group the rest by peak learning rate."""
    rates = {"model.i3d.": config.i3d_lr, "model.psnet.": config.psnet_lr}
    rates["model.spatial_parser.encoder."] = config.mask_encoder_lr
    groups: dict[float, list[nn.Parameter]] = {}
    unused = set(config.freeze)
    for name, parameter in objective.named_parameters():
        frozen = [prefix for prefix in config.freeze if name.startswith(f"model.{prefix}")]
        unused -= set(frozen)
        parameter.requires_grad_(not frozen)
        if not frozen:
            rate = next((rate for prefix, rate in rates.items() if name.startswith(prefix)), config.lr)
            groups.setdefault(rate, []).append(parameter)
    if unused:
        logger.warning("nothing of this network is called %s: not frozen", ", ".join(sorted(unused)))
    if not groups:
        raise ConfigError("freeze leaves nothing to train: name fewer prefixes.")
    return [(parameters, rate) for rate, parameters in groups.items()]


def make_optimizer(groups: list[tuple[list[nn.Parameter], float]], config: TrainConfig) -> torch.optim.Optimizer:
    """Return the optimizer over groups of parameters, each at its peak learning rate; fused on CPU and CUDA."""
    params = [{"params": parameters, "lr": rate} for parameters, rate in groups]
    fused = all(parameter.device.type in ("cpu", "cuda") for parameters, _ in groups for parameter in parameters)
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(params, weight_decay=config.weight_decay, fused=fused)
        case "adamw":
            return torch.optim.AdamW(params, weight_decay=config.weight_decay, fused=fused)


def rate_names(config: TrainConfig, peaks: Sequence[float]) -> list[str]:
    """Return the names in the log of the groups' learning rates; "lr" is that of all parts without one of their own."""
    own = {config.mask_encoder_lr: "lr_mask_encoder", config.psnet_lr: "lr_psnet", config.i3d_lr: "lr_i3d"}
    named = own | {config.lr: "lr"}
    return [named[peak] for peak in peaks]


def learning_rate(config: TrainConfig, iteration: int, iterations: int, peak: float) -> float:
    """Return the learning rate: linear warm-up from `warmup_lr`, then the schedule, whose cosine began with the run.

    Deviation: the paper's text names initial rates and no schedule; this is the release's.
    """
    warm_up = config.warmup_epochs * iterations / config.epochs
    if iteration < warm_up:
        return config.warmup_lr + (peak - config.warmup_lr) * iteration / warm_up
    if config.schedule == "constant":
        return peak
    return config.final_lr + (peak - config.final_lr) * 0.5 * (1 + math.cos(math.pi * iteration / iterations))


def fix_batch_norms(objective: Objective, batch_norm: str) -> None:
    """Put the objective in training mode, but for the batch norms that `TrainConfig.batch_norm` fixes."""
    objective.train()
    fixed = {"release": getattr(objective.model, "i3d", None), "fixed": objective}.get(batch_norm)
    kept = set(fixed.modules()) if fixed is not None else set()
    for module in objective.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            weights = list(module.parameters())
            if module in kept or (weights and not any(weight.requires_grad for weight in weights)):
                module.eval()
