"""`fineparser score`: analyses a clip and writes its phases, masks, score and contributions to the requested files.

`score_many` scores many clips.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.options import Count, Point, Positional, Seed, WeightsOptions, Workers, parse
from fineparser_core.commands.output_paths import check_output_files
from fineparser_core.commands.printing import remark, say, say_json, say_written
from fineparser_core.commands.score_many import asked_clips, score_many
from fineparser_core.commands.score_report import named_otherwise, report
from fineparser_core.commands.scorer import ScoringOptions
from fineparser_core.commands.terminal import cancel_on_signals, running
from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.difficulty import asked_dive
from fineparser_core.errors import ConfigError, ExitCode
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import CandidateRule, best_exemplar, check_rule
from fineparser_core.exemplars.store import ExemplarStore, own_folder
from fineparser_core.export.analysis_json import analysis_to_dict, write_analysis_json, write_masks_npz
from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.export.dive_words import dive_words
from fineparser_core.export.images import IMAGE_SUFFIXES
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.report.dives import REPORT_SUFFIXES, ReportedDive
from fineparser_core.export.report.write import write_report
from fineparser_core.export.results import AskedClip
from fineparser_core.export.strobe import write_strobe_picture
from fineparser_core.export.tables import ExportedDive, write_csv
from fineparser_core.measures.explanation import bands_of
from fineparser_core.motion.clips import FoundClip, find_clip
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.records import Analysis, ComparedDive, VerdictCode
from fineparser_core.scoring.profile import Profile, active_profile, read_profile
from fineparser_core.support.files import check_content, known_content
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe

_STDOUT = Path("-")
_CLIP_SUFFIXES = (".mp4", "")
#: Options that only a single clip can have.
_OF_ONE = ("start_frame", "end_frame", "athlete", "diver", "json", "masks", "annotated", "report", "strobe")
#: Sentences on clips that two places name differently.
_MOST_DIFFERING = 5
_SEE_HELP = "see `fineparser score --help`."
_NO_NUMBER = "--board and --difficulty say nothing without --dive-number: add it, e.g. 207C."


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(WeightsOptions):
    """Analyses a dive. Frames are 0-based, inclusive, and those of the source file.

    Attributes:
        clips: video file; with --out also several, folders, .txt with a path a line, dives in a .csv or .json.
        dive_number: e.g. 207C; without it the number that the video surely shows; a score needs one.
        board: 1, 3, 5, 7.5 or 10 m; without it the board that the fall shows, or the number's commonest.
        difficulty: the DD, where no table has it.
        start_frame: first frame of the dive; by default 0.
        end_frame: last frame of the dive; by default the last.
        no_trim: analyse the whole file, where by default the dive is found in it.
        diver: who is the diver, by number, where several may be; they are listed.
        athlete: a point on the diver, where another person was followed: frame, x and y in pixels of the frame.
        force: score it even if it shows no whole dive, too little of a dive, or another dive than its number.
        exemplars: dives to compare with.
        allow_nearest: without exemplars of the number, compare with the nearest dive numbers.
        synchro: two divers: compare with exemplars of two divers alone.
        seed: which exemplars are drawn where there are more.
        library: this file of exemplars alone; by default the bundled exemplars and your own.
        profile: as your judges mark, by this file of `fineparser learn`; by default the profile in use.
        no_profile: as shipped.
        quiet: no progress on stderr.
        out: write a line of JSON for each clip; the same command goes on where it was stopped.
        workers: with --out: so many clips at once, each in its own process.
        json: write the analysis as JSON; - prints it instead of the report.
        csv: write the analysis as a row of a table, with --out those of all clips.
        masks: write the athlete masks, as .npz.
        annotated: write the clip with number, award and faults around the picture, as .mp4.
        brief: annotated: to send: 6 to 10 s, at half speed at the faults, upright where the diver fits.
        skeleton: annotated: with the athlete's skeleton, and the path of the body's centre.
        strobe: write a picture of the diver at equal times along the path.
        report: write a page for athlete and coach, as .pdf or .html.
        name: report, annotated: the athlete's name.
    """

    clips: Positional[tuple[Path, ...]]
    dive_number: str | None = None
    board: float | None = None
    difficulty: float | None = None
    start_frame: int | None = None
    end_frame: int | None = None
    no_trim: bool = False
    diver: Count | None = None
    athlete: Point | None = None
    force: bool = False
    exemplars: Count = 10
    allow_nearest: bool = False
    synchro: bool = False
    seed: Seed = 0
    library: Path | None = None
    profile: Path | None = None
    no_profile: bool = False
    quiet: bool = False
    out: Path | None = None
    workers: Workers = 1

    json: Path | None = None
    csv: Path | None = None
    masks: Path | None = None
    annotated: Path | None = None
    brief: bool = False
    skeleton: bool = False
    strobe: Path | None = None
    report: Path | None = None
    name: str = ""

    @property
    def clip(self) -> Path:
        """The only clip."""
        return self.clips[0]


def main(argv: list[str]) -> int:
    """Run `fineparser score`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(ScoreOptions, "score", argv)
    if not args.clips:
        raise ConfigError(f"Missing from fineparser score: CLIP video file. (required): {_SEE_HELP}")
    if args.out is not None:
        return _score_many(args, args.out)
    if len(args.clips) > 1 or args.workers > 1:
        raise ConfigError(f"Several clips need a file for their results, so add --out results.jsonl: {_SEE_HELP}")
    with running(quiet=args.quiet) as (progress, cancel), ExitStack() as opened:
        if args.dive_number is None and (args.board, args.difficulty) != (None, None):
            raise ConfigError(_NO_NUMBER)
        asked = _asked(args, args.clip)
        dive, difficulty = asked_dive(asked)
        options = _options(args)
        library = opened.enter_context(_open_library(options))
        if dive is not None:
            check_rule(options.rule, library.exemplars, dive)
        _check_outputs(args, library)
        info = probe(args.clip)
        if args.athlete is not None:
            make_clip(args.clip, 0, info.n_frames - 1, args.athlete)  # is the point in the file?
        content = known_content(args.clip)
        for note in named_otherwise(asked):
            remark(note)
        chosen = args.no_trim or (args.start_frame, args.end_frame) != (None, None)
        by_hand = chosen and args.diver is None
        found = _found_dive(args, None, progress, cancel) if by_hand else None  # nothing is read for that yet
        cancel.raise_if_cancelled()
        analyzer = options.open_analyzer(library)  # every check above runs without torch
        found = found or _found_dive(args, analyzer.find_body, progress, cancel)
        analysis = analyzer.analyze(
            found.clip,
            dive,
            difficulty,
            found.recording,
            force=args.force,
            progress=progress,
            cancel=cancel,
            **options.choice,
        )
        check_content(args.clip, content)
        notes = _write_outputs(analysis, args, library, progress, cancel)

    if args.json == _STDOUT:
        if (clip := analysis.parse.clip).diver_is_unsure:
            remark(f"{len(clip.divers)} may be the diver, see clip.divers of the JSON: choose one with --diver.")
        say_json(analysis_to_dict(analysis))
    else:
        say(report(analysis))
        for path, _ in _output_files(args):
            say_written(path)
        for note in notes:
            say(f"Note: {note}")
    verdict = analysis.verdict
    if "force" in verdict.ways_out:
        return ExitCode.NOT_A_DIVE
    # Nothing was asked for that is missing where the number is only seen.
    unscored = verdict.code in (VerdictCode.NO_EXEMPLARS, VerdictCode.NO_DIFFICULTY) and dive is not None
    return ExitCode.EXEMPLARS if unscored else ExitCode.DONE


