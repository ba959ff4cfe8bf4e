"""`fineparser data import TABLE`: a table of judged dives and their videos become a data set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tyro.conf import UseAppendAction

from fineparser_core.commands.options import Positional, WeightsOptions, parse
from fineparser_core.commands.output_paths import check_output_files, check_output_folder
from fineparser_core.commands.printing import remark, say, say_written
from fineparser_core.commands.terminal import running
from fineparser_core.data.dive_table import BadRow, read_table
from fineparser_core.data.judged_dives import LABELS_FILE, JudgedDive, clip_of, files_of, read_dives, write_dives
from fineparser_core.errors import AnnotationError, ConfigError, VideoError
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.records import DiveParse
from fineparser_core.support.tables import text_table

#: Largest difference between a label and what is found that passes without a word: a fifth of a second, as people
#: place the same moment that far apart.
_MOST_OFF_S = 0.2


@dataclass(frozen=True, kw_only=True)
class ImportOptions(WeightsOptions):
    """Makes a data set of a table of judged dives and their videos, which are left where they are.

    Columns are known by usual names in any case: video, start, end, dive, position, board, DD, score, J1 to J11 or
    awards, award, take-off, flight, entry (marks of the phases), athlete, event, date, split, first flight, first
    entry, contact, real fps. Videos are named as seen from the table. A frame is a whole number, a time has a unit or
    a colon: 370, 12.3s, 0:12.3. Rows that cannot be used are left out and named.

    Attributes:
        table: CSV file; or a set of judged dives, JSON or a folder with labels.json.
        out: the data set, a JSON file.
        map: FIELD=COLUMN for a column of another name; may be given several times.
        label: let the weights find the dive, its transitions and masks where the table does not give them.
    """

    table: Positional[Path]
    out: Path
    map: UseAppendAction[tuple[str, ...]] = ()
    label: bool = False


def main(argv: list[str]) -> int:
    """Run the command; see `--help`.

    Raises:
        AnnotationError: no row of the table can be used; the reasons are printed all the same.
    """
    if argv[:1] not in (["import"], ["--help"], ["-h"]):
        raise ConfigError("A data set is imported: write `fineparser data import dives.csv --out dives.json`.")
    args = parse(ImportOptions, "data import", [word for word in argv[:1] if word != "import"] + argv[1:])
    named = dict(_pair(text) for text in args.map)
    table = args.table / LABELS_FILE if args.table.is_dir() else args.table
    with running() as (progress, cancel):
        unlabeled = list[BadRow]()
        dives, bad, unused = _read(args.table, named)
        if unused:
            remark(f"Columns that are not used: {', '.join(unused)}; --map FIELD=COLUMN takes one.")
        _say_rows(f"{len(bad)} rows are left out:", bad)
        check_output_files([(args.out, ".json")], files_of(dives) | {table: "the table itself"})
        if dives and args.label:
            dives, unlabeled = _label(args, dives, progress, cancel)
    _say_rows(f"{len(unlabeled)} dives stay as they are, as the weights see no whole dive:", unlabeled)
    if not dives:
        raise AnnotationError(f"{args.table} has no row that can be used, of {len(bad)}: correct them.")
    write_dives(args.out, dives)
    judged = sum(dive.award is not None for dive in dives)
    say(f"{len(dives)} dives, {judged} of them judged.")
    say_written(args.out)
    return 0


def _read(path: Path, named: Mapping[str, str]) -> tuple[list[JudgedDive], list[BadRow], list[str]]:
    """Read a table, or the judged dives of a folder or JSON file, whose missing labels --label finds."""
    if path.is_dir() or path.suffix.lower() == ".json":
        if named:
            raise ConfigError(f"--map names columns, and {path} is no table: leave it out.")
        return read_dives(path), [], []
    return read_table(path, named)


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign or not column:
        raise ConfigError(f"--map {text} is not FIELD=COLUMN: write it as --map athlete=Diver.")
    return field, column


def _say_rows(heading: str, rows: Sequence[BadRow]) -> None:
    if rows:
        cells = [(str(row), video, reason.removesuffix(".")) for row, video, reason in rows]
        remark(f"{heading}\n{text_table(('row', 'video', 'why'), cells, left=(1, 2), indent='  ')}", keep="\n")


def _label(
    args: ImportOptions, dives: Sequence[JudgedDive], progress: ProgressCallback, cancel: CancelToken
) -> tuple[list[JudgedDive], list[BadRow]]:
    """Return the dives with their missing labels as the weights find them, and those in which they find no dive."""
    # Imported late, as they load torch.
    from fineparser_core.export.analysis_json import write_masks_npz
    from fineparser_core.inference.analyzer import Analyzer

    folder = args.out.with_name(f"{args.out.stem}_masks")
    check_output_folder(folder)
    folder.mkdir(exist_ok=True)
    analyzer = Analyzer.open(weights=args.weights, device=args.device, precision=args.precision)
    labeled, refused = [], []
    for done, dive in enumerate(dives, start=1):
        try:
            found = clip_of(dive, cancel=cancel)
            parse, _ = analyzer.parse(found.clip, found.recording, cancel=cancel)
            if parse.refusal is not None:
                raise VideoError(parse.refusal)
            if said := disagreement(dive, parse):
                remark(f"{dive.name}: {said} The given labels stand.")
                if shows_another(dive, parse):
                    raise ValueError("another dive than the labelled one was found: give its start and end")
            filled = replace(
                with_moments(dive, parse), start_frame=found.clip.in_frame, end_frame=found.clip.out_frame, trim=False
            )
        except (ValueError, VideoError) as error:  # some of the labels may contradict each other
            refused.append((dive.n, dive.name, str(error)))
            filled = dive
        else:
            if dive.masks is None:
                filled = replace(filled, masks=folder / f"{dive.n:04d}.npz")
                write_masks_npz(parse, folder / f"{dive.n:04d}.npz")
        labeled.append(filled)
        progress(Progress("label", done, len(dives)))
    return labeled, refused


def disagreement(dive: JudgedDive, parse: DiveParse) -> str:
    """Return a sentence on a person's labels that lie far off what was found; "" where none does."""
    most = round(_MOST_OFF_S * parse.clip.fps)
    off = [
        f"{name} {given} (found {found})"
        for name, given, found in (
            ("first flight frame", dive.first_flight_frame, parse.transitions.first_flight_frame),
            ("first entry frame", dive.first_entry_frame, parse.transitions.first_entry_frame),
            ("contact", dive.first_water_contact_frame, parse.first_water_contact_frame),
        )
        if given is not None and found is not None and abs(given - found) > most
    ]
    return f"labels are more than {most} frames off what is found: {', '.join(off)}." if off else ""


