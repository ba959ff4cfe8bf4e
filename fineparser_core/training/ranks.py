"""The processes of a run that torchrun starts, a GPU each: who writes, and what they agree on."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.support.device import choose_device

#: Time that ranks wait for the first, which decodes dives and measures epochs.
_PATIENCE = timedelta(hours=12)
#: Variables by which torchrun tells a process of the others.
_VARIABLES = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Ranks:
    """This process among those of its run; by itself where nothing else is said.

    Attributes:
        rank: 0 for the process that writes.
        world: number of processes.
        device: of this process.
    """

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Return True if a process has the flag set, so that all stop at the same update."""
        flags = torch.tensor([float(flag)], device=self.device)
        if self.world > 1:
            dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        return bool(flags.item())

    def gather(self, value: Any) -> list[Any]:
        """Return the value of each process, by rank."""
        values: list[Any] = [value] * self.world
        if self.world > 1:
            dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.world > 1:
            dist.barrier()

    def wrap(self, objective: nn.Module) -> nn.Module:
        """Return the objective, with gradients averaged over the processes where there are several."""
        if self.world == 1:
            return objective
        # Views of the buckets, as gradients of kernels that lie channels last do not lie as plain buckets do.
        return DistributedDataParallel(objective, find_unused_parameters=True, gradient_as_bucket_view=True)

    def apart(self, objective: nn.Module) -> AbstractContextManager[None]:
        """Return the context in which a wrapped objective sums gradients that the processes need not exchange yet."""
        return objective.no_sync() if isinstance(objective, DistributedDataParallel) else nullcontext()


@contextmanager
def join_ranks(device: str = "auto") -> Iterator[Ranks]:
    """Join the processes that torchrun started, by NCCL on CUDA and gloo on a CPU, or run alone.

    Raises:
        ConfigError: the device is unavailable, or the environment names other processes but no way to them.
        FineParserError: another process ended while this process waited for it.
    """
    chosen, world = choose_device(device), world_size()
    if world == 1:
        yield Ranks(device=chosen)
        return
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
        torch.cuda.set_device(chosen)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Ranks(dist.get_rank(), world, chosen)
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise FineParserError("Another process of this run is gone: see what it says; --resume goes on.") from error
        raise
    finally:
        dist.destroy_process_group()


def world_size() -> int:
    """Return the number of processes that the environment names.

    Raises:
        ConfigError: it names several, but not how they meet.
    """
    given = os.environ.get("WORLD_SIZE", "1")
    missing = [name for name in _VARIABLES if name not in os.environ]
    if given != "1" and (not given.isdecimal() or given == "0" or missing):
        lacking = f" and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not" if missing else ""
        raise ConfigError(
            f"WORLD_SIZE is set to {given!r:.20}{lacking}, as torchrun would do it: start training by "
            "`torchrun --nproc-per-node N -m fineparser_core.train`, or unset WORLD_SIZE."
        )
    return int(given)
