"""`fineparser train`: trains weights on FineDiving, MTL-AQA or rendered dives.

Every setting of the preset can be given as well, as --name value: `--epochs 20 --all-pairs true`. Several GPUs or
nodes: `torchrun --nproc-per-node 4 -m fineparser_core.train ...`; --data, --out and --cache are then the same for all.
"""

import argparse
import logging
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np

from fineparser_core.checkpoints.bundle import save_bundle
from fineparser_core.commands.cli import cancel_on_signals, positive_int
from fineparser_core.config import PRESETS, RunSettings, TrainConfig, get_config, override
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.frame_cache import Dive, FrameCache, default_cache, load_dives
from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.errors import ConfigError
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.progress import CancelToken
from fineparser_core.synth.ground_truth import GroundTruth
from fineparser_core.training.distributed import processes
from fineparser_core.training.initial import initial_model
from fineparser_core.training.provenance import data_stamp, joined, open_run
from fineparser_core.training.run import BUNDLE, check_masks, new_card, train
from fineparser_core.training.staged import train_staged
from fineparser_core.training.staged_config import StagedConfig
from fineparser_core.training.truths import read_truths
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing

logger = logging.getLogger(__name__)

_STAGED = "staged"


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="fineparser train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="settings, as the release has them:\n"
        + _settings(TrainConfig())
        + "\nof staged:\n"
        + _settings(StagedConfig()),
    )
    parser.add_argument("--config", default="release", help=f"preset: {', '.join((*PRESETS, _STAGED))}")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out, or start it")
    parser.add_argument(
        "--more", type=Path, action="append", default=[], metavar="DATA",
        help="staged: another data set whose training dives are learned from as well, such as a second take of twins",
    )  # fmt: skip
    add_run_options(parser)
    args, rest = parser.parse_known_args(argv)
    overrides = parse_overrides(rest)
    with processes(args.device) as peers, cancel_on_signals() as cancel:
        level = logging.INFO if peers.writes else logging.ERROR
        logging.basicConfig(level=level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
        if args.config == _STAGED:
            _staged(args, override(StagedConfig(), overrides), cancel)
        else:
            if args.more:
                raise ConfigError(f"--more is of the staged recipe: use --config {_STAGED}, or one data set.")
            if args.config not in PRESETS:
                raise ConfigError(f"Unknown preset '{args.config}': use one of {', '.join((*PRESETS, _STAGED))}.")
            config = get_config(args.config, overrides)
            data = data_set(args, config.layout)
            finished = train(config, data, args.out, settings=run_settings(args), cancel=cancel, peers=peers)
            if peers.writes:
                if finished.summary is not None:
                    print(finished.summary.as_text())
                print(f"{finished.card.id} of epoch {finished.epoch} written to {finished.bundle}")
    return 0


def _settings(config: TrainConfig | StagedConfig) -> str:
    pairs = [f"--{name.replace('_', '-')} {_as_typed(value)}" for name, value in asdict(config).items()]
    return "\n".join(
        textwrap.wrap(", ".join(pairs), 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    )


def _as_typed(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) or "NAME,..." if isinstance(value, tuple) else str(value)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options of `run`, but for the preset and whether to go on."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument(
        "--frames", type=Path, help="folder below which its frames and masks are, where that is another"
    )
    parser.add_argument("--frame-pattern", help="where they are below that (default: as the data set hands them out)")
    parser.add_argument("--mask-pattern", help="where masks are (default: every name that FineDiving-HM has had)")
    parser.add_argument("--out", type=Path, required=True, help="checkpoints, events, results and the finished bundle")
    parser.add_argument("--kinetics", type=Path, help="file that `fineparser convert kinetics` wrote, for the I3Ds")
    parser.add_argument(
        "--imagenet", type=Path, help="file that `fineparser convert imagenet` wrote, for the static backbone"
    )
    parser.add_argument("--weights", type=Path, help="bundle to start from; without both, all weights start random")
    parser.add_argument("--cache", type=Path, help="folder for decoded frames (default: the user's cache folder)")
    parser.add_argument("--workers", type=positive_int, default=2, help="threads that decode frames into the cache")
    parser.add_argument(
        "--limit", type=positive_int, help="the first N usable training (staged: any N) and N test dives only"
    )
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--name", default="fineparser", help="name of the weights")
    parser.add_argument("--trained-on", help="one sentence for whoever sees a score (default: from the data set)")


def parse_overrides(rest: Sequence[str]) -> dict[str, str]:
    """Settings by name from what the command line does not know itself.

    Raises:
        ConfigError: words that are not `--name value` or `--name=value`.
    """
    values = {}
    words = [part for word in rest for part in (word.split("=", 1) if word.startswith("--") else [word])]
    for name, value in zip(words[::2], [*words[1::2], None][: len(words[::2])], strict=True):
        if not name.startswith("--") or value is None or value.startswith("--"):
            raise ConfigError(f"'{name}' is not a setting with its value: write --name value.")
        values[name.removeprefix("--")] = value
    return values


def data_set(args: argparse.Namespace, layout: str = "auto") -> DiveSet:
    """The data set that the command line names."""
    return load_dataset(
        args.data, layout, frames=args.frames, frame_pattern=args.frame_pattern, mask_pattern=args.mask_pattern
    )


def run_settings(args: argparse.Namespace) -> RunSettings:
    """Where a run starts from, as the command line says it."""
    return RunSettings(**{field.name: getattr(args, field.name) for field in fields(RunSettings)})


def _check_distinct(sets: Sequence[tuple[DiveSet, Sequence[DiveRecord]]]) -> None:
    """Refuses dives of one key in two data sets, whose files in the cache and in the run would be taken for another."""
    of: dict[Key, DiveSet] = {}
    for data, records in sets:
        for record in records:
            if of.setdefault(record.key, data) is not data:
                raise ConfigError(
                    f"{record.id} is in {of[record.key].root} and in {data.root}: give --more a set of other dives, "
                    "such as twins of another --take."
                )


def _staged(args: argparse.Namespace, config: StagedConfig, cancel: CancelToken) -> None:
    """The recipe of the bundled weights, for machines without a GPU."""
    if args.kinetics is None and args.weights is None:
        raise ConfigError(
            "The staged recipe starts from Kinetics: give --kinetics (`fineparser convert kinetics FILE`), or weights "
            "with masks of their own by --weights and --mask-iterations 0."
        )
    data = data_set(args)
    check_masks(data)
    training = data.split("train")
    # They are sorted by event, and some stages take the first ones: every event should be among them.
    records = [training[i] for i in np.random.default_rng(config.seed).permutation(len(training))]
    if args.limit is not None:
        cache = FrameCache(args.cache or default_cache(data), data, config.preprocessing)
        records = cache.usable(records, args.limit)
    sets = [(data, records), *((more, more.split("train")) for more in map(load_dataset, args.more))]
    _check_distinct(sets)
    stamp = joined([data_stamp(*one) for one in sets])
    start = {"kinetics": str(args.kinetics or ""), "weights": str(args.weights or "")}
    settings = {"config": asdict(config), "data": asdict(stamp), "start": start}
    open_run(args.out, settings, resume=args.resume)
    network = config.network
    model, notices = initial_model(network, weights=args.weights, kinetics=args.kinetics)
    assert isinstance(model, FineParser)

    def load(data: DiveSet, preprocessing: str, wanted: Sequence[DiveRecord]) -> list[Dive]:
        cache = FrameCache(args.cache or default_cache(data), data, preprocessing)
        return load_dives(data, wanted, cache, cancel, workers=args.workers)

    dives: list[Dive] = []
    truths: dict[Key, GroundTruth] = {}
    for one, wanted in sets:
        loaded = load(one, config.preprocessing, wanted)
        dives += loaded
        truths |= read_truths(one.root, loaded)
    follows = isinstance(get_preprocessing(config.preprocessing), AthleteCrop)
    looks_first = follows and config.mask_iterations > 0
    some = records[:: -(-len(records) // config.first_look_dives)]
    first_looks = load(data, WHOLE.name, some) if looks_first else []
    train_staged(to_channels_last(model), dives, first_looks, truths, config, args.out, cancel)
    card = replace(
        new_card(run_settings(args), stamp, f"{len(dives)} dives; {config}", config.seed, notices),
        architecture=network.model.architecture,
        model=asdict(network.model),
        preprocessing=config.preprocessing,
        decoding="flight",
    )
    card = save_bundle(model.state_dict(), card, args.out / BUNDLE, eight_bit=True)
    print(f"{card.id} written to {args.out / BUNDLE}")
