"""A plan before work: what a run computes, and what it takes of time, memory and disk on this machine."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch.utils.flop_counter import FlopCounterMode

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.data.frame_cache import default_cache
from fineparser_core.data.records import DiveSet
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.models.fineparser import FIXED_TRANSITIONS
from fineparser_core.support.device import PRECISIONS, choose_precision
from fineparser_core.training.batches import Batch, BatchPlan, RunSampler
from fineparser_core.training.dives import split_caches, split_records
from fineparser_core.training.initial import check_start
from fineparser_core.training.objective import make_objective
from fineparser_core.training.optimizer import fix_batch_norms, parameter_groups
from fineparser_core.training.presets import PRESETS

#: Bytes that a parameter takes in a checkpoint of a run: itself, Adam's two means, and the weights that are kept.
_CHECKPOINT_BYTES = 4 * 4
_MAX_RSS_BYTES = 1 if sys.platform == "darwin" else 1024
#: Settings that belong to the machine, the data or the way of measuring, and not to the release.
_NOT_COMPARED = ("layout", "seed")


@dataclass(frozen=True)
class StepCost:
    """Cost of a piece of training.

    Attributes:
        flop: floating point operations, forward and backward; a multiplication with its addition is two.
        seconds: time that it took.
        memory_bytes: most that the device, or on a CPU the process, has held so far; 0 where that is not known.
    """

    flop: int
    seconds: float
    memory_bytes: int

    def text(self, repeats: int) -> str:
        """Return it as words, with the time that so many of them take."""
        memory = f", {self.memory_bytes / 1e9:.1f} GB of memory" if self.memory_bytes else ""
        hours = repeats * self.seconds / 3600
        total = f"{self.flop * repeats:.2g} FLOP, about {hours:.1f} h" if hours > 0.1 else f"about {hours * 3600:.0f} s"
        return f"{self.flop / 1e9:.0f} GFLOP, {self.seconds:.2f} s{memory}; {repeats} of them {total}"


def measure_step(step: Callable[[], object], device: torch.device) -> StepCost:
    """Run a piece of training and measure it."""
    with FlopCounterMode(display=False) as counter:
        began_s = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds = time.perf_counter() - began_s
    return StepCost(counter.get_total_flops(), seconds, _most_memory(device))


def describe(config: TrainConfig, device: torch.device) -> str:
    """Return what is learned in an update, the arithmetic, and in which settings a FineParser differs from the release.

    Batch norms see the pairs of a batch; 16 pairs an update are what the release's rates belong to.
    """
    what = "pairs" if config.contrastive and not config.all_pairs else "dives"
    size, parts = config.batch_size * config.grad_accum_steps, config.grad_accum_steps
    text = f"{size} {what} an update, {parts} x {config.batch_size}, as batch norms see them"
    text += f"; {choose_precision(device, config.precision)}, TF32 {config.tf32}"
    release = PRESETS["release"]
    if config.method != release.method:
        return text
    names = [field.name for field in fields(config) if field.name not in _NOT_COMPARED]
    other = {name: getattr(release, name) for name in names if getattr(config, name) != getattr(release, name)}
    told = ", ".join(f"{name} {getattr(config, name)} ({theirs})" for name, theirs in other.items())
    return f"{text}; {f'differs from the release in {told}' if told else 'every setting is that of the release'}"


def plan_run(config: TrainConfig, data: DiveSet, settings: RunSettings, device: torch.device) -> str:
    """Return the plan of a run as lines; nothing is written, and no frame is decoded.

    Time and memory are those of a batch of blank videos on this machine, without measuring epochs.

    Raises:
        FineParserError: what the run itself would be refused for.
    """
    check_start(config, settings)
    records = split_records(data, config, settings)
    torch.manual_seed(config.seed)
    model = to_channels_last(build_model(config.model))
    model.precision = PRECISIONS[choose_precision(device, config.precision)]
    objective = make_objective(model, config, records["train"]).to(device)
    parameter_groups(objective, config)
    sampler = RunSampler(records["train"], config)
    batch = _blank_batch(sampler.plans(0)[0], masks=data.has_masks, steps=config.learns_steps).to(device)

    def step() -> None:
        objective.zero_grad()
        fix_batch_norms(objective, config.batch_norm)
        objective(batch, 0.0)["total"].backward()

    step()  # the first finds algorithms and memory
    cost = measure_step(step, device)
    folder = settings.cache or default_cache(data)
    caches = split_caches(data, config, folder)
    frames = sum(caches[name].plan(some).bytes_needed for name, some in records.items())
    updates, n_parameters = sampler.iterations * config.epochs, sum(p.numel() for p in model.parameters())
    n_batches = len(sampler.plans(0)) * config.epochs
    return "\n".join(
        [
            f"dives: {', '.join(f'{len(some)} {name}' for name, some in records.items())}",
            f"updates: {updates:,} in {config.epochs} epochs; {describe(config, device)}",
            f"network: {n_parameters / 1e6:.1f} M parameters",
            f"a batch on {device.type}: {cost.text(n_batches)}, without measuring epochs",
            f"disk: {frames / 1e9:.2f} GB for frames in {folder}, "
            f"{n_parameters * _CHECKPOINT_BYTES / 1e9:.2f} GB for weights",
        ]
    )


def _blank_batch(plan: BatchPlan, *, masks: bool, steps: bool) -> Batch:
    """Return the batch of a plan with gray videos."""
    n = len(plan.dives)
    shape = (n, N_SAMPLES, MASK_SIZE, MASK_SIZE)
    return Batch(
        video=torch.randint(0, 256, (*shape, 3), dtype=torch.uint8),
        scores=torch.linspace(40, 90, n),
        difficulty=torch.full((n,), 3.0),
        query=torch.tensor(plan.query, dtype=torch.int64),
        exemplar=torch.tensor(plan.exemplar, dtype=torch.int64),
        paired=plan.paired,
        masks=torch.zeros(shape, dtype=torch.uint8) if masks else None,
        transitions=torch.tensor([FIXED_TRANSITIONS] * n) if steps else None,
        awards=torch.full((n, 3), 7.0),
        elements=torch.zeros(n, 5, dtype=torch.int64),
    )


def _most_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0
    import resource  # which Windows has not

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAX_RSS_BYTES
