"""`fineparser train`: trains weights on FineDiving, judged or rendered dives."""

import logging
from dataclasses import dataclass
from pathlib import Path

import tyro

from fineparser_core.commands.options import DatasetOptions, OmitArgPrefixes, Weights, parse, parse_known, use_method
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import remark, say
from fineparser_core.commands.terminal import cancel_on_signals, log_to_stderr
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.constants import Device
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.training.presets import get_config

#: Name of the recipe of the app's own weights among the presets.
BUNDLE_RECIPE = "bundle"
#: Name of the recipe of what judged dives teach the app.
JUDGED_RECIPE = "judged"


@dataclass(frozen=True, kw_only=True)
class TrainOptions(RunSettings, DatasetOptions):
    """Trains weights on FineDiving, judged or rendered dives.

    Every setting of a preset can be replaced: the defaults below are those of the preset that --config names. Several
    GPUs: `torchrun --nproc-per-node 4 -m fineparser_core.train ...`.

    Attributes:
        data: folder of the data set, or a file of judged dives.
        out: folder for checkpoints, events, results and the finished bundle.
        device: where the network runs; by default on the best that there is.
        weights: bundle to start from, or bundled; without it and `kinetics`, see `start`.
        dry_run: print the plan alone: dives, updates, FLOP, memory, disk and time on this machine; nothing is written.
        config: preset: fineparser, release (as the authors' release in all that can be done), bundle (makes the app's
            weights, see `--config bundle --help`), judged (what judged dives teach them, see
            `--config judged --help`), fine-tune (trains them on), a row of a table such as
            table3-A, or the name of a baseline (usdl, core, tsa, i3d-mlp). By default that of --method.
    """

    data: Path
    out: Path
    device: Device = "auto"
    weights: Weights | None = None
    dry_run: bool = False
    config: str = "fineparser"
    settings: OmitArgPrefixes[TrainConfig]


@dataclass(frozen=True)
class _Preset:
    config: str | None = None
    method: str | None = None


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    given = parse_known(_Preset, "train", argv)[0]
    use_method(given.method)
    preset = next(name for name in (given.config, given.method, "fineparser") if name is not None)
    from fineparser_core.training.ranks import join_ranks, world_size  # late, as it loads torch

    if world_size() > 1 and preset == BUNDLE_RECIPE:
        raise ConfigError("The recipe of the bundle runs in one process: start it without torchrun.")
    if preset == BUNDLE_RECIPE:
        from fineparser_core.commands import bundle

        return bundle.main(argv)
    if preset == JUDGED_RECIPE:
        from fineparser_core.commands import judged

        return judged.main(argv)
    default = TrainOptions(data=tyro.MISSING, out=tyro.MISSING, config=preset, settings=get_config(preset))
    args = parse(TrainOptions, "train", argv, default=default, both_flags=True)
    if not args.dry_run:
        check_output_folder(args.out)
    data = args.dataset(args.data, args.settings.layout)

    # Imported late, as they load torch.
    from fineparser_core.support.device import choose_device
    from fineparser_core.training.paper import beside_paper
    from fineparser_core.training.plan import plan_run
    from fineparser_core.training.run import train

    log_to_stderr()
    if args.dry_run:
        say(plan_run(args.settings, data, args, choose_device(args.device)))
        return 0
    with join_ranks(args.device) as ranks, cancel_on_signals() as cancel:
        logging.getLogger().setLevel(logging.INFO if ranks.is_main else logging.ERROR)
        if ranks.is_main:
            remark(f"trains on {args.data}; a checkpoint and the results go to {args.out}")
        try:
            finished = train(args.settings, data, args.out, settings=args, cancel=cancel, ranks=ranks)
        except Cancelled:
            raise Cancelled("Cancelled: the same command with --resume goes on.") from None
        if finished.summary is not None:
            data_name, values = finished.results["data"]["name"], finished.summary.values()
            say(f"{finished.summary.as_text()}\n{beside_paper(finished.card, data_name, values)}".rstrip("\n"))
        if ranks.is_main:
            say(f"{finished.card.id} of epoch {finished.epoch} written to {finished.bundle}")
    return 0
