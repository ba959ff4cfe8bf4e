"""`fineparser learn`: from judged dives to a profile of the judges, and to whether it helps."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.many_scorer import ManyOptions
from fineparser_core.commands.options import Positional, WeightsOptions, Workers, parse
from fineparser_core.commands.output_paths import check_output_files
from fineparser_core.commands.printing import say, say_written
from fineparser_core.commands.score_many import asked_of, score_many
from fineparser_core.commands.terminal import cancel_on_signals
from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.judged_dives import LABELS_FILE, JudgedDive, read_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.store import own_folder
from fineparser_core.export.results import AskedClip, ClipResult, read_results
from fineparser_core.scoring.cross_validation import OVER, Predicted, cross_validate, make_profile
from fineparser_core.scoring.learning import JudgedScore, check_marks, queries_of, why_not
from fineparser_core.scoring.profile import CrossValidated, Profile, active_path, write_profile
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.csv_table import csv_table
from fineparser_core.support.text_table import text_table

#: Instead of the suffix of the set of dives, of the profile.
_RESULTS, _PREDICTIONS = ".results.jsonl", ".predictions.csv"
_KNOWN = ("dive", "video", "dive_number", "board_m", "athlete", "event", "award")


@dataclass(frozen=True, kw_only=True)
class LearnOptions(WeightsOptions):
    """Learns how the judges of a club mark, and says whether that helps on dives that were left out.

    Attributes:
        dives: set of judged dives, as `fineparser data import` writes it, or a folder with a labels.json.
        out: write the profile, as .json; beside it what was predicted of each dive, as .predictions.csv.
        results: what `fineparser score --out` found in the videos, and where missing results are added; by default
            beside the set, as .results.jsonl.
        name: of the profile; by default that of the set.
        use: score by it from now on.
        force: write it even if it was not shown to help.
        workers: so many clips at once where some have no result yet.
        quiet: no progress on stderr.
    """

    dives: Positional[Path]
    out: Path
    results: Path | None = None
    name: str | None = None
    use: bool = False
    force: bool = False
    workers: Workers = 1
    quiet: bool = False


def main(argv: list[str]) -> int:
    """Runs `fineparser learn`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(LearnOptions, "learn", argv)
    path = args.dives / LABELS_FILE if args.dives.is_dir() else args.dives
    results, predictions = args.results or path.with_suffix(_RESULTS), args.out.with_suffix(_PREDICTIONS)
    check_output_files((args.out, predictions), {path: "the set of dives", results: "the file of results"})
    dives, left_out = _judged(read_dives(path))
    check_marks([(_whole_name(dive), award, _phases(dive)) for dive in dives if (award := dive.award) is not None])
    scored, model, unscored = _scored(dives, _results(dives, results, args))
    left_out += unscored
    if left_out:
        say(f"Left out:\n{text_table(('dive', 'video', 'because'), left_out, left=(0, 1, 2), indent='  ')}\n")
    scores = [score for _, score in scored]
    predicted = cross_validate(scores)
    profile = make_profile(scores, predicted, name=args.name or path.stem, model=model, forced=args.force)
    say(report(profile))
    rows = [_row(dive, i, predicted) for i, (dive, _) in enumerate(scored)]
    with atomic_file(predictions) as temporary:
        temporary.write_bytes(csv_table((*_KNOWN, "calibrated", *map(_column, OVER)), rows, decimals=3))
    say_written(predictions)
    if not (profile.checked.helped or args.force):
        say("No profile is written; with --force it is, and says so.")
        return 0
    for place in (args.out, *((active_path(),) if args.use else ())):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_profile(profile, place)
        say_written(place)
    return 0


def report(profile: Profile) -> str:
    """What was learned, and what it is worth."""
    checked, athletes = profile.checked, f"{profile.athletes} athlete{'s' if profile.athletes != 1 else ''}"
    blocks = [f"{profile.name}: {profile.dives} judged dives of {athletes}", _worth(checked), checked.said]
    if profile.athletes == 1:
        blocks.append("They are of one athlete, or name none: of others this says nothing.")
    phases = ", ".join(f"{step} {share:.0%}" for step, share in zip(STEP_NAMES, profile.emphasis, strict=True))
    numbers = ", ".join(f"{number} {off:+.2f}" for number, off in sorted(profile.numbers.items()))
    weights = [(name, f"{weight:.2f}") for name, weight in profile.weights.items()]
    blocks.append(
        f"Level {profile.offset:+.2f} awards, scale of exemplars {profile.scale:.2f}, network's share "
        f"{profile.network_share:.2f}; emphasis: {phases}\n"
        f"Beyond the level: {numbers}\n"
        f"{text_table(('measure', 'weight, 1 as shipped'), weights, indent='  ')}"
    )
    return "\n\n".join(blocks) + "\n"


