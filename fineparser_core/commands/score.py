"""`fineparser score`: one clip in, its steps, masks, score and contributions out."""

import argparse
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fineparser_core.commands.cli import cancel_on_signals, positive_int, progress_to_stderr
from fineparser_core.commands.score_outputs import (
    STDOUT,
    add_output_options,
    check_outputs,
    output_files,
    write_outputs,
)
from fineparser_core.commands.score_report import report
from fineparser_core.commands.trim import no_dive
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.exemplar_selection import CandidateRule, find_candidates
from fineparser_core.inference.exemplars.store import ExemplarStore, own_folder
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.types import Clip
from fineparser_core.video.probe import probe

if TYPE_CHECKING:
    from fineparser_core.inference.analyzer import Analyzer

#: The exit code of a clip that is not a whole dive: its steps and masks are written, a score is not.
NOT_A_DIVE = 8


def main(argv: list[str]) -> int:
    """Runs `fineparser score`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = _parser().parse_args(argv)
    with cancel_on_signals() as cancel:
        progress = progress_to_stderr(quiet=args.quiet)
        dive = None if args.dive_number is None else parse_dive_number(args.dive_number)
        difficulty = None
        if dive is None and (args.board, args.difficulty) != (None, None):
            raise ConfigError("--board and --difficulty say nothing without --dive-number: add it, e.g. 207C.")
        if dive is not None:
            difficulty = find_difficulty(dive, args.board, args.difficulty)
        library = _open_library(args.library)
        rule = CandidateRule(nearest=args.nearest, synchro=args.synchro)
        if dive is not None and (args.synchro or not args.nearest):
            find_candidates(library.exemplars(), dive, synchro=args.synchro)
        check_outputs(args, library)
        if args.trim and (args.first, args.last) != (None, None):
            raise ConfigError("--trim looks for the dive itself: leave --in and --out away, or --trim.")
        probe(args.clip)
        clip = None if args.trim else make_clip(args.clip, args.first, args.last)

        # Here, as it brings torch: what can be refused without it is refused at once.
        from fineparser_core.inference.analyzer import Analyzer

        cancel.raise_if_cancelled()
        analyzer = Analyzer.open(weights=args.weights, library=library, device=args.device, precision=args.precision)
        analyzer.scores_anyway = args.anyway
        if clip is None:
            clip = _found_dive(analyzer, args.clip, progress, cancel)
        analysis = analyzer.analyze(
            clip,
            dive,
            difficulty,
            n_exemplars=args.exemplars,
            seed=args.seed,
            rule=rule,
            progress=progress,
            cancel=cancel,
        )
        notes = write_outputs(analysis, args, library, progress, cancel)

    if args.json == STDOUT:
        print(json.dumps(analysis_to_dict(analysis), indent=1))
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name may hold what the terminal cannot show
            sys.stdout.reconfigure(errors="backslashreplace")
        print(report(analysis))
        for path in output_files(args):
            print(f"Written: {path}")
        for note in notes:
            print(f"Note: {note}")
    return NOT_A_DIVE if analysis.parse.refusal is not None and not args.anyway else 0


def _found_dive(analyzer: "Analyzer", path: Path, progress: ProgressCallback, cancel: CancelToken) -> Clip:
    """The dive in a long recording; of several the one that the network is surest of, and the others are named.

    Raises:
        VideoError: there is none.
    """
    from fineparser_core.inference.trim import find_dives

    segments = find_dives(analyzer, path, progress=progress, cancel=cancel)
    if not segments:
        raise no_dive(path)
    best = max(segments, key=lambda segment: segment.confidence)
    others = ", ".join(f"--in {s.in_frame} --out {s.out_frame}" for s in segments if s is not best)
    if others:
        print(f"{len(segments)} dives were found, and the clearest is analysed; the others: {others}", file=sys.stderr)
    return make_clip(path, best.in_frame, best.out_frame)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fineparser score",
        description="Analyses a dive. Frames are 0-based, inclusive, and those of the source file.",
        epilog="exit codes: 0 done, 2 usage, 3 bad video, 4 no exemplars, 5 weights, 7 output that cannot be "
        "written, 8 not a whole dive, 130 cancelled",
    )
    parser.add_argument("clip", type=Path, help="video file")
    parser.add_argument("--dive-number", metavar="NUMBER", help="e.g. 207C; needed for a score, not for the steps")
    parser.add_argument("--board", type=float, metavar="M", help="1, 3, 5, 7.5 or 10; without it the commonest DD")
    parser.add_argument(
        "--difficulty", type=float, metavar="DD", help="give the DD yourself, e.g. where no table has it"
    )
    parser.add_argument("--in", dest="first", type=int, metavar="F", help="first frame of the dive (default: 0)")
    parser.add_argument("--out", dest="last", type=int, metavar="F", help="last frame of the dive (default: the last)")
    parser.add_argument("--trim", action="store_true", help="find the dive in a longer recording first")
    parser.add_argument("--anyway", action="store_true", help="score it even if it does not look like a whole dive")
    parser.add_argument("--exemplars", type=positive_int, default=10, metavar="E", help="dives to compare with (10)")
    parser.add_argument(
        "--nearest", action="store_true", help="without exemplars of the number, compare with the nearest dive numbers"
    )
    parser.add_argument("--synchro", action="store_true", help="two divers: compare with exemplars of two divers alone")
    parser.add_argument("--seed", type=int, default=0, help="which exemplars are drawn where there are more (0)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="weights other than the bundled ones")
    parser.add_argument(
        "--library",
        type=Path,
        metavar="FILE",
        help="this exemplar library alone (default: the bundled one and your own)",
    )
    add_output_options(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    return parser


def _open_library(path: Path | None) -> ExemplarStore:
    """That of the path; without one the bundled exemplars and, where there are some, the user's own."""
    store = ExemplarStore.open(path) if path is not None else ExemplarStore.open_all(own_folder())
    if store.notice:
        print(f"fineparser: {store.notice}", file=sys.stderr)
    return store
