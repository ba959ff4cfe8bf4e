"""`fineparser score`: one clip in, its phases, masks, score and contributions out."""

from pathlib import Path

from fineparser_core.commands.options import parse
from fineparser_core.commands.printing import remark, say, say_json, say_written
from fineparser_core.commands.score_options import ScoreOptions
from fineparser_core.commands.score_outputs import (
    STDOUT,
    check_outputs,
    output_files,
    write_outputs,
)
from fineparser_core.commands.score_report import report
from fineparser_core.commands.terminal import running
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExitCode
from fineparser_core.exemplars.selection import CandidateRule, check_rule
from fineparser_core.exemplars.store import ExemplarStore, own_folder
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.motion.recording import FoundClip, find_clip
from fineparser_core.progress import CancelToken, ProgressCallback


def main(argv: list[str]) -> int:
    """Runs `fineparser score`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(ScoreOptions, "score", argv)
    with running(quiet=args.quiet) as (progress, cancel):
        dive = None if args.dive_number is None else parse_dive_number(args.dive_number)
        difficulty = None
        if dive is None and (args.board, args.difficulty) != (None, None):
            raise ConfigError("--board and --difficulty say nothing without --dive-number: add it, e.g. 207C.")
        if dive is not None:
            difficulty = find_difficulty(dive, args.board, args.difficulty)
        library = _open_library(args.library)
        rule = CandidateRule(nearest=args.allow_nearest, synchro=args.synchro)
        if dive is not None:
            check_rule(rule, library.exemplars, dive)
        check_outputs(args, library)
        found = _found_dive(args, progress, cancel)

        # Imported late, as it loads torch: every check above runs without it.
        from fineparser_core.inference.analyzer import Analyzer

        cancel.raise_if_cancelled()
        analyzer = Analyzer.open(weights=args.weights, library=library, device=args.device, precision=args.precision)
        analysis = analyzer.analyze(
            found.clip,
            dive,
            difficulty,
            found.recording,
            force=args.force,
            n_exemplars=args.exemplars,
            seed=args.seed,
            rule=rule,
            progress=progress,
            cancel=cancel,
        )
        notes = write_outputs(analysis, args, library, progress, cancel)

    if args.json == STDOUT:
        say_json(analysis_to_dict(analysis))
    else:
        say(report(analysis))
        for path in output_files(args):
            say_written(path)
        for note in notes:
            say(f"Note: {note}")
    if analysis.parse.refusal is not None and not args.force:
        return ExitCode.NOT_A_DIVE
    return ExitCode.EXEMPLARS if analysis.unscored else ExitCode.DONE


def _found_dive(args: ScoreOptions, progress: ProgressCallback, cancel: CancelToken) -> FoundClip:
    """The dive of the file; of several the clearest, and the others are named."""
    found = find_clip(
        args.clip,
        args.athlete,
        start_frame=args.start_frame,
        end_frame=args.end_frame,
        trim=not args.no_trim,
        progress=progress,
        cancel=cancel,
    )
    if found.others:
        others = ", ".join(f"--start-frame {first} --end-frame {last}" for first, last in found.others)
        remark(f"{1 + len(found.others)} dives were found, and the clearest is analysed; the others: {others}")
    if any(found.clip.n_cut):
        remark(
            f"The dive is in frames {found.clip.in_frame} to {found.clip.out_frame}; --no-trim takes the whole file."
        )
    return found


def _open_library(path: Path | None) -> ExemplarStore:
    """That of the path; without one the bundled exemplars and, where there are some, the user's own."""
    store = ExemplarStore.open(path) if path is not None else ExemplarStore.open_all(own_folder())
    if store.notice:
        remark(f"fineparser: {store.notice}")
    return store
