"""`fineparser train`: trains weights on FineDiving, MTL-AQA or rendered dives."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from fineparser_core.commands.options import DatasetOptions, OmitArgPrefixes, parse, parse_known
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import cancel_on_signals, log_to_stderr
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.constants import Device
from fineparser_core.errors import ConfigError
from fineparser_core.training.presets import PRESETS
from fineparser_core.training.staged_config import StagedConfig

_STAGED = "staged"


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
        config: preset: release (the authors' configuration), paper, mtl-aqa, rendered, a row of a table such as
            table3-A, the name of a rival (usdl, musdl, core, tsa, i3d-mlp), or staged, the recipe of the bundled
            weights.
        extra_data: staged: other data sets whose training dives are learned from as well, such as another variant of
            twins.
    """

    config: str = "release"
    extra_data: tuple[Path, ...] = ()
    settings: OmitArgPrefixes[TrainConfig]


@dataclass(frozen=True, kw_only=True)
class StagedOptions(TrainOptions):
    """Trains weights by the staged recipe, as the bundled ones were; every setting can be replaced."""

    settings: OmitArgPrefixes[StagedConfig]  # type: ignore[assignment]


@dataclass(frozen=True)
class _Preset:
    config: str = "release"


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    preset = parse_known(_Preset, "train", argv)[0].config
    kind: Any = StagedOptions if preset == _STAGED else TrainOptions
    if preset not in (*PRESETS, _STAGED):
        raise ConfigError(f"Unknown preset '{preset}': use one of {', '.join((*PRESETS, _STAGED))}.")
    settings = StagedConfig() if preset == _STAGED else PRESETS[preset]
    default = kind(data=tyro.MISSING, out=tyro.MISSING, config=preset, settings=settings)
    args = parse(kind, "train", argv, default=default)
    if args.extra_data and preset != _STAGED:
        raise ConfigError(f"--extra-data is of the staged recipe: use --config {_STAGED}, or one data set.")

    check_output_folder(args.out)
    if preset == _STAGED and args.kinetics is None and args.weights is None:
        raise ConfigError(
            "The staged recipe starts from Kinetics: give --kinetics (`fineparser convert kinetics FILE`), or weights "
            "with masks of their own by --weights and --mask-iterations 0."
        )

    # Imported late, as they load torch.
    from fineparser_core.data.dataset import load_dataset
    from fineparser_core.training.distributed import processes
    from fineparser_core.training.run import BUNDLE, train
    from fineparser_core.training.staged_run import run_staged

    with processes(args.device) as peers, cancel_on_signals() as cancel:
        log_to_stderr(logging.INFO if peers.writes else logging.ERROR)
        if preset == _STAGED:
            extra = [load_dataset(folder) for folder in args.extra_data]
            card = run_staged(args.settings, args.dataset(args.data), extra, args.out, settings=args, cancel=cancel)
            say(f"{card.id} written to {args.out / BUNDLE}")
        else:
            data = args.dataset(args.data, args.settings.layout)
            finished = train(args.settings, data, args.out, settings=args, cancel=cancel, peers=peers)
            if peers.writes:
                if finished.summary is not None:
                    say(finished.summary.as_text())
                say(f"{finished.card.id} of epoch {finished.epoch} written to {finished.bundle}")
    return 0
