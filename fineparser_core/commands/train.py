"""`fineparser train`: trains weights on FineDiving, MTL-AQA or rendered dives.

Every setting of the preset can be given as well, as --name value: `--epochs 20 --all-pairs true`. Several GPUs or
nodes: `torchrun --nproc-per-node 4 -m fineparser_core.train ...`; --data, --out and --cache are then the same for all.
"""

import argparse
import json
import logging
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.checkpoints.bundle import WeightsCard, load_model, save_bundle, write_card
from fineparser_core.commands.cli import cancel_on_signals, positive_int
from fineparser_core.config import PRESETS, TrainConfig, get_config, override
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.frame_cache import Dive, FrameCache, default_cache, load_dives
from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.data.splits import validation_split
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.summary import Summary, summarise
from fineparser_core.inference.device import PRECISIONS, choose_precision
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.fineparser import FineParser
from fineparser_core.progress import CancelToken
from fineparser_core.staged_config import StagedConfig
from fineparser_core.synth.truth import Truth
from fineparser_core.training.distributed import Processes, processes
from fineparser_core.training.end_to_end import Splits, evaluate_sharded, load_best, train_end_to_end
from fineparser_core.training.initial import initial_model
from fineparser_core.training.provenance import DataStamp, commit, data_stamp, joined, open_run, trained_on
from fineparser_core.training.selection import best_on_test, metric_values, picked_epoch
from fineparser_core.training.staged import train_staged
from fineparser_core.training.truths import read_truths
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.preprocess import WHOLE, Follow, get_preprocessing

logger = logging.getLogger(__name__)

RESULTS = "results.json"
BUNDLE = "bundle"
_STAGED = "staged"

INTENDED_USE = (
    "Research and demonstration: steps, masks and a comparison of dives with exemplars of the same number. "
    "Not for judging, selection or any decision about an athlete."
)
RENDERED_LIMITATIONS = (
    "Trained on rendered dives whose qualities and scores come from a made-up rubric: no number here says how well it "
    "scores real dives. Feet and hands of fast tucks are often missing from the masks; in a crowd or with people on "
    "the board the first look may follow somebody else; transitions of real clips can be off by several frames. Of two "
    "divers in a synchro dive one is followed."
)


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
            run(args, get_config(args.config, overrides), cancel, peers)
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
    parser.add_argument("--out", type=Path, required=True, help="checkpoints, events, results and the finished bundle")
    parser.add_argument("--kinetics", type=Path, help="file that `fineparser convert kinetics` wrote, for the I3Ds")
    parser.add_argument("--weights", type=Path, help="bundle to start from; without both, all weights start as noise")
    parser.add_argument("--cache", type=Path, help="folder for decoded frames (default: the user's cache folder)")
    parser.add_argument("--workers", type=positive_int, default=2, help="threads that decode frames into the cache")
    parser.add_argument("--limit", type=positive_int, help="the first N training (staged: any N) and N test dives only")
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


def run(args: argparse.Namespace, config: TrainConfig, cancel: CancelToken, peers: Processes) -> dict[str, Any]:
    """Trains with a configuration and writes OUT/bundle and OUT/results.json.

    Args:
        args: of the command line.

    Returns: what OUT/results.json holds.
    Raises: FineParserError with the sentence for the user.
    """
    # What can be refused is refused before hours of decoding.
    data, records = _records(args, config)
    stamp = data_stamp(data, records["train"])
    if peers.writes:
        initial = {"weights": str(args.weights or ""), "kinetics": str(args.kinetics or "")}
        settings = {"config": asdict(config), "data": asdict(stamp), "start": initial}
        open_run(args.out, settings, resume=args.resume)
    peers.wait()
    model, notices = initial_model(config, weights=args.weights, kinetics=args.kinetics)
    to_channels_last(model)
    splits = _load(args, config, (data, records), cancel, peers)
    history = train_end_to_end(model, splits, config, args.out, cancel=cancel, peers=peers)
    load_best(model, args.out)
    card = _card(args, config, stamp, f"end to end, {len(splits.train)} dives; {config}", notices)
    card = replace(
        card,
        architecture=config.model.architecture,
        model=asdict(config.model),
        decoding=config.decoding,
        preprocessing=config.preprocessing,
        pairing=config.pairing,
    )
    folder = args.out / BUNDLE
    if peers.writes:
        card = save_bundle(model.state_dict(), card, folder)
    peers.wait()
    picked = picked_epoch(history)
    results: dict[str, Any] = {"weights": card.id, "config": args.config, "data": asdict(stamp)}
    results["settings"] = asdict(config)
    results["picked on validation"] = {
        "epoch": picked,
        "validation": next(entry for entry in history if entry["epoch"] == picked).get("validation"),
    }
    results["best epoch on test, per metric (the release's way)"] = best_on_test(history) or None
    if splits.test:
        summary = _test(folder, splits, config, cancel, peers)
        results["picked on validation"]["test"] = summary.as_dict()
        if peers.writes:
            write_card(
                replace(card, metrics={f"test {name}": value for name, value in metric_values(summary).items()}), folder
            )
            print(summary.as_text())
    if peers.writes:
        with atomic_file(args.out / RESULTS) as temporary:
            temporary.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        print(f"{card.id} of epoch {picked} written to {folder}")
    return results


