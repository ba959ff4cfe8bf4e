"""One dive, many ways: does a labelled real clip give the same person, moments and award however it comes in?

    python packaging/benchmarks/steadiness.py CLIPS OUT [--only cut crf28 …] [--clips NAME …]
    python packaging/benchmarks/steadiness.py --table OUT/results.jsonl

CLIPS is a folder as `fineparser evaluate --real` takes it. Of each labelled dive in it variants are made below OUT
(`clip_variants.py`), and each is analysed by `fineparser_core.score_clip`; command and window give the same
(`tests/integration/test_score_whole.py`). Each result is a line of OUT/results.jsonl: what is there already, of the
same code, is not computed again. At last the tables are printed: who is followed, moments and awards over the variants.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import clip_variants
import numpy as np
from clip_variants import VARIANTS, Plan, plan, write

import fineparser_core
from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.evaluation.real_clips import measure_clip
from fineparser_core.records import Analysis
from fineparser_core.video.probe import probe

RESULTS = "results.jsonl"
#: What a clip is called whose labels name no board.
_PLATFORM, _PLATFORM_M = "platform", 10.0
#: One dive in seven dresses: the variants that the documents compare awards over.
BASIC = ("whole", "cut", "earlier", "later", "crf28", "mirrored", "smaller")
#: Real seconds count as frames of this rate.
_COUNTED_FPS = 30.0
#: Most frames between a moment and its label, or its median over variants.
MOST_FRAMES = {"take_off": 3, "come_out": 3, "contact": 2}
#: Of a person who is the same: mean distance of the crop's centre from its median over variants, in sides of the crop.
_SAME_SIDES = 0.5
_TIMES_IN_FLIGHT = 9


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was found in a variant of a clip. Times are seconds of the untouched file.

    Attributes:
        code: digest of the code that found it.
        error: sentence of the exception, where there is no analysis; what follows it is empty then.
        refusal: why the dive is not scored.
        real_s: seconds of real time in one of the file: less than 1 in a slowed replay.
        flight_s: labelled take-off and contact.
        moments_s: "take_off", "come_out" and "contact"; None where it does not show.
        errors: the same less their labels, in frames of 1/30 s of real time.
        clip_s: first and last frame of the clip that was analysed.
        award: against exemplars.
        followed: of the crops (seconds, x and y of the centre, side), in pixels of the untouched picture.
    """

    clip: str
    variant: str
    code: str
    seconds: float
    model: str = ""
    error: str | None = None
    refusal: str | None = None
    real_s: float = 1.0
    flight_s: tuple[float, float] | None = None
    moments_s: dict[str, float | None]
    errors: dict[str, float | None]
    clip_s: tuple[float, float] | None = None
    award: float | None = None
    followed: list[list[float]]


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


