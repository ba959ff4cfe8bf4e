"""The batches of training: which dives are in which, their order in a run, and their tensors."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.exemplars import epoch_groups, epoch_pairs
from fineparser_core.data.records import DatasetDive, DiveRecord
from fineparser_core.data.transforms import draw_view, view_frames, view_masks
from fineparser_core.diving.dive_number import POSITIONS, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.models.aqa_model import normalize
from fineparser_core.support.processes import STOP_SIGNALS, ignore

#: Number of batches that each process makes ahead.
AHEAD = 2
_ALL = np.arange(N_SAMPLES)
# Part of the seed of each kind of draw, so that they are independent.
_VIEWS, _ORDER = 11, 13


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Dives and the ordered pairs among them.

    Attributes:
        video: (V, 3, 96, H, W) float32, ImageNet-normalized; as made, before `to`, (V, 96, H, W, 3) uint8 RGB, a
            quarter of the bytes to hand over.
        scores: (V,) points.
        difficulty: (V,) DD.
        place: epoch and index in it, on which alone every random draw depends.
        query, exemplar: (P,) int64, rows of the dives.
        paired: paper pairs: the first half of the dives are queries, the second half their exemplars in order, and
            the ordered pairs are these and then the same in the other direction.
        masks: (V, 96, H, W) share of athlete, before `to` uint8 of 255; None where the data set has none.
        transitions: (V, 2) int64, first samples of flight and entry, where the steps are cut; None likewise.
        awards: (V, 3) counted awards, ascending; nan rows where none are recorded.
        elements: (V, 5) int64: position, armstand or not, direction, half somersaults and half twists of the dive
            number, each from 0; rows of -1 for a number of no dive.
    """

    video: Tensor
    scores: Tensor
    difficulty: Tensor
    query: Tensor
    exemplar: Tensor
    paired: bool
    masks: Tensor | None = None
    transitions: Tensor | None = None
    awards: Tensor | None = None
    elements: Tensor | None = None
    place: tuple[int, int] = (0, 0)

    @cached_property
    def cuts(self) -> tuple[tuple[int, int], ...] | None:
        """The transitions as numbers of the host, so that reading them does not wait for the device."""
        return None if self.transitions is None else _pairs(self.transitions.tolist())

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Rows of the ordered pairs, query and exemplar, likewise."""
        return _pairs(zip(self.query.tolist(), self.exemplar.tolist(), strict=True))

    def to(self, device: torch.device) -> "Batch":
        """Return the same batch on a device, where pixels become what the network takes."""
        return self._each(lambda one: one.to(device, non_blocking=True))._as_network_input()

    def pin_memory(self) -> "Batch":
        """Return the same batch in page-locked memory, out of which a GPU fetches by itself."""
        return self._each(Tensor.pin_memory)

    def _as_network_input(self) -> "Batch":
        if self.video.dtype != torch.uint8:
            return self
        video = normalize(self.video.flatten(0, 1)).unflatten(0, self.video.shape[:2]).transpose(1, 2)
        masks = self.masks.float() / 255 if self.masks is not None else None
        return self._with({"video": video, "masks": masks})

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return self._with({k: change(v) for k, v in vars(self).items() if isinstance(v, Tensor)})

    def _with(self, changed: dict[str, Any]) -> "Batch":
        """Return the same dives and pairs with other tensors of them."""
        other = replace(self, **changed)
        vars(other).update(cuts=self.cuts, pairs=self.pairs)
        return other


def _pairs(numbers: Iterable[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, second) for first, second in numbers)


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """The content of a batch.

    Attributes:
        place: epoch and index of the batch in it, from 0, on which alone every random draw depends.
        dives: indices of the dives.
        query, exemplar: the ordered pairs, as rows of `dives`.
        paired: see `Batch`.
    """

    place: tuple[int, int]
    dives: tuple[int, ...]
    query: tuple[int, ...] = ()
    exemplar: tuple[int, ...] = ()
    paired: bool = False


def epoch_batches(records: Sequence[DiveRecord], config: TrainConfig, epoch: int) -> list[BatchPlan]:
    """Return every batch of an epoch, in order, drawn from (seed, epoch); as many in each epoch.

    Paper pairs: `batch_size` queries with an exemplar each, both directions. All pairs: up to `batch_size` dives that
    may be compared, all ordered pairs. A method that scores a dive alone sees every dive, `batch_size` at a time.
    """
    size = config.batch_size
    if not config.contrastive:
        order = np.random.default_rng((config.seed, _ORDER, epoch)).permutation(len(records)).tolist()
        chunks = [tuple(order[i : i + size]) for i in range(0, len(order), size)]
        return [BatchPlan(place=(epoch, index), dives=chunk) for index, chunk in enumerate(chunks)]
    if config.all_pairs:
        groups = epoch_groups(records, config.pairing, size, config.seed, epoch)
        batches = []
        for index, group in enumerate(groups):
            query, exemplar = (tuple(rows.tolist()) for rows in ordered_pairs(len(group)))
            batches.append(BatchPlan(place=(epoch, index), dives=tuple(group), query=query, exemplar=exemplar))
        return batches
    pairs = epoch_pairs(records, config.pairing, config.seed, epoch, lone=config.lone_pairs)
    batches = []
    for index, chunk in enumerate(pairs[i : i + size] for i in range(0, len(pairs), size)):
        first, second = range(len(chunk)), range(len(chunk), 2 * len(chunk))
        batches.append(
            BatchPlan(
                place=(epoch, index),
                dives=(*(q for q, _ in chunk), *(e for _, e in chunk)),
                query=(*first, *second),
                exemplar=(*second, *first),
                paired=True,
            )
        )
    return batches


class RunSampler(Sampler[BatchPlan]):
    """The batches of a process from the start of a run to its end; those of all processes are the same for a seed.

    The batches of each update are dealt to the processes in turn; who would get none gets the first again, which then
    counts nothing. Deviation: the release's accumulation is off by 1 and leaks into the next epoch; here an epoch
    ends with whatever is left.

    Attributes:
        iterations: updates of the weights in each epoch.
        rank, world: which process this is, and of how many.

    Raises:
        ConfigError: no two of the dives may be compared.
    """

    rank, world = 0, 1

    def __init__(self, records: Sequence[DiveRecord], config: TrainConfig) -> None:
        self._records, self._config = records, config
        self._start = 0
        self._updates = lru_cache(maxsize=2)(self._dealt)
        self.iterations = len(self._updates(0))
        if not self.iterations:
            raise ConfigError(
                f"Among {len(records)} training dives no two may be compared ('{config.pairing}'): train on more "
                "dives, or with --pairing random."
            )

    def plans(self, epoch: int) -> list[BatchPlan]:
        """Return the batches of an epoch."""
        return epoch_batches(self._records, self._config, epoch)

    def updates(self, epoch: int) -> list[list[BatchPlan]]:
        """Return the batches whose gradients each iteration of an epoch sums."""
        return self._updates(epoch)

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Begin at the "iteration" of a state."""
        self._start = state["iteration"]

    def __iter__(self) -> Iterator[BatchPlan]:
        epoch, done = divmod(self._start, self.iterations)
        for each in range(epoch, self._config.epochs):
            for update in self.updates(each)[done if each == epoch else 0 :]:
                rounds = range(self.rank, -(-len(update) // self.world) * self.world, self.world)
                yield from (update[place] if place < len(update) else update[0] for place in rounds)

    def _dealt(self, epoch: int) -> list[list[BatchPlan]]:
        every = self.plans(epoch)
        n_parts = self._config.grad_accum_steps
        return [every[i : i + n_parts] for i in range(0, len(every), n_parts)]


class BatchDataset(Dataset[Batch]):
    """The batches of training dives by their plans."""

    def __init__(self, dives: Sequence[DatasetDive], config: TrainConfig) -> None:
        self._dives, self._config = dives, config

    def __getitem__(self, plan: BatchPlan) -> Batch:
        return make_batch(self._dives, plan, self._config)


def batch_loader(
    batches: Dataset[Any], sampler: RunSampler, settings: RunSettings, device: torch.device
) -> DataLoader[Any]:
    """Return a loader of the batches of a run, equal whatever the number of processes that make them.

    A batch depends on nothing but its plan and the seed, so that no process needs a generator of its own.
    """
    workers = settings.loaders_of(device.type)
    options: dict[str, Any] = {}
    if workers:
        context = "fork" if sys.platform == "linux" else "spawn"
        options = {"multiprocessing_context": context, "prefetch_factor": AHEAD, "worker_init_fn": _ignore_stop_signals}
    return DataLoader(
        batches, batch_size=None, sampler=sampler, num_workers=workers, pin_memory=device.type == "cuda", **options
    )


def _ignore_stop_signals(worker: int) -> None:
    """Ignore what a terminal or a scheduler sends to all processes: batches must come until the checkpoint."""
    ignore(STOP_SIGNALS)


def make_batch(dives: Sequence[DatasetDive], plan: BatchPlan, config: TrainConfig) -> Batch:
    """Return the tensors of a batch, pixels as uint8.

    Args:
        dives: of the training split.
        plan: which of them, and which pairs.
    """
    chosen = [dives[i] for i in plan.dives]
    views = [
        draw_view(
            dive,
            config.preprocessing,
            np.random.default_rng((config.seed, _VIEWS, *plan.place, slot)),
            flip=config.flip,
            temporal_shift=config.temporal_shift,
        )
        for slot, dive in enumerate(chosen)
    ]
    seen = list(zip(chosen, views, strict=True))
    transitions = None
    if all(dive.first_flight_frame is not None for dive in chosen):
        transitions = torch.tensor([view.transitions(dive) for dive, view in seen])
    masks = None
    if all(dive.masks is not None for dive in chosen):
        masks = torch.from_numpy(np.stack([view_masks(dive, view, _ALL) for dive, view in seen]))
    return Batch(
        video=torch.from_numpy(np.stack([view_frames(dive, view, _ALL) for dive, view in seen])),
        scores=torch.tensor([dive.score for dive in chosen], dtype=torch.float32),
        difficulty=torch.tensor([dive.record.difficulty for dive in chosen], dtype=torch.float32),
        place=plan.place,
        query=torch.tensor(plan.query, dtype=torch.int64),
        exemplar=torch.tensor(plan.exemplar, dtype=torch.int64),
        paired=plan.paired,
        masks=masks,
        transitions=transitions,
        awards=torch.tensor(np.stack([three_awards(dive.record.awards) for dive in chosen]), dtype=torch.float32),
        elements=torch.tensor([_elements(dive.dive_number) for dive in chosen]),
    )


def three_awards(awards: Sequence[float]) -> np.ndarray:
    """Return the three counted awards, ascending; nan where none are recorded.

    Of seven the two highest and two lowest are dropped. The five that count in synchro become their lowest, median and
    highest, scaled so that three of them sum to three fifths of the five.
    """
    given = np.sort(np.asarray(awards, dtype=np.float64))
    if len(given) == 5 and given.sum() > 0:
        three = given[[0, 2, 4]]
        scaled: np.ndarray = three * (given.sum() * 3 / 5) / three.sum()
        return scaled
    return given[2:5] if len(given) == 7 else given if len(given) == 3 else np.full(3, np.nan)


def _elements(number: str) -> tuple[int, ...]:
    """Return the elements of a dive number, see `Batch`."""
    try:
        dive = parse_dive_number(number)
    except ConfigError:
        return (-1,) * 5
    turns = dive.half_somersaults, dive.half_twists
    return list(POSITIONS).index(dive.position), int(dive.armstand), dive.direction, *turns


def ordered_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the N(N - 1) ordered pairs of a batch: query and exemplar indices.

    The paper draws an exemplar for each query; every dive of the batch is encoded once here and serves in all pairs.
    """
    query, exemplar = np.nonzero(~np.eye(n, dtype=bool))
    return query, exemplar
