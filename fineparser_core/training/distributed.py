"""Several processes started by `torchrun`, and the few collective operations that training needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from fineparser_core.errors import FineParserError
from fineparser_core.inference.device import choose_device

#: Time that processes wait for a process that decodes or measures a last dive, or hangs.
_PATIENCE = timedelta(hours=1)
#: Iterations of a GPU between two looks at their losses, for which the host has to wait.
_UNWATCHED = 16


@dataclass(frozen=True)
class Processes:
    """This process among its peers.

    Attributes:
        rank: 0 for the process that writes.
        world: number of processes.
        device: of this process.
    """

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def writes(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0

    @property
    def unwatched(self) -> int:
        """Iterations that may pass before the host asks the device, or its peers, for numbers."""
        return _UNWATCHED if self.device.type == "cuda" else 1

    def any(self, flag: bool) -> bool:
        """Return True if any process has the flag set, so that all stop at the same step."""
        if self.world == 1:
            return flag
        flags = torch.tensor([float(flag)], device=self.device)
        dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        return bool(flags.item())

    def gather(self, value: Any) -> list[Any]:
        """Gather every process's value, by rank."""
        if self.world == 1:
            return [value]
        values: list[Any] = [None] * self.world
        dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Wait until all processes have called it."""
        if self.world > 1:
            dist.barrier()


@contextmanager
def processes(device: str = "auto") -> Iterator[Processes]:
    """Join the processes that `torchrun` started, or run alone; a CUDA device each, gloo on CPU.

    Raises:
        ConfigError: the device is unavailable.
        FineParserError: another process ended while this process waited for it.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = choose_device(device)
    if world == 1:
        yield Processes(device=chosen)
        return
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Processes(rank=dist.get_rank(), world=world, device=chosen)
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise FineParserError("Another process of this run is gone: see what it says; --resume goes on.") from error
        raise
    finally:
        dist.destroy_process_group()
