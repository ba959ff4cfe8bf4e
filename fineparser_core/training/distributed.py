"""Several processes started by `torchrun` or `srun`, and the few collective operations that training needs."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.support.device import choose_device

logger = logging.getLogger(__name__)

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
    """Join the processes that `torchrun` or `srun` started, or run alone; a CUDA device each, gloo on CPU.

    Raises:
        ConfigError: the device is unavailable, or Slurm's variables do not say where the processes meet.
        FineParserError: another process ended while this process waited for it.
    """
    chosen, started_by = choose_device(device), _started_by(os.environ)
    world = int(started_by.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Processes(device=chosen)
        return
    os.environ |= started_by
    if chosen.type == "cuda":  # a task of Slurm may see its own device alone
        chosen = torch.device("cuda", int(started_by.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
        torch.cuda.set_device(chosen)
    logger.info("process %s of %d waits for the others", started_by["RANK"], world)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Processes(rank=dist.get_rank(), world=world, device=chosen)
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise FineParserError("Another process of this run is gone: see what it says; --resume goes on.") from error
        raise
    finally:
        dist.destroy_process_group()


def _started_by(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which processes meet, as torchrun sets them; made of Slurm's in a step of `srun`.

    torchrun has the last word, as `srun torchrun` starts one of it in each node. The script of `sbatch` is no step.
    """
    names = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
    if "WORLD_SIZE" in environment:
        return {name: environment[name] for name in names if name in environment}
    world = environment.get("SLURM_STEP_NUM_TASKS", "1")
    if world == "1":
        return {}
    try:
        nodes = environment["SLURM_STEP_NODELIST"]
        # Above the ports of services and below those that systems hand out; jobs that share a node get different ones.
        port = 20_000 + int(environment["SLURM_JOB_ID"]) % 12_000
        own = {"RANK": environment["SLURM_PROCID"], "LOCAL_RANK": environment["SLURM_LOCALID"]}
    except (KeyError, ValueError) as error:
        raise ConfigError(f"srun started {world} processes, but {error} is wrong or missing: use torchrun.") from None
    meeting = {"MASTER_ADDR": first_node(nodes), "MASTER_PORT": str(port)}
    return {"WORLD_SIZE": world, **own, **meeting} | {
        name: environment[name] for name in meeting if name in environment
    }


def first_node(nodes: str) -> str:
    """Return the first host of Slurm's compressed list of nodes: "gpu[007-009,12],x1" gives "gpu007"."""
    return re.sub(r"\[(\d+)[^]]*\]", r"\1", re.match(r"(?:[^,[]|\[[^]]*\])*", nodes)[0])  # type: ignore[index]
