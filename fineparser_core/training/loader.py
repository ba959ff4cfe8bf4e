"""Batches made ahead of the network by worker processes."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from torch.utils.data import DataLoader, Dataset

from fineparser_core.config import TrainConfig
from fineparser_core.data.dives import DatasetDive
from fineparser_core.support.processes import STOP_SIGNALS, ignore, safe_path
from fineparser_core.training.batches import Batch, BatchPlan, make_batch

#: Number of batches that each worker makes ahead.
AHEAD = 2


class Batches(Protocol):
    """Which batch is computed when."""

    def place(self, iteration: int, part: int) -> tuple[int, int, BatchPlan]:
        """Return epoch, index in it, and plan of a batch."""

    def parts(self, iteration: int) -> Sequence[object]:
        """Return the parts of an iteration, as many as it sums."""


class BatchLoader:
    """The batches of a run in their order, equal whatever made them.

    A batch depends on nothing but the seed and its place, so that workers need no own generator.

    Args:
        dives: of the training split.
        iterations: where the run ends.
        workers: processes; 0 makes each batch on demand.
        pinned: hand batches over in page-locked memory, for a GPU.
    """

    def __init__(
        self,
        dives: Sequence[DatasetDive],
        config: TrainConfig,
        plan: Batches,
        iterations: int,
        *,
        workers: int,
        pinned: bool,
    ) -> None:
        self._made = _Made(dives, config, plan)
        self._iterations, self._workers, self._pinned = iterations, workers, pinned
        self._coming: Iterator[Batch] = iter(())
        self._next: tuple[int, int] | None = None

    def batch(self, iteration: int, part: int) -> Batch:
        """Return the batch of a place; the next batches are made meanwhile."""
        if not self._workers:
            return self._made[iteration, part]
        if self._next != (iteration, part):
            self._coming = self._from(iteration, part)
        more = part + 1 < len(self._made.plan.parts(iteration))
        self._next = (iteration, part + 1) if more else (iteration + 1, 0)
        while True:
            with suppress(InterruptedError):  # by Ctrl+C on Windows, which the run hears of at its checkpoint
                return next(self._coming)

    def close(self) -> None:
        """End the workers. They ignore the signal by which Python would end them at its exit."""
        self._coming, self._next = iter(()), None

    def _from(self, iteration: int, part: int) -> Iterator[Batch]:
        places = ((i, p) for i in range(iteration, self._iterations) for p in range(len(self._made.plan.parts(i))))
        wanted = (place for place in places if place >= (iteration, part))
        with safe_path():
            return iter(
                DataLoader(
                    self._made,
                    batch_size=None,
                    sampler=wanted,
                    num_workers=self._workers,
                    multiprocessing_context="fork" if sys.platform == "linux" else "spawn",
                    prefetch_factor=AHEAD,
                    pin_memory=self._pinned,
                    worker_init_fn=_begin,
                )
            )


def _begin(worker: int) -> None:
    """Ignore stop signals, which torchrun and Slurm send to all processes; batches must come until the checkpoint."""
    ignore(STOP_SIGNALS)


class _Made(Dataset[Batch]):
    def __init__(self, dives: Sequence[DatasetDive], config: TrainConfig, plan: Batches) -> None:
        self._dives, self._config, self.plan = dives, config, plan

    def __getitem__(self, place: tuple[int, int]) -> Batch:
        epoch, index, plan = self.plan.place(*place)
        return make_batch(self._dives, plan, self._config, (epoch, index))
