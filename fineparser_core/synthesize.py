"""`python -m fineparser_core.synthesize`: renders dives in the layout of FineDiving and FineDiving-HM."""

import argparse
import sys
from pathlib import Path

import cv2

from fineparser_core.cli import cancel_on_signals, progress_to_stderr, run_guarded
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.synth.dataset import SynthConfig, synthesize
from fineparser_core.synth.preview import contact_sheet


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(prog="fineparser synthesize", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder of the data set; an interrupted run goes on there")
    parser.add_argument("--train", type=int, default=0, help="dives in the training split")
    parser.add_argument("--test", type=int, default=0, help="dives in the test split")
    parser.add_argument("--seed", type=int, default=0, help="default 0")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes (default 1); the result does not depend on it"
    )
    parser.add_argument("--numbers", help="dive numbers to draw from, with commas (default: as competitions have them)")
    parser.add_argument("--preview", type=Path, metavar="PNG", help="write a contact sheet of a few dives instead")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    args = parser.parse_args(argv)
    numbers = tuple(n.strip().upper() for n in args.numbers.split(",")) if args.numbers else ()
    if args.preview is not None:
        sheet = contact_sheet(SynthConfig(train=6, test=0, seed=args.seed, numbers=numbers))
        ok, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
        try:
            args.preview.write_bytes(data.tobytes() if ok else b"")
        except OSError as error:
            raise ExportError(f"{args.preview} cannot be written ({error.strerror}): choose another place.") from None
        return 0
    if args.out is None:
        raise ConfigError("Neither --out nor --preview is given: name a folder or a picture.")
    config = SynthConfig(train=args.train, test=args.test, seed=args.seed, numbers=numbers)
    with cancel_on_signals() as cancel:
        synthesize(args.out, config, workers=args.workers, progress=progress_to_stderr(quiet=args.quiet), cancel=cancel)
    return 0


if __name__ == "__main__":
    sys.exit(run_guarded(main, sys.argv[1:]))
