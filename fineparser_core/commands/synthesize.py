"""`fineparser synthesize`: renders dives in the layout of FineDiving and FineDiving-HM."""

import argparse
from pathlib import Path

import cv2

from fineparser_core.commands.cli import cancel_on_signals, positive_int, progress_to_stderr
from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.synth import twin_table
from fineparser_core.synth.dataset import Plan, SynthConfig, synthesize
from fineparser_core.synth.preview import contact_sheet
from fineparser_core.synth.twins import SIZES, TwinPlan, TwinRecord, plan_twins


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
    parser.add_argument("--twins", choices=SIZES, help="twins of FineDiving's dives: all, 1800 + 80, or 240 + 80")
    parser.add_argument(
        "--take", type=positive_int, default=1, metavar="N",
        help="other twins of the same dives, to be trained on beside those of other takes (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--annotations", type=Path, help="folder of FineDiving's annotations (default: a table of their distribution)"
    )
    parser.add_argument("--write-table", action="store_true", help="remake that table from --annotations, and stop")
    parser.add_argument(
        "--shard", type=parse_shard, default=(0, 1), metavar="I/N", help="the I-th of N parts, which may run at once"
    )
    parser.add_argument("--preview", type=Path, metavar="PNG", help="write a contact sheet of a few dives instead")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    args = parser.parse_args(argv)
    numbers = tuple(n.strip().upper() for n in args.numbers.split(",")) if args.numbers else ()
    if args.preview is not None:
        sheet, speed = contact_sheet(SynthConfig(train=6, test=0, seed=args.seed, numbers=numbers))
        ok, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
        try:
            args.preview.write_bytes(data.tobytes() if ok else b"")
        except OSError as error:
            raise ExportError(f"{args.preview} cannot be written ({error.strerror}): choose another place.") from None
        print(f"Rendered at {speed:.0f} frames a second of one core.")
        return 0
    if args.write_table:
        if args.annotations is None:
            raise ConfigError("--write-table lacks --annotations: name the folder of FineDiving's annotations.")
        twin_table.write_table(annotated_records(args.annotations))
        return 0
    if args.out is None:
        raise ConfigError("Neither --out nor --preview is given: name a folder or a picture.")
    if args.take > 1 and not args.twins:
        raise ConfigError(f"--take {args.take} is of twins: give --twins as well, or another --seed.")
    plan: Plan
    if args.twins:
        plan = _twins(args.twins, args.annotations, args.seed, args.take)
    else:
        plan = SynthConfig(train=args.train, test=args.test, seed=args.seed, numbers=numbers)
    progress = progress_to_stderr(quiet=args.quiet)
    with cancel_on_signals() as cancel:
        left = synthesize(args.out, plan, workers=args.workers, shard=args.shard, progress=progress, cancel=cancel)
    if left:
        print(f"{left} dives of other shards are still missing; annotations are written with the last of them.")
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


def parse_shard(text: str) -> tuple[int, int]:
    """ "2/8" as (1, 8): rank and number of shards, for `argparse`.

    Raises:
        argparse.ArgumentTypeError: not such a part.
    """
    rank, slash, count = text.partition("/")
    if not (slash and rank.isdecimal() and count.isdecimal() and 1 <= int(rank) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part such as 1/4")
    return int(rank) - 1, int(count)


def _twins(size: str, annotations: Path | None, seed: int, take: int) -> TwinPlan:
    records = annotated_records(annotations) if annotations else twin_table.drawn_records(seed)
    plan = plan_twins(records, size, seed, take)
    print(f"{len(plan)} twins of {len(records)} records {'as annotated' if annotations else 'drawn from the table'}")
    for note, count in plan.notes().items():
        print(f"  {count}: {note}")
    for name, reason in plan.left_out.items():
        print(f"  {name} is left out: {reason}")
    return plan
