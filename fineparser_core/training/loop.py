"""One training stage: optimiser, schedule, checkpoints on disk, events; every draw belongs to its iteration.

A stage that was cut goes on from its last checkpoint with the same batches, since a batch is drawn from
(seed, stage, iteration) and from nothing else.
"""

import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from fineparser_core.errors import FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.video.atomic import atomic_file

logger = logging.getLogger(__name__)

_WARM_UP = 50
_CHECKPOINT_EVERY = 100
_LOG_EVERY = 20


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a stage trains and how.

    Attributes:
        modules: by name; saved with the stage, in the mode (train or eval) that the stage has set.
        groups: (parameters, peak learning rate).
        step: iteration to losses by name; "total" is minimised.
    """

    name: str
    modules: Mapping[str, nn.Module]
    groups: Sequence[tuple[Sequence[nn.Parameter], float]]
    iterations: int
    step: Callable[[int], dict[str, Tensor]]
    clip_norm: float = 0.0


def learning_rate_factor(iteration: int, iterations: int) -> float:
    """Linear warm-up, then cosine to 5 % of the peak."""
    if iteration < _WARM_UP:
        return (iteration + 1) / _WARM_UP
    progress = (iteration - _WARM_UP) / max(1, iterations - _WARM_UP)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def run_stage(stage: Stage, out: Path, cancel: CancelToken) -> None:
    """Runs a stage to its end, or goes on where it was cut; a finished stage is only loaded.

    Writes OUT/<stage>.pt (modules, optimiser, iteration) and appends to OUT/events.jsonl.

    Raises:
        FineParserError: where the loss is not finite.
        Cancelled: once the token is set; the checkpoint is written first.
    """
    path = out / f"{stage.name}.pt"
    optimizer = torch.optim.Adam([{"params": list(params), "lr": lr} for params, lr in stage.groups])
    peaks = [lr for _, lr in stage.groups]
    start = 0
    if path.exists():
        saved = torch.load(path, map_location="cpu", weights_only=True)
        for name, module in stage.modules.items():
            module.load_state_dict(saved["modules"][name])
        optimizer.load_state_dict(saved["optimizer"])
        start = int(saved["iteration"])
        logger.info("%s: going on at iteration %d of %d", stage.name, start, stage.iterations)

    def checkpoint(iteration: int) -> None:
        modules = {name: module.state_dict() for name, module in stage.modules.items()}
        with atomic_file(path) as temporary:
            torch.save({"modules": modules, "optimizer": optimizer.state_dict(), "iteration": iteration}, temporary)

    began = time.monotonic()
    running: dict[str, float] = {}
    for iteration in range(start, stage.iterations):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * learning_rate_factor(iteration, stage.iterations)
        losses = stage.step(iteration)
        total = losses["total"]
        loss = float(total.detach())
        if not math.isfinite(loss):
            raise FineParserError(
                f"The loss of stage '{stage.name}' is {loss} at iteration {iteration}: lower the learning rate."
            )
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        if stage.clip_norm:
            nn.utils.clip_grad_norm_([p for params, _ in stage.groups for p in params], stage.clip_norm)
        optimizer.step()
        for name, value in losses.items():
            running[name] = 0.95 * running.get(name, float(value.detach())) + 0.05 * float(value.detach())
        done = iteration + 1
        if done % _LOG_EVERY == 0 or done == stage.iterations:
            left_s = (time.monotonic() - began) / (done - start) * (stage.iterations - done)
            text = ", ".join(f"{name} {value:.4g}" for name, value in running.items())
            logger.info("%s %d/%d: %s (%.0f s left)", stage.name, done, stage.iterations, text, left_s)
            with (out / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": stage.name, "iteration": done, **running}) + "\n")
        if cancel.cancelled or done % _CHECKPOINT_EVERY == 0 or done == stage.iterations:
            checkpoint(done)
        cancel.raise_if_cancelled()
