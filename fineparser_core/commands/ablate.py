"""`fineparser ablate`: runs every preset of a table of the paper and prints its numbers beside the paper's."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from fineparser_core.commands.options import Count, Positional, own_parts, parse, parse_known, use_method
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import cancel_on_signals, log_to_stderr
from fineparser_core.commands.train import RunOptions
from fineparser_core.config import TrainConfig
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.paper import paper_table, side_by_side
from fineparser_core.methods import get_method
from fineparser_core.training.presets import get_config

#: Last of the tables whose rows are different methods.
_OF_METHODS = 2


@dataclass(frozen=True, kw_only=True)
class AblateOptions(RunOptions):
    """Runs every preset of a table of the paper and prints its numbers beside the paper's.

    Settings of the presets can be replaced as for `fineparser train`: `--batch-size 1 --precision auto`. A row that is
    finished in --out is not run again. Tables: 1 state of the art on FineDiving-HM, 2 state of the art on MTL-AQA,
    3 modules, 4 step durations of the static stream, 5 backbones of the static stream.

    Attributes:
        table: number of the table.
        epochs: of every row; by default each row's own, as its paper or its code has it.
        seeds: train each row so often, with this seed and the next ones: mean, interval and paired difference.
        rows: run these presets of the table alone.
        methods: run these methods, too, below the table: names, or your own as package.module:factory.
    """

    table: Positional[Literal[1, 2, 3, 4, 5]]
    epochs: Count | None = None
    seeds: Count = 1
    rows: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    if {"-h", "--help"} & set(argv):
        parse(AblateOptions, "ablate", argv)
    args, words = parse_known(AblateOptions, "ablate", argv)
    check_output_folder(args.out)
    rows = paper_table(args.table)
    presets = [row.preset for row in rows if row.preset is not None]
    if unknown := set(args.rows) - set(presets):
        raise ConfigError(f"Table {args.table} has no row '{min(unknown)}': use some of {', '.join(presets)}.")
    presets = [name for name in presets if not args.rows or name in args.rows]
    for name in args.methods:
        use_method(name)
    presets += args.methods
    words += [] if args.epochs is None else ["--epochs", str(args.epochs)]
    defaults = {name: get_config(name) for name in presets}
    configs = {name: parse(TrainConfig, "ablate", words, default=default) for name, default in defaults.items()}

    # Imported late, as they load torch.
    from fineparser_core.training.distributed import processes
    from fineparser_core.training.dives import check_labels
    from fineparser_core.training.initial import check_start, startable
    from fineparser_core.training.run import PICKED, OwnParts, finished_results, limited, train

    def settings_of(config: TrainConfig) -> RunOptions:
        """Return the options of a row without those weights that its network cannot start from."""
        lacking: dict[str, Any] = {name: None for name, there in startable(config).items() if not there}
        return replace(args, resume=True, minutes=None, **lacking)

    own = {name: OwnParts(**own_parts(config.own_backbone, config.own_head)) for name, config in configs.items()}
    data_set = cache(lambda layout: args.dataset(args.data, layout))  # read once for all rows
    for config in configs.values():
        check_start(config, settings_of(config))
    ours: dict[str, list[dict[str, float]]] = {}
    measured_on, left_out = "", list[str]()
    log_to_stderr()
    with processes(args.device) as peers, cancel_on_signals() as cancel, limited(args.minutes, cancel):
        logging.getLogger().setLevel(logging.INFO if peers.writes else logging.ERROR)
        for name, config in configs.items():
            try:
                check_labels(data_set(config.layout), config)
            except (AnnotationError, ConfigError) as error:
                raise type(error)(f"The row '{name}': {error} Or choose the others by --rows.") from None
        for preset, n in [(name, n) for n in range(args.seeds) for name in configs]:
            config = replace(configs[preset], seed=configs[preset].seed + n)
            settings = settings_of(config)
            out, data = args.out / (_folder(preset) + f"-seed{config.seed}" * bool(n)), data_set(config.layout)
            given: dict[str, Any] = {"settings": settings, "own": own[preset]}
            results = finished_results(config, data, out, **given) or (
                train(config, data, out, **given, cancel=cancel, peers=peers).results
            )
            test = results[PICKED].get("test", {})
            metrics = test.get("metrics", {})
            found = {name: metric["value"] for name, metric in metrics.items() if metric is not None}
            ours.setdefault(preset, []).append(found)
            if unscored := test.get("n_dives", 0) - test.get("n_scored", 0):
                left_out.append(
                    f"{preset}: {unscored} of {test['n_dives']} dives have no score: rho and R-l2 are of the others"
                )
            stamp = results["data"]
            epochs = "" if args.epochs is None else f", {args.epochs} epochs"
            learned = f"{epochs}, {stamp['dives']} training dives" if stamp["dives"] else ""
            measured_on = measured_on or f"{stamp['name']}{learned}"
            if not n and startable(config)["kinetics"] and settings.kinetics is None:
                unlike = "random weights" if config.start == "random" and settings.weights is None else "other weights"
                left_out.append(f"{preset}: starts from {unlike}, its paper from Kinetics: give --kinetics")
        if peers.writes:
            grades = (
                grades_of({*defaults, *(row.preset for row in rows if row.preset)})
                if args.table <= _OF_METHODS
                else None
            )
            say("\n".join([side_by_side(args.table, ours, data=measured_on, grades=grades), *left_out]))
    return 0


def grades_of(presets: Collection[str]) -> dict[str, str]:
    """Return how close each preset is to the source of its method."""
    return {name: get_method(get_config(name).method).grade for name in presets}


def _folder(preset: str) -> str:
    """Return the name of the folder of a row; a colon is not for names of files."""
    return preset.replace(":", "-")