def _score_many(args: ScoreOptions, out: Path) -> int:
    """Score many clips. Raises: FineParserError, as `score_many`, or for options that only a single clip can have."""
    _check_options(args)
    if of_one := [f"--{name.replace('_', '-')}" for name in _OF_ONE if getattr(args, name) is not None]:
        raise ConfigError(f"Of one clip alone can be had, not with --out: {', '.join(of_one)}. Leave that out.")
    check_output_files([(out, ".jsonl"), *_output_files(args)], _inputs(args))
    usual = _asked(args, out)
    asked_dive(usual)
    asked = asked_clips(args.clips, usual)
    if (args.board, args.difficulty) != (None, None) and not any(one.dive_number for one in asked):
        raise ConfigError(_NO_NUMBER)
    differing = [note for one in asked for note in named_otherwise(one, args.dive_number, args.board)]
    for note in differing[:_MOST_DIFFERING]:
        remark(note)
    if (more := len(differing) - _MOST_DIFFERING) > 0:
        remark(f"{more} more of the kind.")
    options = _options(args)
    _open_library(options).close()  # problems of the library are reported once
    with cancel_on_signals() as cancel:
        score_many(asked, options, out, cancel, workers=args.workers, table=args.csv, quiet=args.quiet)
    return ExitCode.DONE


def _asked(args: ScoreOptions, path: Path) -> AskedClip:
    return AskedClip(path=path, dive_number=args.dive_number, board_m=args.board, difficulty=args.difficulty)


def _options(args: ScoreOptions) -> ScoringOptions:
    """Make the options of scoring. Raises: ConfigError, as `_profile`."""
    return ScoringOptions(
        weights=args.weights,
        device=args.device,
        precision=args.precision,
        library=args.library,
        own=own_folder(),
        n_exemplars=args.exemplars,
        seed=args.seed,
        rule=CandidateRule(nearest=args.allow_nearest, synchro=args.synchro),
        trim=not args.no_trim,
        force=args.force,
        profile=_profile(args),
    )


def _found_dive(
    args: ScoreOptions, find_body: FindBody | None, progress: ProgressCallback, cancel: CancelToken
) -> FoundClip:
    """Return the dive of the file; of several the likeliest, and the others are named."""
    found = find_clip(
        args.clip,
        args.diver or args.athlete,
        start_frame=args.start_frame,
        end_frame=args.end_frame,
        trim=not args.no_trim,
        progress=progress,
        cancel=cancel,
        search=DiveSearch(args.clip, find_body=find_body),
    )
    if found.others:
        others = ", ".join(f"--start-frame {first} --end-frame {last}" for first, last in found.others)
        remark(f"{1 + len(found.others)} dives were found, and the likeliest is analysed; the others: {others}")
    if any(found.clip.n_cut):
        remark(
            f"The dive is in frames {found.clip.in_frame} to {found.clip.out_frame}; --no-trim takes the whole file."
        )
    return found