def shows_another(dive: JudgedDive, parse: DiveParse) -> bool:
    """Return True if the detected flight and the labeled flight share no frame."""
    starts, ends = dive.first_flight_frame, dive.first_water_contact_frame or dive.first_entry_frame
    found_end = parse.first_water_contact_frame or parse.transitions.first_entry_frame
    return (ends is not None and ends <= parse.transitions.first_flight_frame) or (
        starts is not None and starts >= found_end
    )


def with_moments(dive: JudgedDive, parse: DiveParse) -> JudgedDive:
    """Return the dive with its missing transitions, and the contact if any transition is the weights'.

    Where both are a person's, `labelled_by` would call a contact that, too.

    Raises: ValueError, where they contradict what is given.
    """
    flight, entry, contact = dive.first_flight_frame, dive.first_entry_frame, dive.first_water_contact_frame
    if flight is not None and entry is not None:
        return dive
    flight = parse.transitions.first_flight_frame if flight is None else flight
    entry = parse.transitions.first_entry_frame if entry is None else entry
    if contact is not None and contact < entry:
        raise ValueError(f"the entry would begin in frame {entry}, after the given contact in frame {contact}")
    if contact is None:
        contact = parse.first_water_contact_frame
        if contact is not None and contact < entry:
            remark(f"{dive.name}: no contact is kept: frame {contact} is before the entry, which begins in {entry}.")
            contact = None
    return replace(
        dive,
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_water_contact_frame=contact,
        labelled_by=parse.model.id,
    )
