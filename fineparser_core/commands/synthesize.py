"""`fineparser synthesize`: renders dives in the layout of FineDiving and FineDiving-HM."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.constructors import PrimitiveConstructorSpec

from fineparser_core.commands.options import Count, CountFromZero, Seed, Workers, parse
from fineparser_core.commands.output_paths import check_output_files, check_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import running
from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import ConfigError
from fineparser_core.export.images import IMAGE_SUFFIXES, write_image
from fineparser_core.synth import twin_table
from fineparser_core.synth.dataset import DatasetPlan, SynthConfig, synthesize
from fineparser_core.synth.preview import contact_sheet
from fineparser_core.synth.twins import TwinPlan, TwinRecord, plan_twins


def parse_shard(text: str) -> tuple[int, int]:
    """ "2/8" as (1, 8): rank and number of shards.

    Raises:
        ValueError: not such a part.
    """
    rank, slash, count = text.partition("/")
    if not (slash and rank.isdecimal() and count.isdecimal() and 1 <= int(rank) <= int(count)):
        raise ValueError(f"{text!r} is not a part such as 1/4")
    return int(rank) - 1, int(count)


Shard = Annotated[
    tuple[int, int],
    PrimitiveConstructorSpec(
        nargs=1,
        metavar="I/N",
        instance_from_str=lambda words: parse_shard(words[0]),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda shard: [f"{shard[0] + 1}/{shard[1]}"],
    ),
]


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
        twins: twins of FineDiving's dives: all, 1800 + 80, or 240 + 80.
        variant: other twins of the same dives, which nothing has learned from, to compare weights by.
        annotations: folder of FineDiving's annotations; by default a table of their distribution.
        shard: the I-th of N parts, which may run at once.
        preview: write a contact sheet of a few dives there, as PNG, instead.
        quiet: no progress.
    """

    out: Path | None = None
    train: CountFromZero = 0
    test: CountFromZero = 0
    seed: Seed = 0
    workers: Workers = 1
    numbers: str = ""
    twins: Literal["full", "medium", "mini"] | None = None
    variant: Count = 1
    annotations: Path | None = None
    shard: Shard = (0, 1)
    preview: Path | None = None
    quiet: bool = False


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    args = parse(SynthesizeOptions, "synthesize", argv)
    numbers = tuple(n.strip().upper() for n in args.numbers.split(",")) if args.numbers else ()
    if args.preview is not None:
        check_output_files([args.preview])
        if args.preview.suffix.lower() not in IMAGE_SUFFIXES:
            raise ConfigError(f"{args.preview} ends in none of {', '.join(IMAGE_SUFFIXES)}: choose such a name.")
        sheet, speed = contact_sheet(SynthConfig(train=6, test=0, seed=args.seed, numbers=numbers))
        write_image(sheet, args.preview)
        say(f"Rendered at {speed:.0f} frames a second of one core.")
        return 0
    if args.out is None:
        raise ConfigError("Neither --out nor --preview is given: name a folder or a picture.")
    if args.variant > 1 and not args.twins:
        raise ConfigError(f"--variant {args.variant} is of twins: give --twins as well, or another --seed.")
    check_output_folder(args.out)
    plan: DatasetPlan
    if args.twins:
        plan = _twins(args.twins, args.annotations, args.seed, args.variant)
    else:
        plan = SynthConfig(train=args.train, test=args.test, seed=args.seed, numbers=numbers)
    with running(quiet=args.quiet) as (progress, cancel):
        left = synthesize(args.out, plan, workers=args.workers, shard=args.shard, progress=progress, cancel=cancel)
    if left:
        say(f"{left} dives of other shards are still missing; annotations are written with the last of them.")
    return 0


def annotated_records(folder: Path) -> list[TwinRecord]:
    """The records of FineDiving's annotations.

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


def _twins(size: str, annotations: Path | None, seed: int, variant: int) -> TwinPlan:
    records = annotated_records(annotations) if annotations else twin_table.sample_records(seed)
    plan = plan_twins(records, size, seed, variant)
    say(f"{len(plan)} twins of {len(records)} records {'as annotated' if annotations else 'drawn from the table'}")
    for note, count in plan.notes().items():
        say(f"  {count}: {note}")
    for name, reason in plan.skipped.items():
        say(f"  {name} is skipped: {reason}")
    return plan
