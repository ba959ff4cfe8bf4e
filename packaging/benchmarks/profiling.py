"""A parse by stages, training by its two sides, and how much of the score each stream makes.

`python packaging/benchmarks/profiling.py parsing|training|streams`; `--help` after each names its options.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from fineparser_core.checkpoints.build import build_model
from fineparser_core.commands.bundle import stream_rhos
from fineparser_core.commands.cli import run_guarded
from fineparser_core.commands.options import Count, CountFromZero, DatasetOptions, Positional, parse
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import log_to_stderr
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.constants import Device, Precision
from fineparser_core.data.frame_cache import DatasetCache, default_cache, load_dives
from fineparser_core.data.records import DiveSet
from fineparser_core.inference import pipeline, samples
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.motion import clips
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.progress import CancelToken
from fineparser_core.records import Clip
from fineparser_core.resources import resource
from fineparser_core.support.device import PRECISIONS, choose_device, choose_precision, device_names
from fineparser_core.support.tables import text_table
from fineparser_core.training.batches import AHEAD, Batch, BatchDataset, RunSampler, batch_loader
from fineparser_core.training.dives import split_records
from fineparser_core.training.objective import make_objective
from fineparser_core.training.optimizer import compile_encoders, fix_batch_norms, make_optimizer, parameter_groups
from fineparser_core.training.presets import get_config
from fineparser_core.training.validation import log_progress
from fineparser_core.video.clips import make_clip

logger = logging.getLogger(__name__)

#: Number of epochs whose batches are at hand, more than anybody times.
_ENDLESS = 1_000_000
#: Rows and columns of the matrices whose product is timed for the matrix rate, and the number of timed products.
_SIZE, _PRODUCTS = 2048, 8


@dataclass
class Spent:
    """Cost of a stage: seconds of time and of the processor, and floating-point operations in units of 1e9."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gflop: float = 0.0


def profile_parsing(analyzer: Analyzer, clip: Clip, repeats: int) -> None:
    """Print what each stage of a parse takes: the fastest of so many parses, and the bound of its operations."""
    precision = analyzer.model.precision
    with FlopCounterMode(display=False) as counter:  # slows down what it counts, and warms up
        counted = _spent(analyzer, clip, lambda: counter.get_total_flops() / 1e9)
    runs = [_spent(analyzer, clip, lambda: 0.0) for _ in range(repeats)]
    best = min(runs, key=lambda run: run["whole"].wall_s)
    rate = matrix_rate(analyzer.encoder.device, analyzer.encoder.model.precision)
    seconds = (clip.out_frame - clip.in_frame) / clip.fps
    say(f"{clip.path.name}: {clip.out_frame - clip.in_frame + 1} frames, {seconds:.1f} s; the fastest of {repeats}")
    say(
        f"{precision}: {rate:,.0f} GFLOP/s a core in products of {_SIZE} x {_SIZE} matrices; "
        f"{torch.get_num_threads()} threads"
    )
    rows = []
    for name, spent in best.items():
        gflop = counted[name].gflop
        bound = f"{gflop / rate:.2f}" if gflop else ""
        rows.append((name, f"{spent.wall_s:.2f}", f"{spent.cpu_s:.2f}", f"{gflop:.0f}" if gflop else "", bound))
    say(text_table(("stage", "s", "CPU s", "GFLOP", "bound CPU s"), rows, left=(0,)))


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Measure the rate of products of matrices in 1e9 floating-point operations a second, the best of several.

    Seconds of the processor are counted, which other programs of a shared machine hardly change.
    """
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    matrix = torch.randn(_SIZE, _SIZE, device=device).to(dtype)
    fastest = float("inf")
    for _ in range(_PRODUCTS):
        began = clock()
        (matrix @ matrix)[0, 0].item()  # waits for the device
        fastest = min(fastest, clock() - began)
    return 2 * _SIZE**3 / fastest / 1e9


def _spent(analyzer: Analyzer, clip: Clip, gflop: Callable[[], float]) -> dict[str, Spent]:
    """Return the cost by stage, in the order in which they begin; then of the rest, and of the whole."""
    spent: dict[str, Spent] = {}
    with _measured(_stages(analyzer), spent, gflop), _measured([(analyzer, "parse", "whole")], spent, gflop):
        analyzer.parse(clip)
    whole = spent.pop("whole")
    parts = list(spent.values())
    rest = Spent(
        *(getattr(whole, name) - sum(getattr(part, name) for part in parts) for name in ("wall_s", "cpu_s", "gflop"))
    )
    return {**spent, "rest": rest, "whole": whole}


def _stages(analyzer: Analyzer) -> list[tuple[Any, str, str]]:
    """Return owner, name and stage of the functions that make up a parse, none of which calls another."""
    encoder, model = analyzer.encoder, analyzer.encoder.model
    stages: list[tuple[Any, str, str]] = [
        (clips, "find_dives", "decode; what moves"),
        (clips, "follow_diver", "follow who falls"),
        (samples, "coarse_pass", "coarse pass"),
        (samples, "crop_frames", "crops"),
        (encoder, "keypoints", "keypoints, for the crop"),
        (model.i3d, "forward", "I3D of the temporal parser"),
    ]
    if model.has_masks:
        parser = model.spatial_parser
        stages += [
            (owner, name, "I3D of the spatial parser") for owner, name in ((parser, "taps"), (parser.encoder, "end"))
        ]
        stages += [(parser.decoder, name, "mask decoder") for name in ("coarse", "finish")]
    stages.append((pipeline, "find_joints", "joints, by BlazePose and masks"))
    stages.append((analyzer.blazepose, "masks", "masks, by BlazePose"))
    if isinstance(backbone := model.static_encoder.backbone, PoseBackbone):
        stages.append((backbone, "features_and_keypoints", "poses"))
    return stages


@contextmanager
def _measured(
    stages: list[tuple[Any, str, str]], spent: dict[str, Spent], gflop: Callable[[], float]
) -> Iterator[None]:
    """Add the time of functions to their stage while the context lasts."""
    before = [(owner, name, owner.__dict__.get(name)) for owner, name, _ in stages]
    for owner, name, stage in stages:
        setattr(owner, name, _timed(getattr(owner, name), stage, spent, gflop))
    try:
        yield
    finally:
        for owner, name, own in before:
            if own is None:
                delattr(owner, name)
            else:
                setattr(owner, name, own)


def _timed(
    function: Callable[..., Any], stage: str, spent: dict[str, Spent], gflop: Callable[[], float]
) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **named: Any) -> Any:
        began = time.perf_counter(), time.process_time(), gflop()
        try:
            return function(*args, **named)
        finally:
            into = spent.setdefault(stage, Spent())
            into.wall_s += time.perf_counter() - began[0]
            into.cpu_s += time.process_time() - began[1]
            into.gflop += gflop() - began[2]

    return timed


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
        return iter(batch_loader(BatchDataset(dives, config), sampler, settings, device))

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


def profile_streams() -> None:
    """Print Spearman's rho of both streams and of each alone, over the bundled exemplars.

    Each exemplar is left out in turn and compared with the others of its number and board: the mean points that the
    streams give it relative to them, beside the true difference. Encodings are those that the library holds.
    """
    analyzer = Analyzer.open(precision="fp32")
    exemplars = analyzer.library.exemplars()
    rhos = stream_rhos(analyzer, exemplars)
    analyzer.library.close()
    say(f"weights {analyzer.model.id}: {len(exemplars)} exemplars, each left out in turn and compared with the others")
    say(text_table(["points from", "Spearman rho"], [[name, f"{rho:.3f}"] for name, rho in rhos.items()]))


@dataclass(frozen=True, kw_only=True)
class Parsing:
    """Times a parse by stages, from decoding to the encoding, beside the bound of its floating-point operations.

    Attributes:
        clip: a clip; by default the sample dive.
        repeats: parses to time; the fastest is printed.
        precision: as for `fineparser score`.
    """

    clip: Positional[Path | None] = None
    repeats: Count = 3
    precision: Precision = "auto"


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Prints how much of the score each stream makes, on the bundled exemplars."""


