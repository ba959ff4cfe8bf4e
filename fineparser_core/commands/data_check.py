"""`fineparser data check ROOT`: says what a data set has, what is missing and what is wrong."""

from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path

from fineparser_core.commands.options import DatasetOptions, Positional, parse
from fineparser_core.commands.printing import say, say_json
from fineparser_core.commands.terminal import running
from fineparser_core.config import Layout
from fineparser_core.data.survey import N_VOTERS, Survey, by_kind, take_survey
from fineparser_core.errors import AnnotationError
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.tables import csv_table, text_table

_EXAMPLES = 3
#: Events with the shortest, and with the longest flights.
_EVENTS = 5


@dataclass(frozen=True, kw_only=True)
class CheckOptions(DatasetOptions):
    """Looks at a data set before training: what it has, what is missing and what is wrong.

    Attributes:
        data: folder of the annotations, and of the frames unless --frames names another; or a file of judged dives.
        layout: auto: by the annotation files.
        images: decode every image and name the damaged ones.
        json: print the whole report as JSON.
        erratum: write labels that contradict the rest of their annotation into this CSV table, with what they should be
            where that is known.
    """

    data: Positional[Path]
    layout: Layout = "auto"
    images: bool = False
    json: bool = False
    erratum: Path | None = None


def main(argv: list[str]) -> int:
    """Print the report to stdout; see `--help`.

    Raises:
        AnnotationError: no dive of the training split can be used; the report is printed all the same.
    """
    args = parse(CheckOptions, "data check", argv)
    data = args.dataset(args.data, args.layout)
    with running() as (progress, cancel):
        survey = take_survey(data, images=args.images, progress=progress, cancel=cancel)
    if args.erratum is not None:
        write_whole(args.erratum, erratum(survey))
    if args.json:
        say_json(asdict(survey), indent=2)
    else:
        say(report(survey))
    if not survey.splits["train"]["usable"]:
        first = next(iter(survey.unusable), "its train split is empty.")
        raise AnnotationError(f"{data.root} has no dive to train on, the first: {first} {data.lost_frames}")
    return 0


def erratum(survey: Survey) -> bytes:
    """Return the wrong labels of a data set as a CSV table, by dive."""
    columns = ("id", "kind", "stored", "right", "text")
    rows = [{**asdict(one), "id": f"{one.key[0]}/{one.key[1]}"} for one in survey.defects if one.stored]
    return csv_table(columns, [{name: row[name] for name in columns} for row in sorted(rows, key=itemgetter("id"))])


def report(survey: Survey) -> str:
    """Return the survey in lines for a person: there, missing, wrong, and what the cache takes."""
    missing_files = [name for name, path in survey.files.items() if path is None]
    lines = [f"{survey.layout} in {survey.root}", "", "There:"]
    lines += [f"  {path}" for path in survey.files.values() if path is not None] or [f"  {survey.name}"]
    lines += [f"  {'split':<8}{'dives':>7}{'frames':>8}{'masks':>7}{'phases':>7}{'usable':>8}{'numbers':>9}"]
    for name, split in survey.splits.items():
        widths = zip(split.values(), (7, 8, 7, 7, 8, 9), strict=True)
        lines += [f"  {name or 'none':<8}" + "".join(f"{count:>{width}}" for count, width in widths)]
    lines += [
        f"  {survey.dive_numbers} dive numbers; by {survey.criterion}, {survey.few_exemplars} test dives have fewer "
        f"than {N_VOTERS} exemplars in training and {survey.no_exemplars} have none"
    ]
    without = {"frames": sum(split["records"] - split["with_frames"] for split in survey.splits.values())}
    if survey.layout == "finediving":  # MTL-AQA has no masks to miss
        without["masks"] = sum(split["records"] - split["with_masks"] for split in survey.splits.values())
    missing = [f"  {name} (training does not need it)" for name in missing_files]
    missing += [f"  {what} of {count} dives" for what, count in without.items() if count]
    missing += _examples(f"{len(survey.unusable)} dives that training leaves out", survey.unusable)
    lines += ["", "Missing:", *(missing or ["  nothing"])]
    lines += ["", "Wrong:"]
    for kind, count in by_kind(survey.defects).items():
        found = [f"{d.key[0]}/{d.key[1]}: {d.text}" for d in survey.defects if d.kind == kind]
        lines += _examples(f"{kind}: {count}", found)
    if survey.damaged is not None:
        lines += _examples(f"damaged images: {len(survey.damaged)}", survey.damaged)
    lines += [] if survey.defects or survey.damaged else ["  nothing"]
    if survey.event_biases:
        lines += ["", "Labelled flights of an event, relative to those of the same dive numbers in all events:"]
        rows = [(one["event"], str(one["dives"]), f"{one['factor']:.2f}") for one in survey.event_biases]
        if len(rows) > 2 * _EVENTS:
            rows = [*rows[:_EVENTS], (f"... {len(rows) - 2 * _EVENTS} more, see --json", "", ""), *rows[-_EVENTS:]]
        table = text_table(("event", "dives", "flight"), rows, left=(0,))
        lines += [f"  {line}" for line in table.splitlines()]
    sizes = ", ".join(f'{size / 1e9:.1f} GB for "{name}"' for name, size in survey.cache_bytes.items())
    lines += ["", f"Training on all of it decodes the frames into a cache of {sizes} (--preprocessing)."]
    return "\n".join(lines)


def _examples(heading: str, found: list[str] | tuple[str, ...]) -> list[str]:
    if not found:
        return [f"  {heading}"] if heading.endswith(": 0") else []
    more = [f"    and {len(found) - _EXAMPLES} more, see --json"] if len(found) > _EXAMPLES else []
    return [f"  {heading}", *(f"    {text}" for text in found[:_EXAMPLES]), *more]
