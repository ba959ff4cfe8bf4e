"""`fineparser profile training`: batches a second of the data path and of the network, and which side waits."""

import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.commands.printing import say
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.frame_cache import DatasetCache, default_cache, load_dives
from fineparser_core.inference.device import PRECISIONS, choose_precision
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.progress import CancelToken
from fineparser_core.support.text_table import text_table
from fineparser_core.training.baseline_objectives import make_objective
from fineparser_core.training.distributed import Processes
from fineparser_core.training.end_to_end import Plan, compile_encoders, parameter_groups
from fineparser_core.training.loader import AHEAD, BatchLoader
from fineparser_core.training.objective import fix_batch_norms
from fineparser_core.training.run import split_records


def profile_training(
    data: DiveSet, config: TrainConfig, settings: RunSettings, device: torch.device, iterations: int, cache: Path | None
) -> None:
    """Print batches a second: of the data path, of the network on a single batch, and of both, as in training.

    The network has random weights; only decoded frames are stored.
    """
    records = split_records(data, config, settings)["train"]
    stored = DatasetCache(cache or default_cache(data), data, config.preprocessing, config.temporal_shift)
    dives = load_dives(data, records, stored, CancelToken(), workers=settings.workers)
    plan = Plan(dives, config, Processes(device=device))
    workers = settings.loaders_of(device.type)
    warm = 1 + AHEAD * workers  # with what is made ahead, which costs no time later
    every = ((i, part) for i in range(plan.ends[-1]) for part in range(len(plan.parts(i))))
    places = list(islice(every, warm + iterations))

    def loader() -> BatchLoader:
        return BatchLoader(dives, config, plan, plan.ends[-1], workers=workers, pinned=device.type == "cuda")

    model = to_channels_last(build_model(config.model))
    model.precision = PRECISIONS[choose_precision(device, config.precision)]
    objective = make_objective(model, config, [dive.record for dive in dives]).to(device)
    groups = [{"params": params, "lr": 0.0} for params, _ in parameter_groups(objective, config)]
    optimizer = torch.optim.Adam(groups)
    fix_batch_norms(objective, config.batch_norm)
    if config.compile:
        compile_encoders(model)
    first = loader()
    one = first.batch(*places[0]).to(device)
    first.close()

    def compute(batch: object) -> None:
        optimizer.zero_grad(set_to_none=True)
        objective(batch, 0.0)["total"].backward()
        optimizer.step()

    both, alone = loader(), loader()
    with closing(alone), closing(both):
        rates = {
            "data path alone": _rate(places, lambda place: alone.batch(*place).to(device), device, warm),
            "network alone": _rate(places, lambda place: compute(one), device, warm),
            "both, as in training": _rate(places, lambda place: compute(both.batch(*place).to(device)), device, warm),
        }
    say(f"{len(dives)} training dives, {len(one.video)} dives a batch, {workers} loaders, {device.type}")
    rows = [(name, f"{rate:.2f}", f"{1000 / rate:.0f}") for name, rate in rates.items()]
    say(text_table(("what", "batches/s", "ms a batch"), rows, left=(0,)))
    waits = "network" if rates["data path alone"] < rates["network alone"] else "data path"
    say(f"the {waits} waits for the other")


def _rate(
    places: list[tuple[int, int]], work: Callable[[tuple[int, int]], object], device: torch.device, warm: int
) -> float:
    """Return the batches a second after the first `warm` batches."""
    for place in places[:warm]:
        work(place)
    began = _now(device)
    for place in places[warm:]:
        work(place)
    return len(places[warm:]) / (_now(device) - began)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
