"""Command `fineparser synthesize`: renders dives in the layout of FineDiving and FineDiving-HM."""

from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.options import CountFromZero, Seed, Workers, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.terminal import running
from fineparser_core.synth.dataset import SynthConfig, synthesize


@dataclass(frozen=True, kw_only=True)
class SynthesizeOptions:
    """Renders dives in the layout of FineDiving and FineDiving-HM.

    Attributes:
        out: folder of the data set; an interrupted run goes on there.
        train: dives in the training split.
        test: dives in the test split.
        seed: of everything that is drawn.
        workers: processes; the result does not depend on it.
        numbers: dive numbers to draw from, with commas; by default as competitions have them.
        quiet: no progress.
    """

    out: Path
    train: CountFromZero = 0
    test: CountFromZero = 0
    seed: Seed = 0
    workers: Workers = 1
    numbers: str = ""
    quiet: bool = False


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(SynthesizeOptions, "synthesize", argv)
    numbers = tuple(n.strip().upper() for n in args.numbers.split(",")) if args.numbers else ()
    check_output_folder(args.out)
    plan = SynthConfig(train=args.train, test=args.test, seed=args.seed, numbers=numbers)
    with running(quiet=args.quiet) as (progress, cancel):
        synthesize(args.out, plan, workers=args.workers, progress=progress, cancel=cancel)
    return 0