def _worth(checked: CrossValidated) -> str:
    rows = [("calibrated", f"{checked.off:.2f}", "", "")]
    rows += [
        (gain.over, f"{gain.off:.2f}", f"{gain.gain:+.2f}", f"{gain.low:+.2f} to {gain.high:+.2f}")
        for gain in checked.gains
    ]
    header = ("award by", "off by", "calibrated is better by", "90 % interval")
    return (
        f"Each predicted by the others, {checked.times} times without one {checked.left_out} (the mean of the athlete "
        f"knows all other dives of the athlete); rank correlation {checked.rank_correlation:.2f}\n"
        f"{text_table(header, rows, indent='  ')}"
    )


def _results(dives: Sequence[JudgedDive], results: Path, args: LearnOptions) -> list[ClipResult]:
    """A result for each dive, in their order; clips without one are scored as shipped.

    Raises: what `score_many` raises.
    """
    asked = [asked_of(dive, AskedClip(path=dive.video)) for dive in dives]
    known = {_place(one.asked): one for one in read_results(results)} if results.is_file() else {}
    if any(_place(one) not in known for one in asked):
        options = ManyOptions(
            weights=args.weights, device=args.device, precision=args.precision, own=own_folder(), workers=args.workers
        )
        with cancel_on_signals() as cancel:
            score_many(asked, options, results, cancel, quiet=args.quiet)
        known = {_place(one.asked): one for one in read_results(results)}
    return [known[_place(one)] for one in asked]


def _place(asked: AskedClip) -> tuple[Path, int | None, int | None]:
    return asked.path.resolve(), asked.start_frame, asked.end_frame


def _judged(dives: Sequence[JudgedDive]) -> tuple[list[JudgedDive], list[tuple[str, str, str]]]:
    """Dives with a number and a mark; and rows of a table of the others: which, and why not."""
    judged, left_out = [], []
    for dive in dives:
        if dive.dive_number is None and (dive.award is not None or dive.score is not None):
            left_out.append((str(dive.n), dive.name, "a score without a dive number: add the number"))
        elif dive.award is None or dive.dive_number is None:
            left_out.append((str(dive.n), dive.name, "no mark, or a score without a DD"))
        else:
            judged.append(dive)
    return judged, left_out


def _scored(
    dives: Sequence[JudgedDive], results: Sequence[ClipResult]
) -> tuple[list[tuple[JudgedDive, JudgedScore]], str, list[tuple[str, str, str]]]:
    """Dives with what was found of them, by which weights, and rows of a table of those of which nothing was.

    Raises:
        ConfigError: none is left, or they are by several weights.
    """
    scored, left_out, models = [], [], set()
    for dive, result in zip(dives, results, strict=True):
        analysis, asked, number, award = result.analysis, result.asked, dive.dive_number, dive.award
        why = result.error if analysis is None else why_not(analysis)
        if analysis is None or number is None or award is None or why:
            left_out.append((str(dive.n), dive.name, why.rstrip(".")))
            continue
        score = JudgedScore(
            name=_whole_name(dive),
            athlete=dive.athlete,
            event=dive.event,
            day=dive.date,
            dive_number=number,
            difficulty=find_difficulty(parse_dive_number(number), asked.board_m, asked.difficulty),
            award=award,
            phases=_phases(dive),
            votes=analysis.scoring.exemplars if analysis.scoring is not None else (),
            queries=queries_of(analysis, result.quantities),
        )
        scored.append((dive, score))
        models.add(analysis.parse.model.id)
    if len(models) > 1:
        raise ConfigError(
            "The results are by different weights, {0}: score all dives anew, by one.", " and ".join(sorted(models))
        )
    if not scored:
        raise ConfigError("Nothing was found in any of {0} dives; in the first: {1}", len(dives), left_out[0][2])
    return scored, models.pop(), left_out


def _whole_name(dive: JudgedDive) -> str:
    return str(dive.video.parent / dive.name)


def _phases(dive: JudgedDive) -> tuple[float, float, float] | None:
    marks = dive.marks
    if marks.take_off is None or marks.flight is None or marks.entry is None:
        return None
    return marks.take_off, marks.flight, marks.entry


def _row(dive: JudgedDive, i: int, predicted: Predicted) -> dict[str, object]:
    by = dict(zip(map(_column, OVER), predicted.others[:, i].tolist(), strict=True))
    known = (dive.n, dive.name, dive.dive_number, dive.board_m, dive.athlete, dive.event, dive.award)
    return dict(zip(_KNOWN, known, strict=True)) | {"calibrated": float(predicted.calibrated[i])} | by


def _column(over: str) -> str:
    return over.replace(" ", "_")
