"""`fineparser ablate`: runs every preset of a table of the paper and prints its numbers beside the paper's.

Settings of the presets can be given as for `fineparser train`: `--batch-size 1 --precision auto`. A row that is
finished in --out is not run again.
"""

import argparse
import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fineparser_core.commands.cli import cancel_on_signals, positive_int
from fineparser_core.commands.train import add_run_options, data_set, parse_overrides, run_settings
from fineparser_core.config import get_config
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.paper import TITLES, paper_table, side_by_side
from fineparser_core.training.distributed import processes
from fineparser_core.training.initial import check_start
from fineparser_core.training.run import RESULTS, train


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="fineparser ablate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="tables:\n" + "\n".join(f"  {number}  {title}" for number, title in TITLES.items()),
    )
    parser.add_argument("table", type=int, choices=TITLES, metavar="TABLE", help="number of the table, see below")
    parser.add_argument("--epochs", type=positive_int, required=True, help="of every row")
    add_run_options(parser)
    args, rest = parser.parse_known_args(argv)
    overrides = {**parse_overrides(rest), "epochs": str(args.epochs)}
    presets = [row.preset for row in paper_table(args.table) if row.preset is not None]
    configs = {preset: get_config(preset, overrides) for preset in dict.fromkeys(presets)}
    for config in configs.values():
        check_start(config)
    args.resume = True
    ours: dict[str, dict[str, float]] = {}
    measured_on = ""
    with processes(args.device) as peers, cancel_on_signals() as cancel:
        level = logging.INFO if peers.writes else logging.ERROR
        logging.basicConfig(level=level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
        for preset, config in configs.items():
            out = args.out / preset
            results = done = _finished(out / RESULTS)
            if results is None:
                data = data_set(args, config.layout)
                settings = run_settings(args)
                results = train(config, data, out, settings=settings, cancel=cancel, peers=peers).results
            if done and done["settings"] != json.loads(json.dumps(asdict(config))):
                raise ConfigError(f"{out} holds results of other settings: choose another folder for --out.")
            metrics = results["picked on validation"].get("test", {}).get("metrics", {})
            ours[preset] = {name: metric["value"] for name, metric in metrics.items() if metric is not None}
            measured_on = f"{results['data']['name']}, {args.epochs} epochs, {results['data']['dives']} training dives"
        if peers.writes:
            print(side_by_side(args.table, ours, data=measured_on))
    return 0


def _finished(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}): delete it to finish that row again.") from None
    return results
