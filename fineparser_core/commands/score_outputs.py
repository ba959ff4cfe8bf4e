"""The files that `fineparser score` writes: which are asked for, whether they can be written, and writing them."""

from pathlib import Path

from fineparser_core.commands.output_paths import check_output_files
from fineparser_core.commands.score_options import ScoreOptions
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.compared import compared_exemplar
from fineparser_core.exemplars.good_dives import good_bands
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import best_exemplar
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.analysis_json import write_analysis_json, write_masks_npz
from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.export.contact_sheet import write_contact_sheet
from fineparser_core.export.images import IMAGE_SUFFIXES
from fineparser_core.export.options import MIN_SPEED, RenderOptions
from fineparser_core.export.report.dives import REPORT_SUFFIXES, ReportedDive
from fineparser_core.export.report.write import write_report
from fineparser_core.export.tables import DiveRecord, write_csv
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.types import Analysis, ComparedDive

STDOUT = Path("-")
_BEST = "best"


def output_files(args: ScoreOptions) -> list[Path]:
    """The files that are asked for."""
    json_file = None if args.json == STDOUT else args.json
    asked = (args.annotated, args.contact_sheet, args.report, args.masks, args.csv, json_file)
    return [path for path in asked if path is not None]


def check_outputs(args: ScoreOptions, library: ExemplarStore) -> None:
    """Checks that every output can be written, before the clip is analysed.

    Raises:
        ConfigError: for two outputs in one file, one that would replace what is read, or options that cannot be.
        ExportError: for a place where no file can be made.
        ExemplarError: where the library lacks the dive to show beside.
    """
    _check_options(args)
    if args.compare_with not in (None, _BEST):
        library.get(args.compare_with)
    inputs = {exemplar.clip_path: "the clip of an exemplar" for exemplar in library.exemplars()}
    inputs[args.clip] = "the clip itself"
    if args.library is not None:
        inputs[args.library] = "the library itself"
    check_output_files(output_files(args), inputs)


def _check_options(args: ScoreOptions) -> None:
    shaping = (args.compare_with, args.speed != 1, args.whole_file, args.no_overlay)
    if any(shaping) and args.annotated is None:
        raise ConfigError(
            "--compare-with, --speed, --whole-file and --no-overlay shape the annotated clip: add --annotated."
        )
    if not MIN_SPEED <= args.speed <= 1:
        raise ConfigError(f"--speed {args.speed:g} cannot be written: choose one from {MIN_SPEED:g} to 1.")
    if args.contact_sheet is not None and args.contact_sheet.suffix.lower() not in IMAGE_SUFFIXES:
        raise ConfigError(f"{args.contact_sheet} ends in none of {', '.join(IMAGE_SUFFIXES)}: choose such a name.")
    if args.report is not None and args.report.suffix.lower() not in REPORT_SUFFIXES:
        raise ConfigError(f"{args.report} ends in none of {', '.join(REPORT_SUFFIXES)}: choose such a name.")
    if args.skeleton and args.annotated is None and args.contact_sheet is None:
        raise ConfigError("--skeleton is drawn on the annotated clip and the contact sheet: add one of them.")
    if args.diver and args.report is None:
        raise ConfigError("--diver is named in the report: add --report.")
    if args.compare_with == _BEST and args.dive_number is None:
        raise ConfigError("--compare-with best needs a score to choose by: add --dive-number, or name an exemplar.")


def write_outputs(
    analysis: Analysis,
    args: ScoreOptions,
    library: ExemplarStore,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> tuple[str, ...]:
    """Writes the requested files.

    Returns:
        Notes for the user, one sentence each.

    Raises:
        FineParserError: as the functions that write; ExemplarError, where the library lacks the dive to show.
    """
    notes: tuple[str, ...] = ()
    scoring = analysis.scoring
    voted = [library.get(vote.id) for vote in scoring.exemplars] if scoring is not None else []
    best = best_exemplar(voted, scoring.dive_number, scoring.board_m) if scoring is not None else None
    # The one that takes long first: a cancel while it is drawn leaves no file at all.
    if args.annotated:
        chosen = best if args.compare_with == _BEST else library.get(args.compare_with) if args.compare_with else None
        comparison = _compared(chosen, library)
        shown = not args.no_overlay
        options = RenderOptions(
            mask=shown, panels=shown, comparison=comparison, speed=args.speed, skeleton=args.skeleton
        )
        notes = write_annotated_clip(
            analysis, args.annotated, options, whole_file=args.whole_file, progress=progress, cancel=cancel
        )
    if args.contact_sheet:
        options = RenderOptions(comparison=_compared(best, library), skeleton=args.skeleton)
        write_contact_sheet(analysis, args.contact_sheet, options, progress=progress, cancel=cancel)
    if args.report:
        scored = scoring or analysis.own_award
        bands = good_bands(scored.dive_number, scored.board_m) if scored is not None else {}
        dive = ReportedDive(
            path=args.clip,
            analysis=analysis,
            diver=args.diver,
            bands=bands,
            comparison=_compared(best, library),
        )
        write_report([dive], args.report, progress=progress, cancel=cancel)
    if args.masks:
        write_masks_npz(analysis.parse, args.masks)
    if args.csv:
        write_csv([DiveRecord(path=args.clip, board_m=args.board, analysis=analysis)], args.csv)
    if args.json and args.json != STDOUT:
        write_analysis_json(analysis, args.json)
    return notes


def _compared(exemplar: Exemplar | None, library: ExemplarStore) -> ComparedDive | None:
    return compared_exemplar(exemplar, library.mask(exemplar.id)) if exemplar is not None else None