def _records(args: argparse.Namespace, config: TrainConfig) -> tuple[DiveSet, dict[str, list[DiveRecord]]]:
    data = load_dataset(args.data, config.layout, frames=args.frames, frame_pattern=args.frame_pattern)
    if config.learns_steps and not any(record.has_steps for record in data.records.values()):
        raise ConfigError(
            f"{data.root} has no step labels for the temporal parser to learn from: use --config mtl-aqa, which cuts "
            "the steps at fixed shares of a clip, or --tap false."
        )
    training, validation = validation_split(
        data.split("train")[: args.limit], config.validation_share, config.validation_by, config.seed
    )
    return data, {"train": training, "validation": validation, "test": data.split("test")[: args.limit]}


def _load(
    args: argparse.Namespace,
    config: TrainConfig,
    dives: tuple[DiveSet, dict[str, list[DiveRecord]]],
    cancel: CancelToken,
    peers: Processes,
) -> Splits:
    data, records = dives
    cache = FrameCache(args.cache or default_cache(data), data, config.preprocessing)

    def load(name: str) -> list[Dive]:
        which = records[name]
        return load_dives(data, which, cache, cancel, workers=args.workers) if which or name == "train" else []

    def load_all() -> Splits:
        return Splits(train=load("train"), validation=load("validation"), test=load("test"))

    # The first process decodes, the others read what it has written.
    splits = load_all() if peers.writes else None
    peers.wait()
    return splits or load_all()


def _test(folder: Path, splits: Splits, config: TrainConfig, cancel: CancelToken, peers: Processes) -> Summary:
    """The finished bundle, as anyone would load it, on the test split."""
    method: AQAModel = to_channels_last(load_model(folder)[0]).to(peers.device)
    method.precision = PRECISIONS[choose_precision(peers.device, config.precision)]
    results = evaluate_sharded(method, splits.test, splits.train, config, cancel=cancel, peers=peers)
    return summarise(
        results,
        median_transitions=splits.median_transitions(),
        exemplars=config.exemplars,
        seed=config.seed,
    )


def _card(
    args: argparse.Namespace,
    config: TrainConfig | StagedConfig,
    stamp: DataStamp,
    training: str,
    notices: Sequence[str],
) -> WeightsCard:
    return WeightsCard(
        name=args.name,
        trained_on=args.trained_on or trained_on(stamp),
        synthetic=stamp.rendered,
        training=training,
        seed=config.seed,
        commit=commit(),
        intended_use=INTENDED_USE,
        limitations=RENDERED_LIMITATIONS if stamp.rendered else "",
        notices=tuple(notices),
    )


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
    data = load_dataset(args.data, frames=args.frames, frame_pattern=args.frame_pattern)
    records = data.split("train")
    # They are sorted by event, and some stages take the first ones: every event should be among them.
    order = np.random.default_rng(config.seed).permutation(len(records))[: args.limit]
    records = [records[i] for i in order]
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
    truths: dict[Key, Truth] = {}
    for one, wanted in sets:
        loaded = load(one, config.preprocessing, wanted)
        dives += loaded
        truths |= read_truths(one.root, loaded)
    follows = isinstance(get_preprocessing(config.preprocessing), Follow)
    looks_first = follows and config.mask_iterations > 0
    some = records[:: -(-len(records) // config.first_look_dives)]
    first_looks = load(data, WHOLE.name, some) if looks_first else []
    train_staged(to_channels_last(model), dives, first_looks, truths, config, args.out, cancel)
    card = _card(args, config, stamp, f"{len(dives)} dives; {config}", notices)
    card = replace(
        card,
        architecture=network.model.architecture,
        model=asdict(network.model),
        preprocessing=config.preprocessing,
        decoding="flight",
    )
    card = save_bundle(model.state_dict(), card, args.out / BUNDLE, eight_bit=True)
    print(f"{card.id} written to {args.out / BUNDLE}")
