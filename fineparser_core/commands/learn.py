"""`fineparser learn`: from judged dives to a profile of the judges, and to whether it helps."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.options import Positional, WeightsOptions, Workers, parse
from fineparser_core.commands.output_paths import check_output_files
from fineparser_core.commands.printing import say, say_written
from fineparser_core.commands.score_many import score_many
from fineparser_core.commands.scorer import ScoringOptions
from fineparser_core.commands.terminal import cancel_on_signals
from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.judged_dives import LABELS_FILE, JudgedDive, files_of, read_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.store import own_folder
from fineparser_core.export.judged import asked_of, results_file, results_of
from fineparser_core.export.results import ClipResult
from fineparser_core.scoring.cross_validation import OVER, cross_validate, make_profile
from fineparser_core.scoring.learning import check_marks, judged_score, unlearnable
from fineparser_core.scoring.profile import CrossValidated, Profile, active_path, write_profile
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.tables import csv_table, text_table

#: Suffix of the predictions beside a profile.
_PREDICTIONS = ".predictions.csv"
_KNOWN = ("dive", "video", "dive_number", "board_m", "athlete", "event", "award")
_PREDICTED = ("calibrated", *(over.replace(" ", "_") for over in OVER))


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
    """Run `fineparser learn`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(LearnOptions, "learn", argv)
    path = args.dives / LABELS_FILE if args.dives.is_dir() else args.dives
    results, predictions = args.results or results_file(path), args.out.with_suffix(_PREDICTIONS)
    dives = read_dives(path)
    inputs = {path: "the set of dives", results: "the file of results"} | files_of(dives)
    check_output_files([(args.out, ".json"), (predictions, ".csv")], inputs)
    left_out = [_row_of(dive, reason) for dive in dives if (reason := _unmarked(dive))]
    judged = [dive for dive in dives if not _unmarked(dive)]
    check_marks(judged)
    scores, models, lacking = [], set[str](), []
    for dive, result in zip(judged, _results(judged, results, args), strict=True):
        analysis = result.analysis
        reason = result.error if analysis is None else unlearnable(analysis)
        if analysis is None or reason:
            lacking.append(_row_of(dive, reason))
        else:
            difficulty = find_difficulty(parse_dive_number(dive.dive_number or ""), dive.board_m, dive.difficulty)
            scores.append(judged_score(dive, analysis, difficulty, result.quantities))
            models.add(analysis.parse.model.id)
    if left_out := [*left_out, *lacking]:
        say(f"Left out:\n{text_table(('dive', 'video', 'because'), left_out, left=(0, 1, 2), indent='  ')}\n")
    if not scores:
        _, _, reason = lacking[0]
        raise ConfigError("Nothing was found in any of {0} dives; in the first: {1}.", len(judged), reason)
    if len(models) > 1:
        raise ConfigError(
            "The results are by different weights, {0}: score all dives anew, by one.", " and ".join(sorted(models))
        )
    checked, predicted = cross_validate(scores)
    profile = make_profile(scores, checked, name=args.name or path.stem, model=models.pop(), forced=args.force)
    say(report(profile, checked))
    rows = [_row(one.dive, awards) for one, awards in zip(scores, predicted.T.tolist(), strict=True)]
    write_whole(predictions, csv_table((*_KNOWN, *_PREDICTED), rows, decimals=3))
    say_written(predictions)
    if not (checked.helped or args.force):
        say("No profile is written; with --force it is, and says so.")
        return 0
    for place in (args.out, *((active_path(),) if args.use else ())):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_profile(profile, place)
        say_written(place)
    return 0


def report(profile: Profile, checked: CrossValidated) -> str:
    """Format what was learned, and what it is worth."""
    athletes = f" of {profile.athletes} athletes" if profile.athletes > 1 else ""
    blocks = [f"{profile.name}: {profile.dives} judged dives{athletes}", _worth(checked), checked.said]
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
    rows = [("calibrated", f"{checked.off:.2f}", f"{checked.rank_correlation:.2f}", "", "")]
    for one in checked.gains:
        interval = "" if one.low is None or one.high is None else f"{one.low:+.2f} to {one.high:+.2f}"
        better = f"{one.gain:+.2f}", interval
        rows.append((one.over, f"{one.off:.2f}", f"{one.rank_correlation:.2f}", *better))
    header = ("award by", "off by", "rank correlation", "calibrated is better by", "90 % interval")
    return (
        f"Each predicted by the others, {checked.times} times without one {checked.left_out} (the mean of the athlete "
        "knows all other dives of the athlete)\n"
        f"{text_table(header, rows, indent='  ')}"
    )


def _results(dives: Sequence[JudgedDive], results: Path, args: LearnOptions) -> list[ClipResult]:
    """Return a result for each dive, in their order; clips without a result are scored as shipped.

    Raises: what `score_many` raises.
    """
    if not all(results_of(dives, results)):
        options = ScoringOptions(weights=args.weights, device=args.device, precision=args.precision, own=own_folder())
        with cancel_on_signals() as cancel:
            score_many(list(map(asked_of, dives)), options, results, cancel, workers=args.workers, quiet=args.quiet)
    return [found for found in results_of(dives, results) if found is not None]


def _unmarked(dive: JudgedDive) -> str:
    """Return why the marks of a dive teach nothing; "" where they do."""
    if dive.dive_number is None and (dive.award is not None or dive.score is not None):
        return "a score without a dive number: add the number"
    return "" if dive.award is not None and dive.dive_number is not None else "no mark, or a score without a DD"


def _row_of(dive: JudgedDive, reason: str) -> tuple[str, str, str]:
    return str(dive.n), dive.name, reason.rstrip(".")


def _row(dive: JudgedDive, awards: Sequence[float]) -> dict[str, object]:
    known = (dive.n, dive.name, dive.dive_number, dive.board_m, dive.athlete, dive.event, dive.award)
    return dict(zip((*_KNOWN, *_PREDICTED), (*known, *awards), strict=True))
