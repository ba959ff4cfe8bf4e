"""Command `fineparser synthesize`: renders dives in the layout of FineDiving and FineDiving-HM."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fineparser_core.commands.options import Count, CountFromZero, Seed, Workers, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import running
from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import ConfigError
from fineparser_core.synth import twin_table
from fineparser_core.synth.dataset import DatasetPlan, SynthConfig, synthesize
from fineparser_core.synth.twins import TwinPlan, TwinRecord, plan_twins


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
        twins: a twin of each of FineDiving's dives.
        variant: other twins of the same dives, which nothing has learned from, to compare weights by.
        annotations: folder of FineDiving's annotations; by default a table of their distribution.
        quiet: no progress.
    """

    out: Path
    train: CountFromZero = 0
    test: CountFromZero = 0
    seed: Seed = 0
    workers: Workers = 1
    numbers: str = ""
    twins: Literal["full"] | None = None
    variant: Count = 1
    annotations: Path | None = None
    quiet: bool = False


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(SynthesizeOptions, "synthesize", argv)
    numbers = tuple(n.strip().upper() for n in args.numbers.split(",")) if args.numbers else ()
    if args.variant > 1 and not args.twins:
        raise ConfigError(f"--variant {args.variant} is of twins: give --twins as well, or another --seed.")
    check_output_folder(args.out)
    plan: DatasetPlan
    if args.twins:
        plan = _twins(args.annotations, args.seed, args.variant)
    else:
        plan = SynthConfig(train=args.train, test=args.test, seed=args.seed, numbers=numbers)
    with running(quiet=args.quiet) as (progress, cancel):
        synthesize(args.out, plan, workers=args.workers, progress=progress, cancel=cancel)
    return 0


def annotated_records(folder: Path) -> list[TwinRecord]:
    """Return the records of FineDiving's annotations.

    Raises:
        AnnotationError: a file is missing or damaged.
        ConfigError: the folder holds another data set.
    """
    records = load_dataset(folder, "finediving").records.values()
    return [
        TwinRecord(
            event=record.key[0],
            index=record.key[1],
            dive_number=record.dive_number,
            difficulty=record.difficulty,
            score=record.score,
            board_m=record.board_m,
            synchro=record.synchro,
            n_frames=record.n_frames,
            first_flight_frame=record.first_flight_frame or 0,
            first_entry_frame=record.first_entry_frame or 0,
            split=record.split,
        )
        for record in records
    ]


def _twins(annotations: Path | None, seed: int, variant: int) -> TwinPlan:
    records = annotated_records(annotations) if annotations else twin_table.sample_records(seed)
    plan = plan_twins(records, seed, variant)
    say(f"{len(plan)} twins of {len(records)} records {'as annotated' if annotations else 'drawn from the table'}")
    for note, count in plan.notes().items():
        say(f"  {count}: {note}")
    for name, reason in plan.skipped.items():
        say(f"  {name} is skipped: {reason}")
    return plan