def _profile(args: ScoreOptions) -> Profile | None:
    """Return the profile to score by.

    Raises: ConfigError where the named profile, or the profile in use, cannot be read.
    """
    if args.no_profile:
        return None
    return active_profile() if args.profile is None else read_profile(args.profile)


def _open_library(options: ScoringOptions) -> ExemplarStore:
    """Open the exemplars and print a notice about their problems."""
    store = options.open_library()
    if store.notice:
        remark(f"fineparser: {store.notice}")
    return store


def _output_files(args: ScoreOptions) -> list[tuple[Path, str]]:
    """Return the requested output files, each with the usual suffix of its kind."""
    named = [(path, path.suffix.lower()) for path in (args.strobe, args.report) if path is not None]
    json_file = None if args.json == _STDOUT else args.json
    of_a_kind = {".mp4": args.annotated, ".npz": args.masks, ".csv": args.csv, ".json": json_file}
    return named + [(path, suffix) for suffix, path in of_a_kind.items() if path is not None]


def _check_outputs(args: ScoreOptions, library: ExemplarStore) -> None:
    """Check that every output can be written, before the clip is analyzed.

    Raises:
        ConfigError: for two outputs in the same file, an output that would replace an input, or contradicting options.
        ExportError: for a place where no file can be created.
    """
    _check_options(args)
    exemplars = {exemplar.clip_path: "the clip of an exemplar" for exemplar in library.exemplars()}
    check_output_files(_output_files(args), exemplars | _inputs(args))


def _inputs(args: ScoreOptions) -> dict[Path, str]:
    """Return the files that are read, and what they are."""
    what = "the clip itself" if args.out is None else "one of the inputs"
    named = {args.library: "the library itself", args.profile: "the profile itself"}
    return dict.fromkeys(args.clips, what) | {path: what for path, what in named.items() if path is not None}


def _check_options(args: ScoreOptions) -> None:
    if args.brief and args.annotated is None:
        raise ConfigError("--brief cuts the annotated clip: add --annotated.")
    for path, suffixes in (
        (args.strobe, IMAGE_SUFFIXES),
        (args.report, REPORT_SUFFIXES),
        (args.annotated, _CLIP_SUFFIXES),
    ):
        if path is not None and path.suffix.lower() not in suffixes:
            raise ConfigError(f"{path} ends in none of {', '.join(filter(None, suffixes))}: choose such a name.")
    if args.skeleton and args.annotated is None:
        raise ConfigError("--skeleton is drawn on the annotated clip: add --annotated.")
    if args.name and args.report is None and args.annotated is None:
        raise ConfigError("--name is the athlete's in report and clip: add --report or --annotated.")
    if args.diver is not None and args.athlete is not None:
        raise ConfigError("--diver and --athlete are two ways to say who is the diver: give one of them.")


def _write_outputs(
    analysis: Analysis, args: ScoreOptions, library: ExemplarStore, progress: ProgressCallback, cancel: CancelToken
) -> tuple[str, ...]:
    """Write the requested files.

    Returns:
        Notes for the user, a sentence each.

    Raises:
        FineParserError: as the functions that write; ExemplarError, where the library lacks the dive to show.
    """
    notes: tuple[str, ...] = ()
    scoring = analysis.scoring
    voted = [library.get(vote.id) for vote in scoring.exemplars] if scoring is not None else []
    best = best_exemplar(voted, scoring.dive_number, scoring.board_m) if scoring is not None else None
    # The slowest output comes first: a cancel while it is drawn leaves no file at all.
    if args.annotated:
        words = dive_words(analysis, name=args.name)
        options = RenderOptions(mask=False, words=words, brief=args.brief, skeleton=args.skeleton)
        notes = write_annotated_clip(analysis, args.annotated, options, progress=progress, cancel=cancel)
    if args.strobe:
        write_strobe_picture(analysis, args.strobe, progress=progress, cancel=cancel)
    if args.report:
        dive = ReportedDive(
            path=args.clip,
            analysis=analysis,
            details=DiveDetails(athlete=args.name),
            bands=bands_of(analysis),
            comparison=_compared(best, library),
        )
        write_report([dive], args.report, progress=progress, cancel=cancel)
    if args.masks:
        write_masks_npz(analysis.parse, args.masks)
    if args.csv:
        write_csv([ExportedDive(path=args.clip, details=DiveDetails(board_m=args.board), analysis=analysis)], args.csv)
    if args.json and args.json != _STDOUT:
        write_analysis_json(analysis, args.json)
    return notes


def _compared(exemplar: Exemplar | None, library: ExemplarStore) -> ComparedDive | None:
    return exemplar.compared(library.mask(exemplar.id)) if exemplar is not None else None
