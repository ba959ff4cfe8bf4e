"""The training loop: optimizer, schedule, accumulation, checkpoints and events of a stage.

An interrupted stage resumes from its last checkpoint with the same batches and bitwise the same losses, because a batch
depends on nothing but (seed, epoch, index of the batch).
"""

import json
import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fineparser_core.checkpoints.state_dicts import save_checkpoint
from fineparser_core.errors import CheckpointError, ConfigError, FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.training.distributed import Processes
from fineparser_core.training.events import Events

logger = logging.getLogger(__name__)

CONSOLE_EVERY_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A training stage: the modules, their optimizer, and the losses.

    Attributes:
        name: of its checkpoint and its events.
        modules: by name; saved with the stage, in the mode (train or eval) that the stage has set.
        groups: (parameters, peak learning rate).
        iterations: updates of the optimizer.
        compute_losses: (iteration, part) to losses by name; "total" is minimized.
        schedule: (iteration, peak) to a learning rate.
        parts: how many batches' gradients an iteration sums.
        clip_norm: gradients are clipped to this norm; 0 is off.
        optimizer: "adam", "adamw" or "sgd".
        momentum: of "sgd".
        weight_decay: of the optimizer.
        scaled: whether losses are scaled for float16 gradients.
        checkpoint_every: iterations between checkpoints, besides the last and a cancelled iteration.
        kept: how many of the last checkpoints stay; where several, as OUT/<stage>-<iteration>.pt beside it.
        without_exchange: the context in which gradients are summed that processes need not exchange yet.
        after: work between iterations, for example an evaluation.
    """

    name: str
    modules: Mapping[str, nn.Module]
    groups: Sequence[tuple[Sequence[nn.Parameter], float]]
    iterations: int
    compute_losses: Callable[[int, int], dict[str, Tensor]]
    schedule: Callable[[int, float], float]
    parts: Callable[[int], int] = lambda iteration: 1
    clip_norm: float = 0.0
    optimizer: str = "adam"
    momentum: float = 0.0
    weight_decay: float = 0.0
    scaled: bool = False
    checkpoint_every: int = 100
    kept: int = 1
    without_exchange: Callable[[], AbstractContextManager[object]] = nullcontext
    after: "After | None" = None


@dataclass(frozen=True, kw_only=True)
class After:
    """Work between iterations, for example an evaluation.

    Attributes:
        due: whether work is due at an iteration count.
        work: (iteration, modules, state so far) to the new state, a JSON value that checkpoints keep.
    """

    due: Callable[[int], bool]
    work: Callable[[int, Mapping[str, nn.Module], Any], Any]


@dataclass
class _Progress:
    iteration: int = 0
    #: The iteration that `Stage.after` last worked after.
    worked: int = 0
    state: Any = None
    running: dict[str, float] = field(default_factory=dict)


def run_stage(
    stage: Stage, out: Path, cancel: CancelToken, *, events: Events | None = None, peers: Processes | None = None
) -> Any:
    """Run a stage to its end, resuming an interrupted stage; a finished stage is only loaded.

    Writes OUT/<stage>.pt (modules, optimizer, iteration, state). With several processes, the logged losses
    are those of the first process's part of the batch.

    Returns: the state that `Stage.after` made.

    Raises:
        FineParserError: where the loss is not finite; the last checkpoint is from before it.
        CheckpointError: the checkpoint is damaged or of other modules.
        ExportError: a checkpoint cannot be written; the checkpoint before is untouched.
        Cancelled: once the token of any process is set; the checkpoint is written first.
    """
    peers = peers or Processes()
    events = events or Events(out, on=peers.writes)
    path = out / f"{stage.name}.pt"
    optimizer = make_optimizer(stage)
    peaks = [lr for _, lr in stage.groups]
    scaler = torch.amp.GradScaler(peers.device.type, enabled=stage.scaled)
    now = _Progress()
    if path.exists():
        saved = load_checkpoint(path, peers.device)
        try:
            for name, module in stage.modules.items():
                module.load_state_dict(saved["modules"][name])
            optimizer.load_state_dict(saved["optimizer"])
            scaler.load_state_dict(saved["scaler"])
            now.iteration, now.worked = int(saved["iteration"]), int(saved["worked"])
            now.state = json.loads(saved["state"])
        except (KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{path} does not fit this run ({str(error).splitlines()[0]}): give the same settings, or another "
                "folder."
            ) from None
        logger.info("%s: going on at iteration %d of %d", stage.name, now.iteration, stage.iterations)
    events.go_on(stage.name, now.iteration)

    def checkpoint() -> None:
        if not peers.writes:
            return
        weights = (value for module in stage.modules.values() for value in module.state_dict().values())
        if not all(bool(value.isfinite().all()) for value in weights):
            raise FineParserError(
                f"The weights of stage '{stage.name}' are no longer finite after iteration {now.iteration}: lower the "
                "learning rate, or give --clip-norm; the last checkpoint is from before it."
            )
        content = {
            "modules": {name: module.state_dict() for name, module in stage.modules.items()},
            "optimizer": optimizer.state_dict(),
            "scaler": scaler.state_dict(),
            "iteration": now.iteration,
            "worked": now.worked,
            "state": json.dumps(now.state),
        }
        save_checkpoint(content, path)
        if stage.kept > 1:
            _keep(path, now.iteration, stage.kept)

    unread: list[tuple[int, float, dict[str, Tensor]]] = []

    def read_losses() -> None:
        """Take the losses over from the device, which has to finish first."""
        for iteration, rate, losses in unread:
            values = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))
            if not math.isfinite(values["total"]):
                raise FineParserError(
                    f"The loss of stage '{stage.name}' is {values['total']} at iteration {iteration - 1}: lower the "
                    "learning rate, or give --clip-norm; the last checkpoint is from before it."
                )
            events.write(stage.name, iteration, {**values, "lr": rate})
            for name, value in values.items():
                now.running[name] = 0.95 * now.running.get(name, value) + 0.05 * value
        unread.clear()

    began, first, reported_s = time.monotonic(), now.iteration, 0.0
    while True:
        if stage.after is not None and now.worked < now.iteration and stage.after.due(now.iteration):
            checkpoint()  # first, as this work may be cancelled or fail
            now.state = stage.after.work(now.iteration, stage.modules, now.state)
            now.worked = now.iteration
            checkpoint()
        if now.iteration == stage.iterations:
            return now.state
        watched = now.iteration % peers.unwatched == 0
        if (watched or peers.world == 1) and peers.any(cancel.cancelled):
            read_losses()
            checkpoint()
            peers.wait()  # torchrun ends all processes once any has ended
            cancel.cancel()
            cancel.raise_if_cancelled()
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = stage.schedule(now.iteration, peak)
        losses = _update(stage, now.iteration, optimizer, scaler)
        now.iteration += 1
        unread.append((now.iteration, optimizer.param_groups[0]["lr"], losses))
        saves = now.iteration % stage.checkpoint_every == 0 or now.iteration == stage.iterations
        evaluates = stage.after is not None and stage.after.due(now.iteration)
        if len(unread) == peers.unwatched or saves or evaluates:
            read_losses()
        if (not unread and time.monotonic() - reported_s > CONSOLE_EVERY_S) or now.iteration == stage.iterations:
            reported_s = time.monotonic()
            left_s = (reported_s - began) / (now.iteration - first) * (stage.iterations - now.iteration)
            text = ", ".join(f"{name} {value:.4g}" for name, value in now.running.items())
            logger.info("%s %d/%d: %s (%.0f s left)", stage.name, now.iteration, stage.iterations, text, left_s)
        if saves:
            checkpoint()


def make_optimizer(stage: Stage) -> torch.optim.Optimizer:
    """Return the optimizer of a stage over its groups of parameters, each at its peak learning rate."""
    groups = [{"params": list(params), "lr": lr} for params, lr in stage.groups]
    match stage.optimizer:
        case "adam":
            return torch.optim.Adam(groups, weight_decay=stage.weight_decay)
        case "adamw":
            return torch.optim.AdamW(groups, weight_decay=stage.weight_decay)
        case "sgd":
            return torch.optim.SGD(groups, momentum=stage.momentum, weight_decay=stage.weight_decay)
    raise ConfigError(f"Unknown optimizer '{stage.optimizer}': use adam, adamw or sgd.")


def _update(
    stage: Stage, iteration: int, optimizer: torch.optim.Optimizer, scaler: torch.amp.GradScaler
) -> dict[str, Tensor]:
    """Run an iteration: sum, clip and apply the gradients of its parts.

    Losses, on the device, are means of the parts.
    """
    optimizer.zero_grad(set_to_none=True)
    sums: dict[str, Tensor] = {}
    n_parts = stage.parts(iteration)
    for part in range(n_parts):
        with stage.without_exchange() if part < n_parts - 1 else nullcontext():
            losses = stage.compute_losses(iteration, part)
            scaler.scale(losses["total"]).backward()
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value.detach().double() / n_parts
    if stage.clip_norm:
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_([p for params, _ in stage.groups for p in params], stage.clip_norm)
    scaler.step(optimizer)
    scaler.update()
    return sums


def _keep(path: Path, iteration: int, kept: int) -> None:
    """Also name a checkpoint after its iteration, and remove the oldest of these names."""
    named = path.with_stem(f"{path.stem}-{iteration:08d}")
    named.unlink(missing_ok=True)
    try:
        os.link(path, named)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, named)
    for old in sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))[:-kept]:
        old.unlink()


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Read what `torch.save` wrote, as data alone.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        saved = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # damaged bytes make the unpickler fail in every way there is
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"{path} cannot be read ({reason}): delete it to start that stage again.") from None
    if not isinstance(saved, dict):
        raise CheckpointError(f"{path} is not a checkpoint of a training run: choose another folder.")
    return saved