@dataclass(frozen=True, kw_only=True)
class Training(DatasetOptions):
    """Prints batches a second of the data path and of the network in training, and which side waits.

    Attributes:
        data: folder of the data set, or a file of judged dives.
        config: preset, as for `fineparser train`.
        batch_size: as there; by default the preset's.
        precision, compile: likewise.
        loaders: processes that make batches; by default none on a CPU, and up to four a GPU.
        iterations: batches to time.
        limit: use the first N dives only.
        cache: folder for decoded frames; by default the user's cache folder.
        device: where the network runs; by default on the best that there is.
    """

    data: Path
    config: str = "fineparser"
    batch_size: Count | None = None
    precision: Precision | None = None
    compile: bool = False
    loaders: CountFromZero | None = None
    iterations: Count = 8
    limit: Count | None = None
    cache: Path | None = None
    device: Device = "auto"


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(Parsing | Streams | Training, "profiling", argv)  # type: ignore[arg-type]
    if isinstance(args, Parsing):
        analyzer = Analyzer.open(precision=args.precision)
        clip = make_clip(args.clip or resource("samples", "sample.mp4"))
        capability = torch.backends.cpu.get_cpu_capability()
        say(f"CPU: {device_names()['cpu']} ({capability}); device {analyzer.model.device}, {analyzer.model.precision}")
        profile_parsing(analyzer, clip, args.repeats)
    elif isinstance(args, Training):
        config = get_config(args.config)
        sizes = {"batch_size": args.batch_size or config.batch_size, "precision": args.precision or config.precision}
        config = replace(config, **sizes, compile=args.compile, validation_share=0.0)  # type: ignore[arg-type]
        settings = RunSettings(loaders=args.loaders, limit=args.limit, cache=args.cache)
        log_to_stderr()
        data = args.dataset(args.data, config.layout)
        profile_training(data, config, settings, choose_device(args.device), args.iterations, args.cache)
    else:
        profile_streams()
    return 0


if __name__ == "__main__":
    sys.exit(run_guarded(main, sys.argv[1:]))