def read_results(path: Path) -> dict[tuple[str, str], Result]:
    """Return the latest result of each clip and variant; a last line that was cut off is left out."""
    found: dict[tuple[str, str], Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            one = Result(**json.loads(line))
        except ValueError:
            continue
        found[one.clip, one.variant] = one
    return found


def code_digest() -> str:
    """Return the digest of the code that finds, and of the code that makes variants."""
    digest = hashlib.sha256(Path(clip_variants.__file__).read_bytes())
    for file in sorted(Path(fineparser_core.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def run(args: argparse.Namespace) -> None:
    """Analyze what is not there yet, a line of the results each."""
    from fineparser_core import Analyzer, score_clip

    args.out.mkdir(parents=True, exist_ok=True)
    path, code, analyzer = args.out / RESULTS, code_digest(), Analyzer.open()
    done = read_results(path)
    dives = [one for one in read_dives(args.clips_folder) if one.first_flight_frame is not None]
    if args.clips:
        dives = [one for one in dives if one.video.name in args.clips or one.video.stem in args.clips]
    with path.open("a", encoding="utf-8") as file:
        for labels in dives:
            info = probe(labels.video)
            for variant in args.only:
                made, known = plan(variant, labels, info, args.out / variant), done.get((labels.video.name, variant))
                if made is None or (known is not None and known.code == code):
                    continue
                write(made, labels.video)
                began_s = time.perf_counter()
                found: dict[str, Any] = {"moments_s": {}, "errors": {}, "followed": []}
                try:
                    number, board_m = scored_as(labels)
                    analysis = score_clip(made.path, number, board_m=board_m, analyzer=analyzer)
                    found = measured(made, labels, analysis)
                except FineParserError as error:
                    found["error"] = str(error)
                seconds = time.perf_counter() - began_s
                one = Result(clip=labels.video.name, variant=variant, code=code, seconds=seconds, **found)
                file.write(json.dumps(asdict(one)) + "\n")
                file.flush()
                print(f"{one.clip}, {one.variant}: {one.seconds:.1f} s", file=sys.stderr, flush=True)


def tables(results: Sequence[Result]) -> str:
    """Both tables, in Markdown."""
    return f"{moments_table(results)}\n\n{awards_table(results)}"


def same_person(results: Sequence[Result]) -> list[bool]:
    """Of each result of one clip, whether it follows whom most of them follow, in the labelled flight.

    The centre of the crop lies within half a side of its median over the results, in the mean over the flight, and the
    time from take-off to come-out overlaps with the labelled one.
    """
    known = [one for one in results if one.followed and one.flight_s is not None]
    if not known:
        return [False] * len(results)
    flight_s = known[0].flight_s
    assert flight_s is not None
    centers = {id(one): _centres(one, flight_s) for one in known}
    median = np.median([center[:, :2] for center in centers.values()], axis=0)

    def same(one: Result) -> bool:
        take_off, come_out = one.moments_s.get("take_off"), one.moments_s.get("come_out")
        if id(one) not in centers or take_off is None or come_out is None:
            return False
        center = centers[id(one)]
        away = np.linalg.norm(center[:, :2] - median, axis=1) / center[:, 2]
        return bool(away.mean() < _SAME_SIDES and take_off < flight_s[1] and come_out > flight_s[0])

    return [same(one) for one in results]


def from_median(results: Sequence[Result], moment: str) -> list[float | None]:
    """Of each result of one clip, how far a moment lies from its median over them, in frames of 1/30 s of real time."""
    found = [one.moments_s.get(moment) for one in results]
    known = [time for time in found if time is not None]
    median = float(np.median(known)) if known else 0.0
    return [
        None if time is None else (time - median) * one.real_s * _COUNTED_FPS
        for time, one in zip(found, results, strict=True)
    ]


def moments_table(results: Sequence[Result]) -> str:
    """Return a row for each variant: who is followed, and how near the moments are to labels and median."""
    same, off = {}, {}
    for clip in _by(results, lambda one: one.clip).values():
        same |= {id(one): is_same for one, is_same in zip(clip, same_person(clip), strict=True)}
        for moment in MOST_FRAMES:
            off |= {(id(one), moment): away for one, away in zip(clip, from_median(clip, moment), strict=True)}

    def row(name: str, these: Sequence[Result]) -> list[str]:
        cells = [name, str(len(these)), _share(same[id(one)] for one in these)]
        for moment, most in MOST_FRAMES.items():
            cells.append(_share(_within(one.errors.get(moment), most) for one in these))
            cells.append(_share(_within(off[id(one), moment], most) for one in these))
        return [*cells, str(sum(bool(one.refusal or one.error) for one in these))]

    header = ["variant", "clips", "same person"]
    for moment, most in MOST_FRAMES.items():
        words = moment.replace("_", "-")
        header += [f"{words} within {most} of label", "of median"]
    rows = [row(name, these) for name, these in _by(results, lambda one: one.variant).items()]
    table = _markdown([*header, "refused"], [*rows, row("all", results)])
    medians = ", ".join(
        f"{moment.replace('_', '-')} {_text(_median(one.errors.get(moment) for one in results), '+.1f')}"
        for moment in MOST_FRAMES
    )
    return f"{table}\n\nMedian error against the labels, frames: {medians}."


def awards_table(results: Sequence[Result]) -> str:
    """Return a row for each clip: range and deviation of its award over all variants and over the seven basic ones."""
    rows, spreads = [], []
    for clip, these in _by(results, lambda one: one.clip).items():
        everything = [one.award for one in these if one.award is not None]
        basic = [one.award for one in these if one.award is not None and one.variant in BASIC]
        spread = (*_spread(everything), *_spread(basic))
        spreads.append(spread)
        counts = (str(len(everything)), _text(_median(everything), ".2f"))
        rows.append([clip, *counts, *(_text(value, ".2f") for value in spread)])
    for name, of in (("median", np.median), ("worst", np.max)):
        known = [[value for value in column if value is not None] for column in zip(*spreads, strict=True)]
        rows.append([name, "", "", *(_text(float(of(values)) if values else None, ".2f") for values in known)])
    header = ("clip", "awards", "median", "range", "deviation", "range, basic seven", "deviation")
    return _markdown(header, rows)


def _centres(one: Result, flight_s: tuple[float, float]) -> np.ndarray:
    """(n, 3) x, y and side of the crop at times of the flight."""
    times_s, *values = np.array(one.followed).T
    at_s = np.linspace(*flight_s, _TIMES_IN_FLIGHT)
    return np.column_stack([np.interp(at_s, times_s, value) for value in values])


def _by(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for one in results:
        groups.setdefault(key(one), []).append(one)
    return groups


def _within(frames: float | None, most: int) -> bool:
    return frames is not None and round(abs(frames)) <= most


def _spread(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Range and standard deviation."""
    if len(values) < 2:
        return None, None
    return max(values) - min(values), float(np.std(values, ddof=1))


def _median(values: Iterable[Any]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _share(values: Iterable[bool]) -> str:
    known = list(values)
    return f"{sum(known)} of {len(known)}"


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))


def main(argv: list[str] | None = None) -> int:
    """Run the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips_folder", type=Path, metavar="CLIPS", nargs="?")
    parser.add_argument("out", type=Path, metavar="OUT", nargs="?")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=VARIANTS, metavar="VARIANT", help="variants")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="these clips alone")
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
