"""One dive, many ways: does a labelled real clip give the same person, moments, award and measures however it comes in?

    python packaging/benchmarks/steadiness.py CLIPS OUT [--only cut crf28 …] [--clips NAME …] [--route python window …]
    python packaging/benchmarks/steadiness.py --table OUT/results.jsonl

CLIPS is a folder as `fineparser evaluate --real` takes it. Of each labelled dive in it variants are made below OUT
(`clip_variants.py`), and each is analysed by `fineparser_core.score_clip`, by `fineparser score` or by the window's
worker process. Each result is a line of OUT/results.jsonl: what is there already, of the same code, is not computed
again. At last the tables of `steadiness_table.py` are printed.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import clip_variants
from clip_variants import VARIANTS, Plan, plan, write
from steadiness_table import PYTHON, Result, tables

import fineparser_core
from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.evaluation.real_clips import measure_clip
from fineparser_core.export.analysis_json import MaskArrays, analysis_from_dict, measures_of, read_masks_npz
from fineparser_core.records import Analysis
from fineparser_core.support.array_file import read_arrays
from fineparser_core.support.processes import own_process
from fineparser_core.video.probe import probe

RESULTS = "results.jsonl"
#: Analyses a file as a dive of a number (None: unknown) from a board.
Route = Callable[[Path, str | None, float | None], Analysis]
#: What a clip is called whose labels name no board.
_PLATFORM, _PLATFORM_M = "platform", 10.0
#: The window searches files of more than this many seconds for dives before it analyses one.
_SEARCHED_S = 15.0


@contextmanager
def _python() -> Iterator[Route]:
    from fineparser_core import Analyzer, score_clip

    analyzer = Analyzer.open()
    yield lambda path, number, board_m: score_clip(path, number, board_m=board_m, analyzer=analyzer)


@contextmanager
def _command() -> Iterator[Route]:
    with tempfile.TemporaryDirectory(prefix="fineparser-") as folder:
        yield partial(_by_command, Path(folder))


def _by_command(folder: Path, path: Path, number: str | None, board_m: float | None) -> Analysis:
    """Analyze by the command. Raises: FineParserError with its sentence, where it writes no analysis."""
    content, masks = folder / "analysis.json", folder / "masks.npz"
    for file in (content, masks):
        file.unlink(missing_ok=True)
    asked = [] if number is None else ["--dive-number", number]
    asked += [] if number is None or board_m is None else ["--board", f"{board_m:g}"]
    command = ["score", str(path), *asked, "--json", str(content), "--masks", str(masks), "--quiet"]
    done = subprocess.run(own_process("fineparser_core.commands.cli", *command), capture_output=True, encoding="utf-8")
    if not content.is_file():
        raise FineParserError(done.stderr.strip() or f"The command ended with exit code {done.returncode}.")
    return analysis_from_dict(json.loads(content.read_text(encoding="utf-8")), read_masks_npz(masks))


@contextmanager
def _window() -> Iterator[Route]:
    with tempfile.TemporaryDirectory(prefix="fineparser-") as folder:
        command = own_process("fineparser_gui.worker.child", folder)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as it:
            yield partial(_by_worker, it)
            assert it.stdin is not None
            it.stdin.close()


def _by_worker(worker: "subprocess.Popen[bytes]", path: Path, number: str | None, board_m: float | None) -> Analysis:
    """Return what the window asks for a file that is dropped on it: a search of a long one, a parse, and a score."""
    from fineparser_gui.worker.protocol import ParseRequest, ScoreRequest, TrimRequest

    name, frames = f"{path}, {time.monotonic_ns()}", (None, None)
    if probe(path).duration_s > _SEARCHED_S:
        found = _ask(worker, TrimRequest(path=str(path), id=f"{name}, search")).segments
        if not found:
            raise FineParserError("No dive was found.")
        frames = found[0].in_frame, found[0].out_frame
    answer = _ask(worker, ParseRequest(path=str(path), in_frame=frames[0], out_frame=frames[1], id=name))
    if number is not None and answer.analysis["refusal"] is None:
        score = ScoreRequest(parse_id=name, dive_number=number, board_m=board_m, difficulty=None, id=f"{name}, score")
        answer = _ask(worker, score)
    masks = MaskArrays(**read_arrays(Path(answer.record_path), MaskArrays._fields))
    return analysis_from_dict(answer.analysis, masks)


def _ask(worker: "subprocess.Popen[bytes]", request: Any) -> Any:
    """Return the worker's answer.

    Raises:
        FineParserError: it failed, and why.
    """
    from fineparser_core.support.processes import decode, encode
    from fineparser_gui.worker.protocol import AnyMessage, Ending, Failure

    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(encode(request))
    worker.stdin.flush()
    for line in worker.stdout:
        message = decode(line, AnyMessage)
        if isinstance(message, Ending) and message.id == request.id:
            if isinstance(message, Failure):
                raise FineParserError(message.message)
            return message
    raise SystemExit(f"The worker ended with exit code {worker.wait()}.")


ROUTES = {PYTHON: _python, "command": _command, "window": _window}


def measured(made: Plan, labels: JudgedDive, analysis: Analysis) -> dict[str, Any]:
    """Return what was found in a variant, as the fields of a `Result`.

    Args:
        labels: of the untouched file.
    """
    parse, own, info = analysis.parse, made.labels(labels), probe(made.path)
    against = measure_clip(parse, own)
    later_s, contact = made.later_s, parse.first_water_contact_frame

    def time_s(frame: int) -> float:
        return float(info.pts_s[frame]) + later_s

    flight = (labels.first_flight_frame, labels.first_water_contact_frame)
    return {
        "model": parse.model.id,
        "refusal": parse.refusal,
        "real_s": made.info.fps / (labels.real_fps or made.info.fps),
        "flight_s": None if None in flight else tuple(float(made.info.pts_s[frame]) for frame in flight),
        "moments_s": {
            "take_off": time_s(parse.transitions.first_flight_frame),
            "come_out": time_s(parse.transitions.first_entry_frame),
            "contact": None if contact is None else time_s(contact),
        },
        "errors": {"take_off": against.flight_error, "come_out": against.entry_error, "contact": against.contact_error},
        "clip_s": (time_s(parse.clip.in_frame), time_s(parse.clip.out_frame)),
        "award": None if analysis.scoring is None else analysis.scoring.award,
        "own_award": None if analysis.own_award is None else analysis.own_award.award,
        "measures": {one.name: (one.value, one.uncertainty, one.unit) for one in measures_of(analysis)},
        "followed": made.followed(parse.sampled_frames, parse.sampled_times_s, parse.crop_xyxy).round(4).tolist(),
    }


def scored_as(labels: JudgedDive) -> tuple[str | None, float | None]:
    """Dive number and board of a clip; no number where there is no such dive."""
    board_m = labels.board_m
    if board_m is None and labels.video.name.startswith(_PLATFORM):
        board_m = _PLATFORM_M
    if labels.dive_number is None:
        return None, board_m
    try:
        find_difficulty(parse_dive_number(labels.dive_number), board_m, None)
    except ConfigError:
        return None, board_m
    return labels.dive_number, board_m


def read_results(path: Path) -> dict[tuple[str, str, str], Result]:
    """Return the latest result of each clip, variant and route; a last line that was cut off is left out."""
    found: dict[tuple[str, str, str], Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            one = Result(**json.loads(line))
        except ValueError:
            continue
        found[one.clip, one.variant, one.route] = one
    return found


def code_digest() -> str:
    """Of the code that finds, and of the code that makes variants."""
    core = Path(fineparser_core.__file__).parent
    files = [*sorted(core.rglob("*.py")), *sorted((core.parent / "fineparser_gui" / "worker").glob("*.py"))]
    digest = hashlib.sha256(Path(clip_variants.__file__).read_bytes())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def run(args: argparse.Namespace) -> None:
    """Analyses what is not there yet, a line of the results each."""
    args.out.mkdir(parents=True, exist_ok=True)
    path, code = args.out / RESULTS, code_digest()
    done = {} if args.anew else read_results(path)
    dives = [one for one in read_dives(args.clips_folder) if one.first_flight_frame is not None]
    if args.clips:
        dives = [one for one in dives if one.video.name in args.clips or one.video.stem in args.clips]
    with ExitStack() as stack, path.open("a", encoding="utf-8") as file:
        routes: dict[str, Route] = {}
        for labels in dives:
            info = probe(labels.video)
            for variant in args.only:
                made = plan(variant, labels, info, args.out / variant)
                asked = [name for name in args.route if _code(done, labels, variant, name) != code]
                if made is None or not asked:
                    continue
                write(made, labels.video)
                for name in asked:
                    if name not in routes:
                        routes[name] = stack.enter_context(ROUTES[name]())
                    one = _result(routes[name], made, labels, {"variant": variant, "route": name, "code": code})
                    file.write(json.dumps(asdict(one)) + "\n")
                    file.flush()
                    print(f"{one.clip}, {one.way}: {one.seconds:.1f} s", file=sys.stderr, flush=True)


def _code(done: dict[tuple[str, str, str], Result], labels: JudgedDive, variant: str, route: str) -> str | None:
    one = done.get((labels.video.name, variant, route))
    return None if one is None else one.code


def _result(route: Route, made: Plan, labels: JudgedDive, facts: dict[str, str]) -> Result:
    began_s = time.perf_counter()
    found: dict[str, Any] = {"moments_s": {}, "errors": {}, "measures": {}, "followed": []}
    try:
        found = measured(made, labels, route(made.path, *scored_as(labels)))
    except FineParserError as error:
        found["error"] = str(error)
    return Result(clip=labels.video.name, seconds=time.perf_counter() - began_s, **facts, **found)


def main(argv: list[str] | None = None) -> int:
    """Run the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips_folder", type=Path, metavar="CLIPS", nargs="?")
    parser.add_argument("out", type=Path, metavar="OUT", nargs="?")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=VARIANTS, metavar="VARIANT", help="variants")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="these clips alone")
    parser.add_argument("--route", nargs="+", choices=ROUTES, default=[PYTHON])
    parser.add_argument("--anew", action="store_true", help="analyse also what the results hold")
    parser.add_argument("--table", type=Path, metavar="RESULTS", help="only print the tables of results")
    args = parser.parse_args(argv)
    if args.table is None and args.out is None:
        parser.error("give CLIPS and OUT, or --table")
    if args.table is None:
        run(args)
    found = read_results(args.table or args.out / RESULTS).values()
    results = sorted(found, key=lambda one: VARIANTS.index(one.variant))
    codes = {one.code for one in results}
    if len(codes) > 1:
        print(f"These results are of {len(codes)} versions of the code.\n")
    print(tables(results) if results else "There are no results.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
