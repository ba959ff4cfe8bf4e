"""`fineparser profile training`: batches a second of the data path and of the network, and which side waits."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.commands.printing import say
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.frame_cache import DatasetCache, default_cache, load_dives
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.progress import CancelToken
from fineparser_core.support.device import PRECISIONS, choose_precision
from fineparser_core.support.text_table import text_table
from fineparser_core.training.batches import AHEAD, Batch, BatchDataset, RunSampler, batch_loader
from fineparser_core.training.dives import split_records
from fineparser_core.training.objective import make_objective
from fineparser_core.training.optimizer import compile_encoders, fix_batch_norms, make_optimizer, parameter_groups
from fineparser_core.training.validation import log_progress

logger = logging.getLogger(__name__)

#: Number of epochs whose batches are at hand, more than anybody times.
_ENDLESS = 1_000_000


def profile_training(
    data: DiveSet, config: TrainConfig, settings: RunSettings, device: torch.device, iterations: int, cache: Path | None
) -> None:
    """Print batches a second: of the data path, of the network on a single batch, and of both, as in training.

    The network has random weights; only decoded frames are stored.
    """
    logger.info("reads the labels of %s", data.root)
    records = split_records(data, config, settings)["train"]
    stored = DatasetCache(cache or default_cache(data), data, config.preprocessing, config.temporal_shift)
    logger.info("reads %d training dives; those that are new to %s are decoded", len(records), stored.folder)
    dives = load_dives(data, records, stored, CancelToken(), workers=settings.workers, progress=log_progress())
    records = [dive.record for dive in dives]
    sampler = RunSampler(records, replace(config, epochs=_ENDLESS))
    workers = settings.loaders_of(device.type)
    warm = 1 + AHEAD * workers  # with what is made ahead, which costs no time later

    logger.info("makes the network of %s and its first batch", config.architecture)
    model = to_channels_last(build_model(config.model))
    model.precision = PRECISIONS[choose_precision(device, config.precision)]
    objective = make_objective(model, config, records).to(device)
    optimizer = make_optimizer([(params, 0.0) for params, _ in parameter_groups(objective, config)], config)
    fix_batch_norms(objective, config.batch_norm)
    if config.compile:
        compile_encoders(objective)
    one = BatchDataset(dives, config)[sampler.updates(0)[0][0]].to(device)

    def compute(batch: object) -> None:
        optimizer.zero_grad(set_to_none=True)
        objective(batch, 0.0)["total"].backward()
        optimizer.step()

    def rate(what: str, work: Callable[[], object]) -> float:
        logger.info("times %d batches: %s", iterations, what)
        return _rate(work, device, warm, iterations)

    def batches() -> Iterator[Batch]:
        return iter(batch_loader(dives, config, sampler, settings, device))

    ahead, trained = batches(), batches()
    rates = {
        name: rate(name, work)
        for name, work in (
            ("data path alone", lambda: next(ahead).to(device)),
            ("network alone", lambda: compute(one)),
            ("both, as in training", lambda: compute(next(trained).to(device))),
        )
    }
    say(f"{len(dives)} training dives, {len(one.video)} dives a batch, {workers} loaders, {device.type}")
    rows = [(name, f"{rate:.2f}", f"{1000 / rate:.0f}") for name, rate in rates.items()]
    say(text_table(("what", "batches/s", "ms a batch"), rows, left=(0,)))
    waits = "network" if rates["data path alone"] < rates["network alone"] else "data path"
    say(f"the {waits} waits for the other")


def _rate(work: Callable[[], object], device: torch.device, warm: int, count: int) -> float:
    """Return the batches a second after the first `warm` batches."""
    for _ in range(warm):
        work()
    began = _now(device)
    for _ in range(count):
        work()
    return count / (_now(device) - began)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
