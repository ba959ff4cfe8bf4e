"""End-to-end training (paper section 3.3): the stage that trains a whole network, and the choice of its best epoch."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from fineparser_core.checkpoints.state_dicts import save_checkpoint
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.data.dives import DatasetDive
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.evaluation.evaluate import Evaluator
from fineparser_core.evaluation.naive_baselines import median_transitions
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.evaluation.summary import summarize
from fineparser_core.inference.device import PRECISIONS, choose_precision
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.training.baseline_objectives import make_objective
from fineparser_core.training.batches import BatchPlan, epoch_batches
from fineparser_core.training.distributed import Processes
from fineparser_core.training.events import Events
from fineparser_core.training.loader import BatchLoader
from fineparser_core.training.loop import CONSOLE_EVERY_S, After, Stage, load_checkpoint, run_stage
from fineparser_core.training.objective import Objective, ScoreLoss, fix_batch_norms
from fineparser_core.training.pictures import mask_sheet
from fineparser_core.training.selection import metric_values, picked_epoch

logger = logging.getLogger(__name__)

STAGE = "train"
#: About so many weights of a part of the network are those that TensorBoard shows the distribution of.
_SHOWN = 100_000
BEST = "best.pt"


@dataclass(frozen=True, kw_only=True)
class Splits:
    """Dives to train on, to pick the epoch by, and to test on; the last two may be empty."""

    train: Sequence[DatasetDive]
    validation: Sequence[DatasetDive]
    test: Sequence[DatasetDive]

    def median_transitions(self) -> tuple[float, float] | None:
        """Return the medians over the training dives, in samples, the naive baseline of transitions.

        None without labels.
        """
        return median_transitions([dive.record for dive in self.train])


class Plan:
    """Assignment of batches to iterations of this process; the same dives in the same order for a seed.

    The batches of an epoch are dealt out to the processes in turn; the first batches are dealt again where their number
    is not divisible. Deviation: the release's accumulation is off by 1 and leaks into the next epoch; here an epoch
    ends with whatever is left.
    """

    def __init__(self, dives: Sequence[DatasetDive], config: TrainConfig, peers: Processes) -> None:
        self._records = [dive.record for dive in dives]
        self._config, self._peers = config, peers
        n_batches = [len(self.batches(epoch)) for epoch in range(config.epochs)]
        #: ends[e]: iterations up to and with epoch e.
        self.ends = np.cumsum([math.ceil(n / config.grad_accum_steps) for n in n_batches]).tolist()
        if not self.ends or self.ends[0] == 0:
            raise ConfigError(
                f"Among {len(dives)} training dives no two may be compared ('{config.pairing}'): train on more dives, "
                "or with --pairing random."
            )

    @lru_cache(maxsize=2)  # noqa: B019 - a single plan in a run
    def batches(self, epoch: int) -> list[tuple[int, BatchPlan]]:
        """Return (index in the epoch, batch) of this process."""
        every = list(enumerate(epoch_batches(self._records, self._config, epoch)))
        n_dealt = math.ceil(len(every) / self._peers.world) * self._peers.world
        return list(islice(cycle(every), self._peers.rank, n_dealt, self._peers.world))

    def epoch_of(self, iteration: int) -> int:
        """Return the epoch of an iteration, from 0."""
        return int(np.searchsorted(self.ends, iteration, side="right"))

    def place(self, iteration: int, part: int) -> tuple[int, int, BatchPlan]:
        """Return epoch, index in the epoch, and batch."""
        return self.epoch_of(iteration), *self.parts(iteration)[part]

    def parts(self, iteration: int) -> list[tuple[int, BatchPlan]]:
        """Return the batches whose gradients an iteration sums."""
        epoch = self.epoch_of(iteration)
        start = (iteration - (self.ends[epoch - 1] if epoch else 0)) * self._config.grad_accum_steps
        return self.batches(epoch)[start : start + self._config.grad_accum_steps]


def schedule(config: TrainConfig, iteration: int, iterations: int, peak: float) -> float:
    """Return the learning rate: linear warm-up from `warmup_lr`, then the cosine down to `final_lr`."""
    warm_up = config.warmup_epochs * iterations / config.epochs
    if iteration < warm_up:
        return config.warmup_lr + (peak - config.warmup_lr) * iteration / warm_up
    return config.final_lr + (peak - config.final_lr) * 0.5 * (1 + math.cos(math.pi * iteration / iterations))


def parameter_groups(objective: Objective, config: TrainConfig) -> list[tuple[list[nn.Parameter], float]]:
    """Freeze the parameters that the configuration names; group the rest by learning rate."""
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


def train_end_to_end(
    model: AQAModel,
    splits: Splits,
    config: TrainConfig,
    out: Path,
    *,
    settings: RunSettings | None = None,
    score_loss: ScoreLoss | None = None,
    cancel: CancelToken,
    peers: Processes,
) -> list[dict[str, Any]]:
    """Train, evaluate after epochs, and leave the weights of the picked epoch in OUT/best.pt.

    Args:
        settings: what to use of the machine.
        score_loss: in place of L_Reg, see `make_objective`.

    Returns:
        The history: for every evaluated epoch its number and its metrics by split, as the checkpoint keeps it.

    Raises:
        Cancelled, FineParserError: as `run_stage`.
    """
    settings = settings or RunSettings()
    precision = choose_precision(peers.device, config.precision)
    if precision == "fp16" and peers.device.type != "cuda":
        raise ConfigError("fp16 trains on CUDA alone: use bf16 or fp32.")
    model.precision = PRECISIONS[precision]
    objective = make_objective(model, config, [dive.record for dive in splits.train], score_loss).to(peers.device)
    groups = parameter_groups(objective, config)
    plan = Plan(splits.train, config, peers)
    if config.compile:
        compile_encoders(model)
    trained: nn.Module = objective
    if peers.world > 1:
        if peers.device.type == "cuda":  # before wrapping, as torch asks for; the release does it the other way round
            objective = nn.SyncBatchNorm.convert_sync_batchnorm(objective)
        # Without masks or steps some modules get no gradient, and a user's own parts may have unused weights.
        labeled = all(dive.masks is not None and dive.first_flight_frame is not None for dive in splits.train)
        whole = labeled and config.mask_weight > 0 and not (config.own_backbone or config.own_head)
        # Views of the buckets, as gradients of kernels that lie channels last do not lie as plain buckets do.
        trained = DistributedDataParallel(objective, find_unused_parameters=not whole, gradient_as_bucket_view=True)
    events = Events(out, on=peers.writes, settings=vars(config))

    loader = BatchLoader(
        splits.train,
        config,
        plan,
        plan.ends[-1],
        workers=settings.loaders_of(peers.device.type),
        pinned=peers.device.type == "cuda",
    )

    def compute_losses(iteration: int, part: int) -> dict[str, torch.Tensor]:
        fix_batch_norms(objective, config.batch_norm)
        batch = loader.batch(iteration, part).to(peers.device)
        losses: dict[str, torch.Tensor] = trained(batch, plan.epoch_of(iteration) / config.epochs)
        return losses

    median = splits.median_transitions()

    def work(iteration: int, modules: Mapping[str, nn.Module], state: Any) -> Any:
        shown = modules["objective"]
        assert isinstance(shown, Objective)
        entry: dict[str, Any] = {"epoch": plan.epoch_of(iteration - 1) + 1}
        for split, dives in (("validation", splits.validation), ("test", splits.test if config.test_epochs else ())):
            if dives:
                results = evaluate_sharded(shown.model, dives, splits.train, config, cancel=cancel, peers=peers)
                entry[split] = metric_values(summarize(results, median_transitions=median, seed=config.seed))
                # A run that was killed before its checkpoint has written this entry already.
                events.cut(split, entry["epoch"] - 1)
                events.write(split, entry["epoch"], entry[split])
        sheet = mask_sheet(shown.model, splits.validation or splits.train, config)
        if sheet is not None:
            events.images("masks", "predicted (green) and true (red outline)", entry["epoch"], sheet)
        for name, part in shown.model.named_children() if peers.writes else ():
            step = sum(weights.numel() for weights in part.parameters()) // _SHOWN + 1  # as many as a histogram needs
            some = [weights.detach().flatten()[::step].cpu() for weights in part.parameters()]
            events.histogram(f"weights/{name}", entry["epoch"], torch.cat([*some, torch.zeros(0)]).numpy())
        history = [*(state or []), entry]
        if picked_epoch(history) == entry["epoch"] and peers.writes:
            save_checkpoint(shown.model.state_dict(), out / BEST)
        peers.wait()
        return history

    stage = Stage(
        name=STAGE,
        modules={"objective": objective},
        groups=groups,
        iterations=plan.ends[-1],
        compute_losses=compute_losses,
        parts=lambda iteration: len(plan.parts(iteration)),
        schedule=lambda iteration, peak: schedule(config, iteration, plan.ends[-1], peak),
        optimizer=config.optimizer,
        momentum=config.momentum,
        clip_norm=config.clip_norm,
        weight_decay=config.weight_decay,
        scaled=precision == "fp16",
        checkpoint_every=settings.checkpoint_every,
        kept=settings.checkpoints_kept,
        without_exchange=trained.no_sync if isinstance(trained, DistributedDataParallel) else nullcontext,
        after=After(
            due=lambda i: (
                i in plan.ends and ((plan.ends.index(i) + 1) % config.evaluate_every == 0 or i == plan.ends[-1])
            ),
            work=work,
        ),
    )
    try:
        history: list[dict[str, Any]] = run_stage(stage, out, cancel, events=events, peers=peers)
    finally:
        loader.close()
        events.close()
    return history


def evaluate_sharded(
    model: AQAModel,
    dives: Sequence[DatasetDive],
    pool: Sequence[DatasetDive],
    config: TrainConfig,
    *,
    cancel: CancelToken,
    peers: Processes,
) -> list[DiveResult]:
    """Return the results of dives as the frame cache stores them, against exemplars from a pool; see `run_sharded`."""
    evaluator = Evaluator(model, [dive.record for dive in pool], pool, protocol_of(config))
    return run_sharded(evaluator, dives, cancel=cancel, peers=peers)


def protocol_of(config: TrainConfig) -> Protocol:
    """Return the protocol by which the weights of a run are evaluated."""
    return Protocol(
        preprocessing=config.preprocessing,
        decoding=config.decoding,
        pairing=config.pairing,
        exemplars=config.exemplars,
        seed=config.seed,
    )


def run_sharded(
    evaluator: Evaluator, dives: Sequence[DatasetDive], *, cancel: CancelToken, peers: Processes
) -> list[DiveResult]:
    """Return the results of all dives in order, each measured by a single process; every process gets all.

    Raises:
        Cancelled: once the token of any process is set.
    """
    try:
        mine: list[DiveResult] | None = evaluator.run(
            dives, shard=(peers.rank, peers.world), progress=_logged(), cancel=cancel
        )
    except Cancelled:
        mine = None  # the other processes wait in `gather` below
    shards = peers.gather(mine)
    by_index: dict[int, DiveResult] = {}
    for rank, results in enumerate(shards):
        if results is None:
            raise Cancelled()
        by_index.update(zip(range(rank, len(dives), peers.world), results, strict=True))
    return [by_index[i] for i in range(len(dives))]


def _logged() -> ProgressCallback:
    """Return a callback that logs progress with the remaining time now and then."""
    began = reported_s = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal reported_s
        now = time.monotonic()
        if now - reported_s > CONSOLE_EVERY_S:
            reported_s = now
            left_s = (now - began) / progress.done * (progress.total - progress.done)
            logger.info("%s %d/%d (%.0f s left)", progress.stage, progress.done, progress.total, left_s)

    return tell


def load_best(model: AQAModel, out: Path) -> None:
    """Load the weights of the picked epoch from OUT/best.pt.

    Raises:
        CheckpointError: it cannot be read.
    """
    device = next(model.parameters()).device
    model.load_state_dict(load_checkpoint(out / BEST, device))


#: Modules whose inputs always have the same shapes, unlike the steps that follow. The spatial parser is compiled whole,
#: as it calls parts of its I3D, and its I3D too, which is called alone where no mask is wanted.
_COMPILED = ("i3d", "spatial_parser", "spatial_parser.encoder", "static_encoder.backbone")


def compile_encoders(model: AQAModel) -> None:
    """Make the encoders run through `torch.compile` when they are called."""
    for name in _COMPILED:
        try:
            model.get_submodule(name).compile()
        except AttributeError:
            continue
