"""`fineparser train`: trains weights on FineDiving, MTL-AQA or rendered dives."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import tyro

from fineparser_core.commands.options import DatasetOptions, OmitArgPrefixes, Seed, Workers, parse, parse_known
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import cancel_on_signals, log_to_stderr
from fineparser_core.config import Renderer, RunSettings, TrainConfig
from fineparser_core.constants import Device
from fineparser_core.errors import ConfigError
from fineparser_core.training.presets import PRESETS
from fineparser_core.training.recipe_config import RecipeConfig

_RECIPE = "bundle"


@dataclass(frozen=True, kw_only=True)
class RunOptions(RunSettings, DatasetOptions):
    """Options of every training run.

    Attributes:
        data: folder of the data set.
        out: folder for checkpoints, events, results and the finished bundle.
        device: where the network runs; by default on the best that there is.
    """

    data: Path
    out: Path
    device: Device = "auto"


@dataclass(frozen=True, kw_only=True)
class TrainOptions(RunOptions):
    """Trains weights on FineDiving, MTL-AQA or rendered dives.

    Every setting of a preset can be replaced: the defaults below are those of the preset that --config names. Several
    GPUs or nodes: `torchrun --nproc-per-node 4 -m fineparser_core.train ...`; --data, --out and --cache are then the
    same for all.

    Attributes:
        config: preset: release (the authors' configuration), paper, mtl-aqa, a row of a table such as table3-A,
            the name of a rival (usdl, musdl, core, tsa, i3d-mlp), or bundle, the recipe of the bundled
            weights, which has options of its own.
    """

    config: str = "release"
    settings: OmitArgPrefixes[TrainConfig]


@dataclass(frozen=True, kw_only=True)
class RecipeOptions:
    """Makes a bundle for the app from the Kinetics file alone: dives are rendered on the way.

    The minutes are divided among the stages; more of them give more dives, more iterations and better weights. A run
    that was stopped or killed at any moment goes on with --resume, and what it had spent counts.

    Attributes:
        config: bundle.
        kinetics: file that `fineparser convert kinetics` wrote.
        out: folder for dives, checkpoints and the finished bundle; about ten megabytes a dive.
        minutes: of the whole run; three make a complete bundle, which knows nothing yet.
        seed: of everything that is drawn.
        device: where the network runs, cpu or cuda; by default on the best that there is.
        workers: processes that render; the dives do not depend on it.
        renderer: of the dives: capsules, or the mesh of the extra "synth", which takes several times as long.
        resume: go on with the run in the output folder, or start it.
    """

    config: str = _RECIPE
    kinetics: Path
    out: Path
    minutes: float = 120.0
    seed: Seed = RecipeConfig.seed
    device: Device = "auto"
    workers: Workers = 2
    renderer: Renderer = RecipeConfig.renderer
    resume: bool = False


@dataclass(frozen=True)
class _Preset:
    config: str = "release"


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    preset = parse_known(_Preset, "train", argv)[0].config
    if preset == _RECIPE:
        return _make_bundle(parse(RecipeOptions, "train", argv))
    if preset not in PRESETS:
        raise ConfigError(f"Unknown preset '{preset}': use one of {', '.join((*PRESETS, _RECIPE))}.")
    default = TrainOptions(data=tyro.MISSING, out=tyro.MISSING, config=preset, settings=PRESETS[preset])
    args = parse(TrainOptions, "train", argv, default=default)
    check_output_folder(args.out)

    # Imported late, as they load torch.
    from fineparser_core.training.distributed import processes
    from fineparser_core.training.run import train

    with processes(args.device) as peers, cancel_on_signals() as cancel:
        log_to_stderr(logging.INFO if peers.writes else logging.ERROR)
        data = args.dataset(args.data, args.settings.layout)
        finished = train(args.settings, data, args.out, settings=args, cancel=cancel, peers=peers)
        if peers.writes:
            if finished.summary is not None:
                say(finished.summary.as_text())
            say(f"{finished.card.id} of epoch {finished.epoch} written to {finished.bundle}")
    return 0


def _make_bundle(args: RecipeOptions) -> int:
    if args.minutes <= 0:
        raise ConfigError(f"--minutes is {args.minutes:g}: give more than 0, such as 120.")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("The recipe runs in one process: start it without torchrun.")
    check_output_folder(args.out)

    from fineparser_core.training.recipe import make_bundle, recipe_device
    from fineparser_core.training.run import BUNDLE

    device, precision = recipe_device(args.device)
    config = RecipeConfig(seed=args.seed, device=device, precision=precision, renderer=args.renderer)
    with cancel_on_signals() as cancel:
        log_to_stderr()
        card = make_bundle(
            args.kinetics,
            args.out,
            minutes=args.minutes,
            config=config,
            workers=args.workers,
            resume=args.resume,
            cancel=cancel,
        )
    say(f"{card.id} written to {args.out / BUNDLE}")
    return 0
